using System.Text;
using DistillForge.Models;

namespace DistillForge.Tests.Models;

public class SafetensorsTests
{
    [Fact]
    public void Tensors_and_metadata_come_back_as_they_were_written()
    {
        using var scratch = new Scratch();
        SafetensorsWriter.Write(
            scratch["a.safetensors"],
            [
                SafetensorsSource.Of("b", [2, 2], new float[] { 1, 2, 3, 4 }),
                SafetensorsSource.Of("a", SafetensorsType.I64, [], BitConverter.GetBytes(42L)),
                SafetensorsSource.Of("größer", SafetensorsType.BF16, [3], new byte[] { 0x80, 0x3F, 0, 0x40, 0, 0 }),
            ],
            new Dictionary<string, string> { ["step"] = "17" });

        using var file = SafetensorsFile.Open(scratch["a.safetensors"]);

        Assert.Equal(["b", "a", "größer"], file.Tensors.Select(t => t.Name));
        Assert.Equal<float[]>([1, 2, 3, 4], file.Floats(file.Tensor("b")));
        Assert.Equal(42, BitConverter.ToInt64(file.Data(file.Tensor("a"))));
        Assert.Equal<float[]>([1, 2, 0], file.Floats(file.Tensor("größer")));
        Assert.Equal(("17", 2), (file.Metadata["step"], file.Tensor("b").Shape.Count));
        Assert.Equal(0, BitConverter.ToInt64(File.ReadAllBytes(scratch["a.safetensors"])) % 8);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "tensor 'a', data_offsets", "span 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", "tensor 'a', data_offsets", "span 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "tensor 'a', shape", "-2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}""", "tensor 'a', data_offsets", "8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "tensor 'a', data_offsets", "ascending")]
    [InlineData("""{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""", "tensor 'a', dtype", "F33")]
    [InlineData("""{"a":{"dtype":"11","shape":[2],"data_offsets":[0,8]}}""", "tensor 'a', dtype", "11")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "tensor 'b', data_offsets", "begin at 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "tensor 'a', data_offsets", "begin at 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "header", "describes 4 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "tensor 'a'", "twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", "tensor 'a'", "needs")]
    [InlineData("""{"__metadata__":{"a":1}}""", "__metadata__", "no text")]
    [InlineData("""[[[[[[[[[[[[]]]]]]]]]]]]""", "header", "no JSON")]
    [InlineData("""{"\ud800":1}""", "header", "")]
    [InlineData("""{} x""", "header", "")]
    [InlineData("", "header", "")]
    public void A_hostile_header_is_refused_by_field(string header, string field, string what)
    {
        using var scratch = new Scratch();
        var json = Encoding.UTF8.GetBytes(header);
        var path = scratch.Put("a.safetensors", [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. new byte[8]]);

        var error = Assert.Throws<ModelFileException>(() => SafetensorsFile.Open(path));

        Assert.Equal((field, path), (error.Field, error.Path));
        Assert.Contains(what, error.Problems[0].What);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 123 })]
    [InlineData(new byte[] { 9, 0, 0, 0, 0, 0, 0, 0, 123, 125 })]
    public void A_header_length_that_the_file_does_not_have_is_refused(byte[] bytes)
    {
        using var scratch = new Scratch();
        Assert.Equal("header length", Assert.Throws<ModelFileException>(() => SafetensorsFile.Open(scratch.Put("a.safetensors", bytes))).Field);
    }

    [SharedFact("models/tinystories-656k/model.safetensors")]
    public void A_real_file_is_read()
    {
        using var file = SafetensorsFile.Open(SharedFiles.PathOf("models/tinystories-656k/model.safetensors"));

        Assert.Equal((20, "lm_head.weight"), (file.Tensors.Count, file.Metadata["model.embed_tokens.weight"]));
        Assert.Equal(656_000, file.Tensors.Sum(t => t.ByteCount) / 4);
    }

    [SharedFact("models/tinystories-656k/model.safetensors")]
    public void A_real_file_cut_off_anywhere_is_refused()
    {
        using var scratch = new Scratch();
        var bytes = File.ReadAllBytes(SharedFiles.PathOf("models/tinystories-656k/model.safetensors"));
        foreach (var length in Enumerable.Range(1, 120).Select(i => i * 19).Append(bytes.Length - 1))
        {
            Assert.Throws<ModelFileException>(() => SafetensorsFile.Open(scratch.Put("cut.safetensors", bytes[..length])));
        }
    }
}
