using DistillForge.Core;

namespace DistillForge.Llama;

/// <summary>The llama.cpp build that DistillForge binds: where it lies, and the check that it is that one.</summary>
public static class Engine
{
    public const string Version = "0.5.0";

    /// <summary>The npm package that brings it, <c>@node-llama-cpp/linux-x64</c>.</summary>
    public const string PackageVersion = "3.22.1";

    /// <summary>For manifests.</summary>
    public const string Build = $"llama.cpp v{Version} (@node-llama-cpp/linux-x64 {PackageVersion})";

    /// <summary>SHA-256 of each library of it.</summary>
    public static IReadOnlyDictionary<string, string> Libraries => PinnedBuild.Libraries;

    /// <summary>Where npm puts it.</summary>
    public static string DefaultFolder => Path.Combine(Home.Engines, "@node-llama-cpp", "linux-x64", "bins", "linux-x64");

    static readonly Lazy<string> Default = new(() => Check(DefaultFolder));

    /// <summary>Checks the default folder once a process.</summary>
    /// <returns>The folder of the libraries.</returns>
    public static string Verify() => Default.Value;

    /// <summary>Hashes every library that llama.cpp may load from a folder and compares with the pinned ones.</summary>
    /// <exception cref="ForgeException">Missing, or another build: exit code 3.</exception>
    public static string Check(string folder)
    {
        var wrong = new List<Problem>();
        Parallel.ForEach(PinnedBuild.Libraries, library =>
        {
            var path = Path.Combine(folder, library.Key);
            var problem = !File.Exists(path)
                ? new Problem(library.Key, "is missing.")
                : Sha256.OfFile(path) != library.Value ? new Problem(library.Key, "is not of the pinned build.") : null;
            if (problem is not null)
            {
                lock (wrong)
                {
                    wrong.Add(problem);
                }
            }
        });
        return wrong.Count switch
        {
            0 => folder,
            var count when count == PinnedBuild.Libraries.Count && !Directory.Exists(folder) => throw new ForgeException(new Problem(folder, "the llama.cpp engine is not installed.", "Run ./distillforge setup."), ExitCode.Unavailable),
            _ => throw new ForgeException($"The engine in {folder} is not {Build}. Run ./distillforge setup. It", [.. wrong.OrderBy(p => p.Where, StringComparer.Ordinal)], ExitCode.Unavailable),
        };
    }

    internal static ForgeException AnotherBuild(string what)
        => new(new Problem("llama.cpp", $"this is not {Build}: {what}.", "Run ./distillforge setup."), ExitCode.Unavailable);
}
