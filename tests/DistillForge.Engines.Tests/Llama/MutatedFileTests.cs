using System.Buffers.Binary;
using System.Diagnostics;
using DistillForge.Llama;

namespace DistillForge.Engines.Tests.Llama;

/// <summary>Files that were damaged on purpose, alone, since the memory of the whole process is measured; <c>DISTILLFORGE_MUTANTS=1000</c> tries as many.</summary>
[Collection("torch")]
public sealed class MutatedFileTests : IDisposable
{
    const int Usual = 60;
    const long MostGrowth = 64 << 20;
    readonly Scratch scratch = new();

    static int Mutants => int.TryParse(Environment.GetEnvironmentVariable("DISTILLFORGE_MUTANTS"), out var given) ? given : Usual;

    public void Dispose() => scratch.Dispose();

    [Fact]
    public async Task No_damaged_file_kills_or_hangs_or_fills_the_host()
    {
        var whole = File.ReadAllBytes(Models.WriteTiny(scratch["whole.gguf"]));
        await OpenAsync(scratch["whole.gguf"]);
        var before = Settled();
        var outcomes = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var number = 0; number < Mutants; number++)
        {
            var path = scratch.Put("mutant.gguf", Mutate(whole, new Random(number)));
            var outcome = await OpenAsync(path);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        var growth = Settled() - before;
        Assert.True(growth < MostGrowth, $"{growth >> 20} MB more after {Mutants} files");
        Assert.True(outcomes.Values.Sum() == Mutants && outcomes.Count > 1, string.Join(", ", outcomes));
        // For whoever runs the thousand.
        Console.WriteLine($"{Mutants} files: {string.Join(", ", outcomes.OrderByDescending(o => o.Value))}; {growth >> 10} kB more");
    }

    // What a user meets: an answer, or an error with an exit code. Anything else, and a hang, fails the test.
    static async Task<string> OpenAsync(string path)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        try
        {
            await using var model = await LlamaModel.OpenAsync(path, new LlamaOptions(Threads: 1, Parallel: 1), patience.Token);
            await model.CompleteTokensAsync([5, 6], new Sampling(MaxTokens: 3, Capture: new Want.Head(4)), 1, patience.Token);
            return "answered";
        }
        catch (ForgeException refused)
        {
            Assert.InRange(refused.ExitCode, ExitCode.UserCanFix, ExitCode.Unavailable);
            return refused.GetType().Name;
        }
        catch (CompletionFailedException failed)
        {
            return failed.Code;
        }
    }

    static long Settled()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    // Mostly in the header, where lengths, counts, types and offsets are; some files end early.
    static byte[] Mutate(byte[] whole, Random random)
    {
        var mutant = (byte[])whole.Clone();
        var header = random.Next(4) == 0 ? mutant.Length : Math.Min(mutant.Length, 12_000);
        for (var left = random.Next(1, 6); left > 0; left--)
        {
            var place = random.Next(header - 8);
            switch (random.Next(4))
            {
                case 0:
                    mutant[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    mutant[place] = (byte)random.Next(256);
                    break;
                case 2:
                    BinaryPrimitives.WriteUInt64LittleEndian(mutant.AsSpan(place), (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64));
                    break;
                default:
                    mutant.AsSpan(random.Next(header - 8), 8).CopyTo(mutant.AsSpan(place));
                    break;
            }
        }

        return random.Next(10) == 0 ? mutant[..random.Next(1, mutant.Length)] : mutant;
    }
}
