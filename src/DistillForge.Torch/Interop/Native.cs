using System.Runtime.InteropServices;

namespace DistillForge.Torch;

/// <summary>The shim's C functions, file by file as in <c>native/</c>. A status of 0 is success.</summary>
static unsafe partial class Native
{
    const string Library = Engine.LibraryName;

    // The first call of any function loads libtorch, which must find its threads and allocator already set.
    static Native() => Engine.Load();

    [LibraryImport(Library)] internal static partial nint df_last_error();
    [LibraryImport(Library)] internal static partial nint df_version();
    [LibraryImport(Library), SuppressGCTransition] internal static partial long df_live_tensors();
    [LibraryImport(Library), SuppressGCTransition] internal static partial long df_live_bytes();
    [LibraryImport(Library)] internal static partial void df_free(nint tensor);
    [LibraryImport(Library)] internal static partial int df_set_threads(int count);
    [LibraryImport(Library)] internal static partial int df_get_threads();
    [LibraryImport(Library)] internal static partial int df_cuda_available();
    [LibraryImport(Library)] internal static partial int df_grad_mode(int enabled);
    [LibraryImport(Library)] internal static partial int df_grad_enabled();
    [LibraryImport(Library)] internal static partial int df_manual_seed(long seed);
    [LibraryImport(Library)] internal static partial int df_rng_state(int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_set_rng_state(int device, TensorHandle state);
    [LibraryImport(Library)] internal static partial int df_watch_memory();
    [LibraryImport(Library)] internal static partial int df_end_watch(out long peak);
    [LibraryImport(Library)] internal static partial int df_synchronize(int device);
    [LibraryImport(Library)] internal static partial int df_cuda_memory(int device, int reset, out long now, out long peak);
}
