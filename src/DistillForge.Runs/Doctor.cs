using System.Runtime.Intrinsics.X86;
using System.Text;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;

namespace DistillForge.Runs;

/// <summary>One thing that was looked at.</summary>
/// <param name="Cure">Which command mends it; empty where all is well.</param>
public sealed record Finding(string What, bool Fine, string Found, string Cure = "");

/// <summary>Looks whether this machine has what a run needs, by using it.</summary>
public static class Doctor
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static async Task<IReadOnlyList<Finding>> ExamineAsync(CancellationToken cancellationToken) =>
    [
        new Finding(".NET", Environment.Version.Major >= 10, Environment.Version.ToString(), Environment.Version.Major >= 10 ? "" : "Install the .NET 10 SDK."),
        new Finding("processor", true, $"{Environment.ProcessorCount} cores, {(Avx512F.IsSupported ? "AVX-512" : Avx2.IsSupported ? "AVX2" : "neither AVX2 nor AVX-512: it works, slowly")}"),
        Memory(),
        Disk(),
        await TryAsync("llama.cpp", () => Task.FromResult($"{Engine.Build}; {Path.GetRelativePath(Home.Root, Engine.Verify())}")),
        await TryAsync("worker", () => WorkerAsync(cancellationToken)),
        await TryAsync("libtorch", () => Task.FromResult($"libtorch {Torch.Engine.Version}, {Torch.Engine.Threads} threads")),
        await TryAsync("DuckDB", async () => (await Sql.QueryAsync("select version()", Path.GetTempPath(), cancellationToken)).Rows[0][0] ?? ""),
    ];

    public static string Render(IReadOnlyList<Finding> findings)
    {
        var text = new StringBuilder();
        foreach (var finding in findings)
        {
            text.AppendLine($"{(finding.Fine ? "ok     " : "MISSING")}  {finding.What,-10} {finding.Found}{(finding.Cure.Length > 0 ? "  " + finding.Cure : "")}");
        }

        return text.Append(findings.All(finding => finding.Fine) ? "Everything that a run needs is here." : "Mend what is missing, then run this again.").ToString();
    }

    public static string ToJson(IReadOnlyList<Finding> findings) => JsonSerializer.Serialize(findings, Json);

    // The home teacher answers once: file, worker, engine and tokenizer in one go.
    static async Task<string> WorkerAsync(CancellationToken cancellationToken)
    {
        var teacher = Path.Combine(Home.Root, "models", "home-teacher.gguf");
        var answer = await Inspection.AskAsync(teacher, null, "turn on the kitchen lights", new Sampling(Temperature: 0, MaxTokens: 48), cancellationToken);
        return $"models/home-teacher.gguf answers {answer}";
    }

    static Finding Memory()
    {
        var gigabytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9;
        return new("memory", gigabytes >= 2, $"{gigabytes:0.0} GB", gigabytes >= 2 ? "" : "2 GB are needed for the smallest runs.");
    }

    static Finding Disk()
    {
        var free = new DriveInfo(Home.Root).AvailableFreeSpace / 1e9;
        return new("disk", free >= 1, $"{free:0.0} GB free", free >= 1 ? "" : "Free at least 1 GB.");
    }

    static async Task<Finding> TryAsync(string what, Func<Task<string>> use)
    {
        try
        {
            return new(what, true, await use());
        }
        catch (ForgeException error)
        {
            return new(what, false, error.Message);
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException or IOException or BadImageFormatException)
        {
            return new(what, false, (error.InnerException ?? error).Message, "Run ./distillforge setup.");
        }
    }
}
