using System.Globalization;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Llama;

/// <summary>What running a GGUF takes, estimated from its header before anything is loaded.</summary>
/// <param name="Weights">The file itself.</param>
/// <param name="Cache">Keys and values of every sequence at full length.</param>
/// <param name="Batch">Logits and activations of one decode.</param>
sealed record MemoryNeed(long Weights, long Cache, long Batch, int Sequences, int Context)
{
    const int LongestContext = 4096;
    const int MicroBatch = 512;
    const long Logits = 3L << 26;

    public long Total => Weights + Cache + Batch;

    /// <summary>Of an architecture that says its sizes under the common names; of others only the file's size is known.</summary>
    public static MemoryNeed Of(GgufFile file, LlamaOptions options)
    {
        var weights = file.Tensors.Sum(tensor => tensor.ByteCount);
        try
        {
            var shape = GgufShape.Read(file);
            var context = options.Context > 0 ? options.Context : Math.Min(shape.Context, LongestContext);
            // Where nobody says how many, the probe takes as many as fit.
            var sequences = options is { Exact: false, Parallel: > 0 } ? options.Parallel : 1;
            var cell = 2L * shape.Layers * shape.KeyValueHeads * shape.HeadSize * (options.Exact ? sizeof(float) : sizeof(short));
            return new MemoryNeed(weights, cell * context * sequences, Logits + (MicroBatch * sizeof(float) * (4L * shape.Width + 2L * shape.FeedForward)), sequences, context);
        }
        catch (GgufException)
        {
            return new MemoryNeed(weights, 0, Logits, 1, 0);
        }
    }

    /// <summary>Memory that this process and its worker may still take.</summary>
    public static long FreeBytes()
    {
        const string Info = "/proc/meminfo";
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal)) : null;
        return line is null ? limit : Math.Min(limit, long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024);
    }

    /// <exception cref="ForgeException">It does not fit; what to change.</exception>
    public void Check(string path, long free)
    {
        if (Total <= free)
        {
            return;
        }

        var cache = Sequences > 1 ? $"{Size(Cache)} for {Sequences} sequences of {Context} tokens" : $"{Size(Cache)} for {Context} tokens";
        string[] cures = [.. Cures(free), Weights > free ? "take a smaller or more strongly quantized file" : "close other programs"];
        throw new ForgeException(new Problem(path, $"needs {Size(Total)} of memory (weights {Size(Weights)}, KV cache {cache}, batch {Size(Batch)}), but only {Size(free)} are free.", $"{Capitalised(string.Join(", or ", cures))}."));
    }

    IEnumerable<string> Cures(long free)
    {
        var left = free - Weights - Batch;
        var sequences = left <= 0 || Cache == 0 ? 0 : left / (Cache / Sequences);
        if (Sequences > 1 && sequences > 0)
        {
            yield return $"lower teacher.parallel to {sequences}";
        }

        var context = left <= 0 || Cache == 0 ? 0 : left / (Cache / Context) / 256 * 256;
        if (context >= 256)
        {
            yield return $"lower teacher.context to {context}";
        }
    }

    static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB");

    static string Capitalised(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
