using System.Diagnostics;
using System.Runtime.InteropServices;
using DistillForge.Llama;

namespace DistillForge.Engines.Tests.Llama;

/// <summary>
/// Log-probabilities against those of llama.cpp's own <c>llama-perplexity --kl-divergence-base</c>; <c>FORGE_PERPLEXITY</c> is the path of
/// that program, built from the release that we bind.
/// </summary>
public sealed class PerplexityBaseTests : IDisposable
{
    const string Model = "models/cardputer-chat-3m/cardputer-chat-3m-f32.gguf";
    const string Text = "data/soda-chat/chat_val.txt";
    const int Context = 256;
    const int Chunks = 80;

    static readonly string? Program = Environment.GetEnvironmentVariable("FORGE_PERPLEXITY");

    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [SharedFact(Model)]
    public async Task Log_probabilities_of_ten_thousand_positions_are_those_of_llama_perplexity_within_its_rounding()
    {
        if (Program is null)
        {
            return; // by hand: the program is not part of the engine
        }

        await WriteBaseAsync();
        await using var model = await Models.OpenAsync(Model, new LlamaOptions(Threads: 1, Parallel: 1, Context: Context, Exact: true));
        var differences = new Differences();
        using var file = new BinaryReader(File.OpenRead(scratch["base.kld"]));
        foreach (var (tokens, coded) in ReadChunks(file, model.VocabularySize))
        {
            tokens[0] = model.Tokens.AddBos ? model.Tokens.Bos!.Value : tokens[0];
            var trace = await model.ScoreAsync(new(model.Vocabulary, tokens, (Context / 2) + 1), new Want.Full(), CancellationToken.None);
            for (var position = 0; position < coded.Length; position++)
            {
                differences.Add(coded[position], trace.HeadLogprobs.AsSpan(position * model.VocabularySize, model.VocabularySize));
            }
        }

        Console.WriteLine(differences);
        Assert.True(differences.Positions >= 10_000, differences.ToString());
        Assert.True(differences.LargestExcess < 2e-5, differences.ToString());
    }

    async Task WriteBaseAsync()
    {
        string[] arguments = ["-m", SharedFiles.PathOf(Model), "-f", SharedFiles.PathOf(Text), "-c", $"{Context}", "-b", $"{Context}", "-t", "1", "--chunks", $"{Chunks}", "-fa", "off", "-ctk", "f32", "-ctv", "f32", "--kl-divergence-base", scratch["base.kld"]];
        using var process = Process.Start(new ProcessStartInfo(Program!, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        var said = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await said);
    }

    // "_logits_", context, vocabulary, chunks, all tokens; then for the second half of each chunk a row: scale, lowest, 16 bits a token.
    static IEnumerable<(int[] Tokens, Coded[] Rows)> ReadChunks(BinaryReader file, int vocabulary)
    {
        Assert.Equal("_logits_"u8.ToArray(), file.ReadBytes(8));
        Assert.Equal([Context, vocabulary, Chunks], new[] { file.ReadInt32(), file.ReadInt32(), file.ReadInt32() });
        var tokens = MemoryMarshal.Cast<byte, int>(file.ReadBytes(Chunks * Context * sizeof(int))).ToArray();
        for (var chunk = 0; chunk < Chunks; chunk++)
        {
            var rows = new Coded[Context - 1 - (Context / 2)];
            for (var row = 0; row < rows.Length; row++)
            {
                rows[row] = new Coded(file.ReadSingle(), file.ReadSingle(), MemoryMarshal.Cast<byte, ushort>(file.ReadBytes((vocabulary + 1) / 2 * 2 * sizeof(ushort))).ToArray());
            }

            yield return (tokens.AsSpan(chunk * Context, Context).ToArray(), rows);
        }
    }

    sealed record Coded(float Scale, float Lowest, ushort[] Steps);

    sealed class Differences
    {
        double sum;
        long count;
        double widest;
        double largest;

        public int Positions { get; private set; }

        /// <summary>Nats beyond half a step of the file.</summary>
        public double LargestExcess { get; private set; }

        public void Add(Coded theirs, ReadOnlySpan<float> ours)
        {
            for (var token = 0; token < ours.Length; token++)
            {
                var difference = ours[token] - (theirs.Lowest + ((double)theirs.Scale * theirs.Steps[token]));
                // What is 16 nats below the highest is only said to be at most that.
                difference = theirs.Steps[token] == 0 ? Math.Max(0, difference) : Math.Abs(difference);
                LargestExcess = Math.Max(LargestExcess, difference - (theirs.Scale / 2));
                largest = Math.Max(largest, difference);
                (sum, count) = (sum + difference, count + 1);
            }

            widest = Math.Max(widest, theirs.Scale);
            Positions++;
        }

        public override string ToString()
            => FormattableString.Invariant($"{Positions} positions, {count} log-probabilities: |Δ| at most {largest:G3}, on average {sum / count:G3} nats; the file's step is at most {widest:G3}; beyond half a step at most {LargestExcess:G3}");
    }
}
