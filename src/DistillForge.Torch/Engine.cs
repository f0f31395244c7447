using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using DistillForge.Core;

namespace DistillForge.Torch;

/// <summary>
/// libtorch in this process: how many threads it takes, how it allocates, where the shim lies. Everything here must be
/// settled before libtorch is loaded; the figures behind each setting are in <c>src/decisions/threads.md</c>.
/// </summary>
public static partial class Engine
{
    internal const string LibraryName = "distillforge_torch";

    static readonly Lock Gate = new();
    static int threads;
    static bool loaded;

    /// <summary>Threads that one operation may take.</summary>
    public static int Threads => threads > 0 ? threads : Environment.ProcessorCount;

    /// <summary>Version of the libtorch that the shim was built against, e.g. <c>1.13.1</c>.</summary>
    public static string Version => Marshal.PtrToStringUTF8(Native.df_version()) ?? "";

    /// <summary>The shim as built: beside the program, or in <c>.artifacts/native</c>.</summary>
    public static string LibraryPath
    {
        get
        {
            var beside = Path.Combine(AppContext.BaseDirectory, $"lib{LibraryName}.so");
            return File.Exists(beside) ? beside : Path.Combine(Home.Root, ".artifacts", "native", $"lib{LibraryName}.so");
        }
    }

    /// <summary>Sets threads and allocator. Once, before the first tensor; 0 takes every processor.</summary>
    /// <exception cref="InvalidOperationException">libtorch is loaded already, and with another number of threads.</exception>
    public static void Configure(int threads = 0)
    {
        var wanted = threads > 0 ? threads : Environment.ProcessorCount;
        lock (Gate)
        {
            if (loaded && wanted != Threads)
            {
                throw new InvalidOperationException($"libtorch runs with {Threads} threads already; configure it before the first tensor.");
            }

            Engine.threads = wanted;
        }
    }

    internal static void Load()
    {
        lock (Gate)
        {
            if (loaded)
            {
                return;
            }

            threads = Threads;
            Prepare(threads);
            NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), Resolve);
            loaded = true;
        }

        Check.Ok(Native.df_set_threads(threads));
    }

    static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != LibraryName)
        {
            return 0;
        }

        try
        {
            return NativeLibrary.Load(LibraryPath);
        }
        catch (DllNotFoundException e)
        {
            throw new ForgeException(new Problem(LibraryPath, $"cannot be loaded: {e.Message.Trim()}", "Run ./distillforge setup, then build again."), ExitCode.Unavailable, e);
        }
    }

    // Native setenv: Environment.SetEnvironmentVariable changes only what managed code sees. A core type or a way of waiting that the
    // user has set stays. DISTILLFORGE_TORCH_DEFAULTS names settings to leave out (coretype, waiting, malloc), to measure what each is worth.
    static void Prepare(int count)
    {
        var left = Environment.GetEnvironmentVariable("DISTILLFORGE_TORCH_DEFAULTS") ?? "";
        _ = setenv("OMP_NUM_THREADS", count.ToString(), 1);
        _ = setenv("OPENBLAS_NUM_THREADS", count.ToString(), 1);
        if (Avx512F.IsSupported && !left.Contains("coretype", StringComparison.Ordinal))
        {
            _ = setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
        }

        if (!left.Contains("waiting", StringComparison.Ordinal))
        {
            _ = setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
        }

        if (!left.Contains("malloc", StringComparison.Ordinal))
        {
            KeepMemory();
        }
    }

    // Large tensors come and go each step. By default each is mapped and unmapped, and its page faults cost as much as the products.
    static void KeepMemory()
    {
        _ = mallopt(MmapThreshold, 1 << 30);
        _ = mallopt(TrimThreshold, -1);
        _ = mallopt(ArenaMax, 1);
        _ = mallopt(TopPad, 64 << 20);
    }

    const int MmapThreshold = -3;
    const int TrimThreshold = -1;
    const int ArenaMax = -8;
    const int TopPad = -2;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
