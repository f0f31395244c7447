using System.Runtime.InteropServices;

namespace DistillForge.Torch;

// Gradients: native/autograd.cpp.
static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial int df_backward(TensorHandle loss, TensorHandle gradient, int retain);
    [LibraryImport(Library)] internal static partial int df_autograd_grad(ReadOnlySpan<nint> outputs, int n, ReadOnlySpan<nint> inputs, int m, int retain, int create_graph, Span<nint> result);
    [LibraryImport(Library)] internal static partial int df_grad(TensorHandle t, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_set_grad(TensorHandle t, TensorHandle gradient);
    [LibraryImport(Library)] internal static partial int df_zero_grads(ReadOnlySpan<nint> tensors, int n, int to_none);
    [LibraryImport(Library)] internal static partial int df_requires_grad(TensorHandle t, out int result);
    [LibraryImport(Library)] internal static partial int df_set_requires_grad(TensorHandle t, int value);
    [LibraryImport(Library)] internal static partial int df_is_leaf(TensorHandle t, out int result);
    [LibraryImport(Library)] internal static partial int df_retain_grad(TensorHandle t);
    [LibraryImport(Library)] internal static partial int df_detach(TensorHandle t, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_detach_(TensorHandle t);
    [LibraryImport(Library)] internal static partial int df_version_of(TensorHandle t, out long result);
    [LibraryImport(Library)] internal static partial int df_swap_data(TensorHandle t, TensorHandle data);
}
