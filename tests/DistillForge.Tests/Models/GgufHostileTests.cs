using DistillForge.Models;

namespace DistillForge.Tests.Models;

public class GgufHostileTests
{
    const uint U8 = 0, U32 = 4, Text = 8, List = 9, Bool = 7;

    [Fact]
    public void A_text_file_is_told_apart_by_its_magic()
        => Refused("Hello, this is no model."u8.ToArray(), "magic", "no GGUF file");

    [Fact]
    public void An_empty_file_is_said_to_be_empty() => Refused([], "file", "is empty");

    [Fact]
    public void A_file_that_is_not_there_is_said_to_be_absent()
        => Assert.Contains("does not exist", Assert.Throws<GgufException>(() => GgufFile.Open("/nowhere/model.gguf")).Message);

    [Fact]
    public void A_folder_is_no_file()
    {
        using var scratch = new Scratch();
        Assert.Contains("is a folder", Assert.Throws<GgufException>(() => GgufFile.Open(scratch.Folder)).Message);
    }

    [Fact]
    public void A_big_endian_file_is_named_as_such() => Refused(GgufBytes.Header(0, 0, version: 0x03000000).ToArray(), "version", "big-endian");

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(4u)]
    [InlineData(uint.MaxValue)]
    public void Only_versions_2_and_3_are_read(uint version) => Refused(GgufBytes.Header(0, 0, version).ToArray(), "version", "");

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1ul << 63)]
    [InlineData(10_000ul)]   // more than fit into the file
    public void An_absurd_tensor_count_is_refused_before_allocating(ulong count) => Refused(GgufBytes.Header(count, 0).ToArray(), "tensor count", "");

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(10_000ul)]
    public void An_absurd_metadata_count_is_refused_before_allocating(ulong count) => Refused(GgufBytes.Header(0, count).ToArray(), "metadata count", "");

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1ul << 40)]
    [InlineData(60_000ul)]
    public void An_absurd_key_length_is_refused(ulong length) => Refused(GgufBytes.Header(0, 1).UInt64(length).Raw(new byte[64]).ToArray(), "key 0", "");

    [Theory]
    [InlineData("")]
    [InlineData("general\0name")]
    public void A_key_is_neither_empty_nor_cut_by_a_NUL(string key) => Refused(GgufBytes.Header(0, 1).Key(key, U32).UInt64(1).ToArray(), "key 0", "");

    [Fact]
    public void A_key_that_is_no_UTF8_is_refused() => Refused(GgufBytes.Header(0, 1).Text([0xC3, 0x28]).UInt32(U32).UInt32(1).ToArray(), "key 0", "not UTF-8");

    [Fact]
    public void A_text_that_is_no_UTF8_is_refused() => Refused(GgufBytes.Header(0, 1).Key("general.name", Text).Text([0xFF, 0xFE]).ToArray(), "key 'general.name'", "not UTF-8");

    [Fact]
    public void A_key_that_appears_twice_is_refused()
        => Refused(GgufBytes.Header(0, 2).Key("a", U32).UInt32(1).Key("a", U32).UInt32(2).ToArray(), "key 'a'", "twice");

    [Fact]
    public void An_unknown_value_type_is_refused() => Refused(GgufBytes.Header(0, 1).Key("a", 13).UInt64(0).ToArray(), "key 'a'", "type 13");

    [Fact]
    public void A_bool_is_0_or_1() => Refused(GgufBytes.Header(0, 1).Key("a", Bool).Raw([2]).ToArray(), "key 'a'", "is 2");

    [Theory]
    [InlineData(U8, ulong.MaxValue)]
    [InlineData(U32, 1ul << 62)]   // times four it overflows to 0
    [InlineData(Text, 1ul << 61)]
    [InlineData(U32, 17ul)]        // one more than follow
    [InlineData(List, 100_000ul)]
    public void An_absurd_array_length_is_refused_before_allocating(uint element, ulong length)
        => Refused(GgufBytes.Header(0, 1).Key("a", List).UInt32(element).UInt64(length).Raw(new byte[64]).ToArray(), "key 'a', array length", "");

    [Fact]
    public void Arrays_nest_only_so_deep()
    {
        var bytes = GgufBytes.Header(0, 1).Key("a", List);
        for (var depth = 0; depth < 1000; depth++)
        {
            bytes.UInt32(List).UInt64(1);
        }

        Refused(bytes.Raw(new byte[16]).ToArray(), "key 'a'", "4 deep");
    }

    [Fact]
    public void Nested_arrays_cannot_multiply()
    {
        var bytes = GgufBytes.Header(0, 1).Key("a", List).UInt32(List).UInt64(2);
        for (var i = 0; i < 2; i++)
        {
            bytes.UInt32(List).UInt64(4000).Raw(new byte[4000 * 12]);
        }

        Refused(bytes.ToArray(), "key 'a'", "nested arrays");
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(3u)]
    [InlineData(33u)]
    [InlineData(1u << 31)]
    public void An_alignment_is_a_power_of_two_within_reason(uint alignment)
        => Refused(GgufBytes.Header(0, 1).Key("general.alignment", U32).UInt32(alignment).ToArray(), "general.alignment", $"is {alignment}");

    [Fact]
    public void An_alignment_of_the_wrong_type_is_refused()
        => Refused(GgufBytes.Header(0, 1).Key("general.alignment", 10).UInt64(32).ToArray(), "general.alignment", "is UInt64, but must be UInt32");

    [Fact]
    public void A_known_key_of_the_wrong_type_is_refused_when_it_is_read()
    {
        using var scratch = new Scratch();
        using var file = GgufFile.Open(scratch.Put("a.gguf", GgufBytes.Header(0, 1).Key("general.architecture", U32).UInt32(7).ToArray()));

        var error = Assert.Throws<GgufException>(() => GgufShape.Read(file));

        Assert.Equal(("general.architecture", file.Path), (error.Field, error.Path));
    }

    [Fact]
    public void A_tensor_that_appears_twice_is_refused()
        => Refused(GgufBytes.Header(2, 0).Tensor("a", 0, 0, 8).Tensor("a", 0, 32, 8).Data(64).ToArray(), "tensor 'a'", "twice");

    [Fact]
    public void A_tensor_name_of_64_bytes_is_too_long_for_ggml()
        => Refused(GgufBytes.Header(1, 0).Tensor(new string('x', 64), 0, 0, 8).Data(32).ToArray(), "tensor 0, name", "63");

    [Fact]
    public void A_hostile_name_reaches_the_terminal_without_control_characters()
        => Assert.DoesNotContain('\u001b', Refused(GgufBytes.Header(1, 0).Tensor("\u001b[2Jx", 99, 0, 8).Data(32).ToArray(), "tensor '\\u001b[2Jx', type", "99").Message);

    [Fact]
    public void Five_dimensions_are_too_many() => Refused(GgufBytes.Header(1, 0).Tensor("a", 0, 0, 1, 1, 1, 1, 1).Data(32).ToArray(), "tensor 'a', dimensions", "are 5");

    [Theory]
    [InlineData(0ul)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1ul << 63)]
    public void A_dimension_is_positive(ulong size) => Refused(GgufBytes.Header(1, 0).Tensor("a", 0, 0, 1, size).Data(32).ToArray(), "tensor 'a', dimension 1", "");

    [Theory]
    [InlineData(1ul << 32, 1ul << 32)]   // the product overflows to 0
    [InlineData(1ul << 62, 1ul)]         // elements fit, their bytes do not
    public void Dimensions_whose_product_overflows_are_refused(ulong columns, ulong rows)
        => Refused(GgufBytes.Header(1, 0).Tensor("a", 0, 0, columns, rows).Data(32).ToArray(), "tensor 'a', dimensions", "64 bits");

    [Theory]
    [InlineData(4u)]    // Q4_2, removed
    [InlineData(31u)]   // Q4_0_4_4, removed
    [InlineData(43u)]
    [InlineData(uint.MaxValue)]
    public void An_unknown_or_removed_tensor_type_is_refused(uint type)
        => Refused(GgufBytes.Header(1, 0).Tensor("a", type, 0, 32).Data(128).ToArray(), "tensor 'a', type", $"{type}");

    [Fact]
    public void A_row_is_whole_blocks() => Refused(GgufBytes.Header(1, 0).Tensor("a", 8, 0, 33).Data(128).ToArray(), "tensor 'a', dimension 0", "block of 32");

    [Theory]
    [InlineData(64ul)]
    [InlineData(1ul << 40)]
    [InlineData(long.MaxValue - 31ul)]
    [InlineData(ulong.MaxValue - 31)]
    public void An_offset_past_the_end_is_refused(ulong offset)
        => Refused(GgufBytes.Header(1, 0).Tensor("a", 0, offset, 8).Data(32).ToArray(), "tensor 'a', offset", "");

    [Fact]
    public void A_misaligned_offset_is_refused() => Refused(GgufBytes.Header(1, 0).Tensor("a", 0, 4, 4).Data(64).ToArray(), "tensor 'a', offset", "alignment 32");

    [Fact]
    public void Tensors_that_overlap_are_refused()
        => Refused(GgufBytes.Header(2, 0).Tensor("a", 0, 0, 8).Tensor("b", 0, 0, 8).Data(64).ToArray(), "tensor 'b', offset", "ends at 32");

    [Fact]
    public void Tensors_with_a_hole_between_them_are_refused()
        => Refused(GgufBytes.Header(2, 0).Tensor("a", 0, 0, 8).Tensor("b", 0, 64, 8).Data(128).ToArray(), "tensor 'b', offset", "ends at 32");

    [Fact]
    public void Data_that_is_cut_off_is_refused()
        => Refused(GgufBytes.Header(1, 0).Tensor("a", 0, 0, 8).Data(31).ToArray(), "tensor 'a', offset", "cut off");

    [Fact]
    public void A_file_cut_off_at_any_byte_of_its_header_names_a_field()
    {
        var whole = GgufBytes.Header(1, 3).Key("general.alignment", U32).UInt32(32).Key("general.name", Text).Text("tiny").Key("list", List).UInt32(Text).UInt64(2).Text("a").Text("b")
            .Tensor("weight", 0, 0, 4, 2).Data(32).ToArray();
        using var scratch = new Scratch();
        using (GgufFile.Open(scratch.Put("whole.gguf", whole)))
        {
        }

        for (var length = 1; length < whole.Length; length++)
        {
            var error = Assert.Throws<GgufException>(() => GgufFile.Open(scratch.Put("cut.gguf", whole[..length])));
            Assert.NotEmpty(error.Field);
        }
    }

    static GgufException Refused(byte[] bytes, string field, string what)
    {
        using var scratch = new Scratch();
        var path = scratch.Put("hostile.gguf", bytes);
        var error = Assert.Throws<GgufException>(() => GgufFile.Open(path).Dispose());
        Assert.StartsWith(field, error.Field);
        Assert.Contains(what, error.Problems[0].What);
        Assert.Equal((path, ExitCode.UserCanFix), (error.Path, error.ExitCode));
        return error;
    }
}
