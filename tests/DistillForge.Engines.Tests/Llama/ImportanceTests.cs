using System.Diagnostics;
using DistillForge.Llama;
using DistillForge.Models;

namespace DistillForge.Engines.Tests.Llama;

/// <summary>Importance matrices, and what the quantizer makes of them; <c>FORGE_PEERS</c> is the folder of llama-imatrix and llama-quantize of the release that we bind.</summary>
public sealed class ImportanceTests : IDisposable
{
    const string Model = "models/cardputer-chat-3m/cardputer-chat-3m-f32.gguf";
    const string Small = "models/stories260K/stories260K-f32.gguf";
    const string Text = "data/soda-chat/chat_val.txt";
    const int Chunk = 256;
    const int Chunks = 8;

    static readonly string? Peers = Environment.GetEnvironmentVariable("FORGE_PEERS");

    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [SharedFact(Small)]
    public async Task Every_matrix_of_a_layer_has_one_figure_a_column_and_all_are_means_of_squares()
    {
        var matrix = await ImportanceMatrix.MeasureAsync(SharedFiles.PathOf(Small), [[1, 5, 9, 300, 2], [1, 7]], 1, CancellationToken.None);

        using var file = GgufFile.Open(SharedFiles.PathOf(Small));
        var expected = file.Tensors.Where(tensor => tensor.Name.StartsWith("blk.", StringComparison.Ordinal) && tensor.Shape.Count == 2).ToDictionary(tensor => tensor.Name, tensor => (int)tensor.Shape[0]);
        Assert.NotEmpty(expected);
        Assert.Equal(expected.OrderBy(tensor => tensor.Key, StringComparer.Ordinal), matrix.Columns.ToDictionary(tensor => tensor.Key, tensor => tensor.Value.Length).OrderBy(tensor => tensor.Key, StringComparer.Ordinal));
        Assert.Equal(7, matrix.Tokens);
        Assert.All(matrix.Columns.Values.SelectMany(columns => columns), value => Assert.True(value >= 0 && float.IsFinite(value)));
        Assert.Equal(matrix.Columns["blk.0.attn_q.weight"], matrix.Columns["blk.0.attn_k.weight"]);
    }

    [SharedFact(Small)]
    public async Task Columns_that_matter_are_rounded_with_more_care()
    {
        var source = SharedFiles.PathOf(Small);
        using var file = GgufFile.Open(source);
        var columns = file.Tensors.Where(tensor => tensor.Name.StartsWith("blk.", StringComparison.Ordinal) && tensor.Shape.Count == 2)
            .ToDictionary(tensor => tensor.Name, tensor => Enumerable.Range(0, (int)tensor.Shape[0]).Select(column => column % 32 == 3 ? 1e4f : 1e-2f).ToArray());
        await Quantizer.QuantizeAsync(source, scratch["plain.gguf"], "q4_0", CancellationToken.None);
        await Quantizer.QuantizeAsync(source, scratch["weighed.gguf"], "q4_0", CancellationToken.None, new ImportanceMatrix(columns, 1));

        Assert.True(ErrorOf(source, scratch["weighed.gguf"]) < 0.5 * ErrorOf(source, scratch["plain.gguf"]));
    }

    [SharedFact(Model)]
    public async Task Figures_and_files_are_those_of_llama_imatrix_and_llama_quantize()
    {
        if (Peers is null)
        {
            return; // by hand: the programs are not part of the engine
        }

        await using var model = await Models.OpenAsync(Model, new LlamaOptions(Threads: 1, Parallel: 1, Exact: true));
        var text = await File.ReadAllTextAsync(SharedFiles.PathOf(Text));
        await File.WriteAllTextAsync(scratch["text.txt"], text[..40_000]);
        await SayAsync("llama-imatrix", "-m", SharedFiles.PathOf(Model), "-f", scratch["text.txt"], "-c", $"{Chunk}", "-b", $"{Chunk}", "--chunks", $"{Chunks}", "-t", "1", "-fa", "off", "-ctk", "f32", "-ctv", "f32", "-o", scratch["theirs.gguf"]);
        var tokens = model.Encode(text[..40_000], parseSpecial: false);
        int[] first = model.Tokens.AddBos ? [model.Tokens.Bos!.Value, .. tokens] : tokens;
        var chunks = first.Chunk(Chunk).Take(Chunks).Select(chunk => (IReadOnlyList<int>)[.. model.Tokens.AddBos ? [model.Tokens.Bos!.Value, .. chunk.Skip(1)] : chunk]).ToList();

        var ours = await ImportanceMatrix.MeasureAsync(SharedFiles.PathOf(Model), chunks, 1, CancellationToken.None);

        using var theirs = GgufFile.Open(scratch["theirs.gguf"]);
        var largest = 0.0;
        foreach (var (name, columns) in ours.Columns)
        {
            var (sums, counts) = (theirs.Floats(theirs.Tensor($"{name}.in_sum2")), theirs.Floats(theirs.Tensor($"{name}.counts")));
            Assert.Equal(sums.Length, columns.Length);
            largest = Math.Max(largest, columns.Select((value, column) => Math.Abs(value - (sums[column] / counts[0])) / Math.Max(1e-12, value)).Max());
        }

        Console.WriteLine(FormattableString.Invariant($"{ours.Columns.Count} matrices, {ours.Tokens} tokens: relative difference at most {largest:G3}"));
        Assert.True(largest < 1e-4, $"{largest}");
        foreach (var type in new[] { "q4_k_m", "q6_k", "iq4_xs", "iq3_s", "iq2_m" })
        {
            await Quantizer.QuantizeAsync(SharedFiles.PathOf(Model), scratch[$"ours-{type}.gguf"], type, CancellationToken.None, ours);
            await SayAsync("llama-quantize", "--imatrix", scratch["theirs.gguf"], SharedFiles.PathOf(Model), scratch[$"theirs-{type}.gguf"], type, "1");
            Assert.Empty(Different(scratch[$"ours-{type}.gguf"], scratch[$"theirs-{type}.gguf"]));
        }
    }

    // Error of the columns that were said to matter.
    static double ErrorOf(string source, string quantized)
    {
        using var exact = GgufFile.Open(source);
        using var rounded = GgufFile.Open(quantized);
        var error = 0.0;
        foreach (var tensor in exact.Tensors.Where(tensor => tensor.Name == "blk.0.ffn_up.weight"))
        {
            var (a, b) = (exact.Floats(tensor), rounded.Floats(rounded.Tensor(tensor.Name)));
            error += a.Select((value, i) => i % (int)tensor.Shape[0] % 32 == 3 ? Math.Pow(value - b[i], 2) : 0).Sum();
        }

        return error;
    }

    // Tensors that differ in type or in any byte.
    static List<string> Different(string ours, string theirs)
    {
        using var a = GgufFile.Open(ours);
        using var b = GgufFile.Open(theirs);
        Assert.NotEmpty(a.Tensors);
        Assert.Equal(a.Tensors.Count, b.Tensors.Count);
        return [.. a.Tensors.Where(tensor => b.Tensor(tensor.Name).Type != tensor.Type || !a.Data(tensor).SequenceEqual(b.Data(b.Tensor(tensor.Name)))).Select(tensor => tensor.Name)];
    }

    static async Task SayAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Peers!, program), arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
    }
}
