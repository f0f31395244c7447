using System.Reflection;
using System.Runtime.InteropServices;
using DistillForge.Core;

namespace DistillForge.Llama.Native;

/// <summary>Loads the engine into this process, in the only order that works.</summary>
static class NativeLibraries
{
    static string folder = "";

    /// <summary>The CPU variant that llama.cpp picked for this machine, e.g. <c>zen4</c>.</summary>
    public static string Variant { get; private set; } = "";

    /// <exception cref="ForgeException">Not the build that we bind.</exception>
    public static void Load(string librariesFolder)
    {
        folder = librariesFolder;
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);
        EngineLog.Attach();
        BuildSentinels.Check();
        // Without this no CPU backend exists.
        LlamaApi.LoadBackends(folder);
        LlamaApi.BackendInit();
        Variant = LoadedVariant();
    }

    // A plain name fails; by full path, RUNPATH $ORIGIN finds the rest.
    static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name switch
    {
        "llama" or "ggml" => NativeLibrary.Load(Path.Combine(folder, $"lib{name}.v0.5.0.so")),
        _ => 0,
    };

    static string LoadedVariant()
    {
        const string Prefix = "libggml-cpu-";
        var mapped = File.ReadLines("/proc/self/maps").Select(line => Path.GetFileName(line.AsSpan()[(line.LastIndexOf(' ') + 1)..]).ToString());
        var library = mapped.FirstOrDefault(name => name.StartsWith(Prefix, StringComparison.Ordinal));
        return library is null
            ? throw new ForgeException(new Problem(folder, "llama.cpp found no CPU variant that runs on this machine.", "Run ./distillforge setup."), ExitCode.Unavailable)
            : Path.GetFileNameWithoutExtension(library)[Prefix.Length..];
    }
}
