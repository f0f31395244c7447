using DistillForge.Llama;
using DistillForge.Models;

namespace DistillForge.Engines.Tests.Llama;

public sealed class MemoryNeedTests : IDisposable
{
    const long Gigabyte = 1_000_000_000;
    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void Keys_and_values_are_counted_for_every_sequence_at_full_length()
    {
        using var file = GgufFile.Open(Models.WriteTiny(scratch["tiny.gguf"]));

        // 2 layers, 2 heads of 16, keys and values, 128 tokens.
        Assert.Equal(2 * 2 * 2 * 16 * 128 * 8 * sizeof(short), MemoryNeed.Of(file, new LlamaOptions(Parallel: 8)).Cache);
        Assert.Equal(2 * 2 * 2 * 16 * 64 * sizeof(float), MemoryNeed.Of(file, new LlamaOptions(Parallel: 8, Context: 64, Exact: true)).Cache);
    }

    [Theory]
    [InlineData(6, 8, "Lower teacher.parallel to 2, or lower teacher.context to 1024, or close other programs.")]
    [InlineData(6, 1, null)]
    [InlineData(2, 8, "Take a smaller or more strongly quantized file.")]
    public void What_does_not_fit_says_what_to_change(long freeGigabytes, int sequences, string? instead)
    {
        var need = new MemoryNeed(4 * Gigabyte, sequences * Gigabyte * 8 / 10, Gigabyte / 10, sequences, 4096);

        var error = Record.Exception(() => need.Check("big.gguf", freeGigabytes * Gigabyte)) as ForgeException;

        Assert.Equal(instead, error?.Problems[0].Instead);
        Assert.Equal(instead is null, error is null);
    }

    [Fact]
    public async Task A_model_that_cannot_fit_is_refused_before_a_worker_loads_it()
    {
        var path = Models.WriteTiny(scratch["tiny.gguf"]);

        var error = await Assert.ThrowsAsync<ForgeException>(() => LlamaModel.OpenAsync(path, new LlamaOptions(Parallel: 100_000_000), CancellationToken.None));

        Assert.Matches(@"needs [\d.]+ GB of memory \(weights 0\.0 GB, KV cache [\d.]+ GB for 100000000 sequences of 128 tokens", error.Message);
        Assert.Equal(ExitCode.UserCanFix, error.ExitCode);
    }
}
