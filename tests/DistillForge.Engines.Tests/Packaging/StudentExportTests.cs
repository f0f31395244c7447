using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Text;

namespace DistillForge.Engines.Tests.Packaging;

public class StudentExportTests
{
    static readonly Origin Origin = new("tiny", "apache-2.0", "home-teacher", "ab12");

    [Fact]
    public void The_file_says_what_it_is_and_where_it_came_from()
    {
        using var scratch = new Scratch();
        new StudentExport(TinyStudent.Write(scratch)).Write(scratch["a.gguf"], GgmlType.F16, Origin);

        using var file = GgufFile.Open(scratch["a.gguf"]);

        Golden.Check("Packaging/gguf-metadata.txt", string.Concat(file.Metadata.Select(pair => $"{pair.Key} {pair.Value.Type} {pair.Value}\n")) + string.Concat(file.Tensors.Select(t => $"{t.Name} {t.Type} [{string.Join(", ", t.Shape)}]\n")));
        Assert.Equal(TinyStudent.Shape, GgufShape.Read(file));
        Assert.Equal(TinyStudent.Vocabulary.Fingerprint, Vocabulary.FromGguf(file).Fingerprint);
    }

    [Fact]
    public void Untied_embeddings_have_an_output_matrix()
    {
        using var scratch = new Scratch();
        new StudentExport(TinyStudent.Write(scratch, TinyStudent.Shape with { TiedEmbeddings = false })).Write(scratch["a.gguf"], GgmlType.F32, Origin);

        using var file = GgufFile.Open(scratch["a.gguf"]);

        Assert.Equal([64, TinyStudent.Vocabulary.Size], file.Tensor("output.weight").Shape);
    }

    [Fact]
    public void Weights_that_are_not_finite_are_refused_by_name()
    {
        using var scratch = new Scratch();
        var folder = TinyStudent.Write(scratch, change: (tensor, numbers) => tensor.Gguf == "blk.1.ffn_up.weight" ? [float.NaN, .. numbers[1..]] : numbers);

        var error = Assert.Throws<ModelFileException>(() => new StudentExport(folder).Write(scratch["a.gguf"], GgmlType.F32, Origin));

        Assert.Equal("tensor 'model.layers.1.mlp.up_proj.weight'", error.Field);
        Assert.False(File.Exists(scratch["a.gguf"]));
    }

    [Fact]
    public void Weights_beyond_float16_are_refused_and_bfloat16_takes_them()
    {
        using var scratch = new Scratch();
        var export = new StudentExport(TinyStudent.Write(scratch, change: (tensor, numbers) => tensor.Gguf == "blk.0.attn_q.weight" ? [70_000, .. numbers[1..]] : numbers));

        Assert.Contains("beyond float16", Assert.Throws<ModelFileException>(() => export.Write(scratch["a.gguf"], GgmlType.F16, Origin)).Message);
        export.Write(scratch["b.gguf"], GgmlType.BF16, Origin);
        using var file = GgufFile.Open(scratch["b.gguf"]);
        Assert.Equal(70_144, file.Floats(file.Tensor("blk.0.attn_q.weight"))[0]);
    }

    [Fact]
    public void A_vocabulary_of_another_size_is_refused()
    {
        using var scratch = new Scratch();
        Assert.Contains("mixture of two runs", Assert.Throws<ForgeException>(() => new StudentExport(TinyStudent.Write(scratch, TinyStudent.Shape with { Vocabulary = 512 }))).Message);
    }

    [SharedFact("models/tinystories-656k")]
    public void A_real_checkpoint_becomes_the_tensors_of_its_known_GGUF_bit_for_bit()
    {
        using var scratch = new Scratch();
        using var known = GgufFile.Open(SharedFiles.PathOf("models/tinystories-656k/TinyStories-656K-f32.gguf"));

        new StudentExport(RealStudent.Write(scratch)).Write(scratch["a.gguf"], GgmlType.F32, Origin);
        using var file = GgufFile.Open(scratch["a.gguf"]);

        Assert.Equal(20, file.Tensors.Count);
        Assert.All(file.Tensors, tensor => Assert.True(file.Data(tensor).SequenceEqual(known.Data(known.Tensor(tensor.Name))), tensor.Name));
    }
}
