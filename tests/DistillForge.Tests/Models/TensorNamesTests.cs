using DistillForge.Models;

namespace DistillForge.Tests.Models;

public class TensorNamesTests
{
    [Theory]
    [InlineData("model.embed_tokens.weight", "token_embd.weight")]
    [InlineData("model.norm.weight", "output_norm.weight")]
    [InlineData("lm_head.weight", "output.weight")]
    [InlineData("model.layers.0.input_layernorm.weight", "blk.0.attn_norm.weight")]
    [InlineData("model.layers.12.self_attn.q_proj.weight", "blk.12.attn_q.weight")]
    [InlineData("model.layers.3.self_attn.o_proj.weight", "blk.3.attn_output.weight")]
    [InlineData("model.layers.3.post_attention_layernorm.weight", "blk.3.ffn_norm.weight")]
    [InlineData("model.layers.3.mlp.down_proj.weight", "blk.3.ffn_down.weight")]
    public void A_tensor_has_two_names(string huggingFace, string gguf)
        => Assert.Equal((gguf, huggingFace), (TensorNames.ToGguf(huggingFace), TensorNames.ToHuggingFace(gguf)));

    [Theory]
    [InlineData("model.layers.x.mlp.up_proj.weight")]
    [InlineData("model.layers.01.mlp.up_proj.weight")]
    [InlineData("model.layers.99999.mlp.up_proj.weight")]
    [InlineData("model.layers..mlp.up_proj.weight")]
    [InlineData("model.layers.1")]
    [InlineData("model.layers.1.mlp.up_proj.bias")]
    [InlineData("")]
    public void A_name_that_no_Llama_has_is_not_translated(string name) => Assert.Null(TensorNames.ToGguf(name));

    [Fact]
    public void Halves_become_pairs_head_by_head()
    {
        var moved = new int[8];
        RotaryLayout.ToGguf([0, 1, 2, 3, 4, 5, 6, 7], moved, rows: 8, heads: 2);
        Assert.Equal<int[]>([0, 2, 1, 3, 4, 6, 5, 7], moved);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(4, 8)]
    [InlineData(3, 6)]
    public void The_two_ways_undo_each_other(int heads, int size)
    {
        var original = Enumerable.Range(0, heads * size * 5).ToArray();
        var (there, back) = (new int[original.Length], new int[original.Length]);

        RotaryLayout.ToGguf(original, there, heads * size, heads);
        RotaryLayout.ToHuggingFace(there, back, heads * size, heads);

        Assert.Equal(original, back);
        Assert.Equal(size > 2, !original.SequenceEqual(there));
    }

    [SharedFact("models/tinystories-656k")]
    public void A_real_safetensors_file_becomes_its_GGUF_bit_for_bit()
    {
        using var source = SafetensorsFile.Open(SharedFiles.PathOf("models/tinystories-656k/model.safetensors"));
        using var target = GgufFile.Open(SharedFiles.PathOf("models/tinystories-656k/TinyStories-656K-f32.gguf"));
        var shape = HuggingFaceConfig.Read(SharedFiles.PathOf("models/tinystories-656k/config.json"));

        Assert.Equal(shape with { Context = 512 }, GgufShape.Read(target));
        Assert.Equal(20, TensorNames.Llama(shape).Count);
        Assert.Equal([.. target.Tensors.Select(t => t.Name).Order()], [.. TensorNames.Llama(shape).Select(t => t.Gguf).Order()]);
        foreach (var tensor in TensorNames.Llama(shape))
        {
            // This file stores the tied matrix as lm_head.
            var numbers = source.Floats(source.Tensor(tensor.HuggingFace == "model.embed_tokens.weight" ? "lm_head.weight" : tensor.HuggingFace));
            if (tensor.RotaryHeads > 0)
            {
                var moved = new float[numbers.Length];
                RotaryLayout.ToGguf(numbers, moved, tensor.Rows, tensor.RotaryHeads);
                numbers = moved;
            }

            Assert.Equal(tensor.GgufShape, target.Tensor(tensor.Gguf).Shape);
            Assert.Equal(target.Floats(target.Tensor(tensor.Gguf)), numbers);
        }
    }
}
