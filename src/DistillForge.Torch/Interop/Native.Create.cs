using System.Runtime.InteropServices;

namespace DistillForge.Torch;

// Tensors out of nothing, out of managed memory, and back: native/create.cpp.
static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial int df_from_data(void* source, long bytes, ReadOnlySpan<long> shape, int n, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_copy_out(TensorHandle t, void* target, long bytes);
    [LibraryImport(Library)] internal static partial int df_data_ptr(TensorHandle t, out nint result);
    [LibraryImport(Library)] internal static partial int df_data_id(TensorHandle t, out nint result);
    [LibraryImport(Library)] internal static partial int df_item(TensorHandle t, out Scalar result);
    [LibraryImport(Library)] internal static partial int df_empty(ReadOnlySpan<long> shape, int n, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_zeros(ReadOnlySpan<long> shape, int n, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_full(ReadOnlySpan<long> shape, int n, Scalar value, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_rand(ReadOnlySpan<long> shape, int n, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_randn(ReadOnlySpan<long> shape, int n, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_randint(long low, long high, ReadOnlySpan<long> shape, int n, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_randperm(long n, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_arange(Scalar start, Scalar stop, Scalar step, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_eye(long rows, long columns, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_full_like(TensorHandle t, Scalar value, int dtype, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_empty_like(TensorHandle t, int dtype, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_dim(TensorHandle t, out long result);
    [LibraryImport(Library)] internal static partial int df_numel(TensorHandle t, out long result);
    [LibraryImport(Library)] internal static partial int df_dtype(TensorHandle t, out int result);
    [LibraryImport(Library)] internal static partial int df_is_contiguous(TensorHandle t, out int result);
    [LibraryImport(Library)] internal static partial int df_device(TensorHandle t, out int type, out int index);
    [LibraryImport(Library)] internal static partial int df_sizes(TensorHandle t, Span<long> result, int strides);
    [LibraryImport(Library)] internal static partial int df_to_type(TensorHandle t, int dtype, int copy, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_to(TensorHandle t, int dtype, int device, int copy, out TensorHandle result);
}
