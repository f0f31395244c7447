using DistillForge.Llama;
using DistillForge.Models;

namespace DistillForge.Engines.Tests.Llama;

public sealed class QuantizerTests : IDisposable
{
    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("q8_0", GgmlType.Q8_0)]
    [InlineData("f16", GgmlType.F16)]
    public async Task Matrices_take_the_type_that_was_asked_for_and_the_model_still_runs(string type, GgmlType expected)
    {
        await Quantizer.QuantizeAsync(Models.WriteTiny(scratch["tiny.gguf"]), scratch["small.gguf"], type, CancellationToken.None);

        using (var file = GgufFile.Open(scratch["small.gguf"]))
        {
            Assert.Equal(expected, file.Tensor("blk.0.attn_q.weight").Type);
        }

        await using var model = await LlamaModel.OpenAsync(scratch["small.gguf"], Models.Exact, CancellationToken.None);
        Assert.InRange((await model.CompleteAsync(Models.Prompt("hi"), new Sampling(MaxTokens: 8), CancellationToken.None)).CompletionTokens, 1, 8);
        Assert.Equal(["small.gguf", "tiny.gguf"], Directory.EnumerateFiles(scratch.Folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task An_unknown_type_is_told_the_near_one()
    {
        var error = await Assert.ThrowsAsync<ForgeException>(() => Quantizer.QuantizeAsync("a", "b", "q8_o", CancellationToken.None));

        Assert.Contains("Did you mean 'q8_0'?", error.Message);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_a_clear_error()
    {
        var source = Models.WriteTiny(scratch["tiny.gguf"]);

        var error = await Assert.ThrowsAsync<ForgeException>(() => Quantizer.QuantizeAsync(source, Path.Combine(source, "x.gguf"), "q8_0", CancellationToken.None));

        Assert.Equal(ExitCode.UserCanFix, error.ExitCode);
        Assert.Contains("cannot be written", error.Message);
    }

    [Fact]
    public async Task Speed_is_measured_of_generating_and_of_reading()
    {
        await using var model = await Models.OpenTinyAsync(scratch, new(Threads: 2, Parallel: 8));

        var speed = await model.MeasureSpeedAsync(CancellationToken.None);

        Assert.All(new[] { speed.Single, speed.Prompt }, rate => Assert.InRange(rate, 1, 1e7));
    }
}
