using System.Collections.Frozen;
using DistillForge.Core;
using DistillForge.Llama.Client;
using DistillForge.Llama.Protocol;
using DistillForge.Models;

namespace DistillForge.Llama;

/// <summary>Quantizes GGUF files with llama.cpp, in a worker process.</summary>
public static class Quantizer
{
    // llama_ftype of llama.h.
    static readonly FrozenDictionary<string, int> FileTypes = new Dictionary<string, int>
    {
        ["f32"] = 0,
        ["f16"] = 1,
        ["q4_0"] = 2,
        ["q4_1"] = 3,
        ["q8_0"] = 7,
        ["q5_0"] = 8,
        ["q5_1"] = 9,
        ["q2_k"] = 10,
        ["q3_k_s"] = 11,
        ["q3_k_m"] = 12,
        ["q3_k_l"] = 13,
        ["q4_k_s"] = 14,
        ["q4_k_m"] = 15,
        ["q5_k_s"] = 16,
        ["q5_k_m"] = 17,
        ["q6_k"] = 18,
        ["iq2_xxs"] = 19,
        ["iq2_xs"] = 20,
        ["q2_k_s"] = 21,
        ["iq3_xs"] = 22,
        ["iq3_xxs"] = 23,
        ["iq1_s"] = 24,
        ["iq4_nl"] = 25,
        ["iq3_s"] = 26,
        ["iq3_m"] = 27,
        ["iq2_s"] = 28,
        ["iq2_m"] = 29,
        ["iq4_xs"] = 30,
        ["iq1_m"] = 31,
        ["bf16"] = 32,
    }.ToFrozenDictionary();

    /// <summary>Types that can be asked for.</summary>
    public static IReadOnlyCollection<string> Types { get; } = [.. FileTypes.OrderBy(type => type.Value).Select(type => type.Key)];

    /// <summary>The type rounds so coarsely that it wants to know which columns matter.</summary>
    public static bool WantsImportance(string type) => type.StartsWith("iq", StringComparison.Ordinal) || type == "q2_k_s";

    /// <summary>Writes the target whole or not at all.</summary>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="importance">Which columns matter; null treats all alike.</param>
    /// <param name="pure">All matrices get the named type; else llama.cpp gives some a finer one.</param>
    /// <exception cref="ForgeException">An unknown type, an unfit source, or a folder that cannot be written.</exception>
    public static async Task QuantizeAsync(string sourceGguf, string targetGguf, string type, CancellationToken cancellationToken, ImportanceMatrix? importance = null, bool pure = false)
    {
        if (!FileTypes.TryGetValue(type, out var fileType))
        {
            throw new ForgeException(new Problem("package.quantize", $"unknown type '{type}'.", NearName.Suggest(type, Types) ?? $"Known: {string.Join(", ", Types.Order(StringComparer.Ordinal))}."));
        }

        var (source, target) = (Path.GetFullPath(sourceGguf), Path.GetFullPath(targetGguf));
        GgufFile.Open(source).Dispose();
        var partial = target + ".partial";
        try
        {
            await RunAsync(source, partial, fileType, importance, pure, cancellationToken);
            Finish(partial, target);
        }
        finally
        {
            if (File.Exists(partial))
            {
                File.Delete(partial);
            }
        }
    }

    static async Task RunAsync(string source, string target, int fileType, ImportanceMatrix? importance, bool pure, CancellationToken cancellationToken)
    {
        try
        {
            // Not left to llama.cpp, whose reason would be a stream's state.
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await File.Create(target).DisposeAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DurableFile.Unwritable(target, e);
        }

        await using var worker = new WorkerClient(WorkerAssembly.Find(given: null), Engine.Verify(), openBody: null);
        try
        {
            await worker.AskAsync(FrameKind.Quantize, to =>
            {
                to.Write(source);
                to.Write(target);
                to.Write(fileType);
                to.Write(Environment.ProcessorCount);
                to.Write(pure);
                (importance ?? new ImportanceMatrix(new Dictionary<string, float[]>(), 0)).Write(to);
            }, static (frame, _) => Answers.Reader(frame, FrameKind.Quantized).AtEnd, cancellationToken);
        }
        catch (CompletionFailedException died)
        {
            throw new ForgeException(new Problem(source, $"cannot be quantized: {died.Message}", "Try another type."), ExitCode.Unavailable, died);
        }
    }

    static void Finish(string partial, string target)
    {
        using (var written = File.OpenHandle(partial, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.FlushToDisk(written);
        }

        DurableFile.Rename(partial, target);
    }
}
