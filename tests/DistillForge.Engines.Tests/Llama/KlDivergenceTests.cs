using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using DistillForge.Evaluation;
using DistillForge.Llama;

namespace DistillForge.Engines.Tests.Llama;

/// <summary>
/// Fidelity against <c>llama-perplexity --kl-divergence</c> on the same files and the same text; <c>FORGE_PERPLEXITY</c> is the path of that
/// program, built from the release that we bind.
/// </summary>
public sealed class KlDivergenceTests : IDisposable
{
    const string Model = "models/cardputer-chat-3m/cardputer-chat-3m-f32.gguf";
    const string Text = "data/soda-chat/chat_val.txt";
    const int Context = 256;
    const int Chunks = 40;

    static readonly string? Program = Environment.GetEnvironmentVariable("FORGE_PERPLEXITY");

    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [SharedTheory(Model)]
    [InlineData("q8_0")]
    [InlineData("q4_0")]
    [InlineData("q2_k")]
    public async Task Divergence_perplexity_and_agreement_are_those_of_llama_perplexity(string type)
    {
        if (Program is null)
        {
            return; // by hand: the program is not part of the engine
        }

        var student = scratch[$"student-{type}.gguf"];
        await Quantizer.QuantizeAsync(SharedFiles.PathOf(Model), student, type, CancellationToken.None);
        var alone = await SayAsync("Final estimate: PPL", "-m", SharedFiles.PathOf(Model), "-f", SharedFiles.PathOf(Text), "--chunks", $"{Chunks}", "--kl-divergence-base", scratch["base.kld"]);
        var theirs = await SayAsync("Same top p:", "-m", student, "--kl-divergence-base", scratch["base.kld"], "--kl-divergence");

        var ours = (await CompareAsync(student)).All;

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{type}, {ours.Tokens} positions, ours / theirs: KL {ours.Kl:F6} / {Figure(theirs, "Mean\\s+KLD")}, PPL {ours.Perplexity:F6} / {Figure(theirs, "Mean PPL\\(Q\\)")}, base PPL {ours.TeacherPerplexity:F6} / {BasePerplexity(alone)}, same top {100 * ours.Top1:F3} / {Figure(theirs, "Same top p")}"));
        Same(Figure(theirs, "Mean\\s+KLD"), ours.Kl);
        Same(Math.Log(Figure(theirs, "Mean PPL\\(Q\\)")), Math.Log(ours.Perplexity));
        Same(Math.Log(BasePerplexity(alone)), Math.Log(ours.TeacherPerplexity));
        Same(Figure(theirs, "Same top p"), 100 * ours.Top1);
    }

    // Not what it says beside the divergence: its file holds no log-probability that is 16 nats below the highest.
    static double BasePerplexity(string alone) => Figure(alone, "Final estimate: PPL", "=");

    // 1 % or 1e-4 nat, whichever is larger.
    static void Same(double theirs, double ours) => Assert.InRange(Math.Abs(theirs - ours), 0, Math.Max(0.01 * Math.Abs(theirs), 1e-4));

    async Task<FidelityReport> CompareAsync(string student)
    {
        var options = new LlamaOptions(Threads: 1, Parallel: 1, Context: Context, Exact: true);
        await using var base32 = await LlamaModel.OpenAsync(SharedFiles.PathOf(Model), options, CancellationToken.None);
        await using var candidate = await LlamaModel.OpenAsync(student, options, CancellationToken.None);
        var rows = await Fidelity.CompareAsync(base32, [candidate], Sequences(base32).ToAsyncEnumerable(), 1, CancellationToken.None).ToListAsync();
        Assert.All(rows, row => Assert.Null(row.Failure));
        return FidelityReport.Of("student", [.. rows.Select(row => ((string?)null, row.Positions[0]))], 0);
    }

    // "_logits_", context, vocabulary, chunks, all tokens; the second half of each chunk is judged.
    List<(string Id, TokenSequence Tokens)> Sequences(LlamaModel model)
    {
        using var file = new BinaryReader(File.OpenRead(scratch["base.kld"]));
        Assert.Equal("_logits_"u8.ToArray(), file.ReadBytes(8));
        Assert.Equal([Context, model.VocabularySize, Chunks], new[] { file.ReadInt32(), file.ReadInt32(), file.ReadInt32() });
        var tokens = MemoryMarshal.Cast<byte, int>(file.ReadBytes(Chunks * Context * sizeof(int))).ToArray();
        var sequences = new List<(string, TokenSequence)>();
        for (var chunk = 0; chunk < Chunks; chunk++)
        {
            var ids = tokens.AsSpan(chunk * Context, Context).ToArray();
            ids[0] = model.Tokens.AddBos ? model.Tokens.Bos!.Value : ids[0];
            sequences.Add(($"{chunk}", new TokenSequence(model.Vocabulary, ids, (Context / 2) + 1)));
        }

        return sequences;
    }

    // The program ends now and then before its log has written the last lines; it is asked again then.
    static async Task<string> SayAsync(string last, params string[] arguments)
    {
        for (var tries = 4; ; tries--)
        {
            var said = await SayOnceAsync(arguments);
            if (said.Contains(last, StringComparison.Ordinal) || tries == 0)
            {
                return said;
            }
        }
    }

    static async Task<string> SayOnceAsync(string[] arguments)
    {
        string[] exact = [.. arguments, "-c", $"{Context}", "-b", $"{Context}", "-t", "1", "-fa", "off", "-ctk", "f32", "-ctv", "f32"];
        using var process = Process.Start(new ProcessStartInfo(Program!, exact) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return said + await errors;
    }

    static double Figure(string said, string name, string sign = ":")
    {
        var found = Regex.Match(said, $@"{name}\s*{sign}\s*([-0-9.]+)", RegexOptions.None, TimeSpan.FromSeconds(5));
        Assert.True(found.Success, $"{name} in {said}");
        return double.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture);
    }
}
