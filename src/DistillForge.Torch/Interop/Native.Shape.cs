using System.Runtime.InteropServices;

namespace DistillForge.Torch;

// Shapes and choosing: native/shape.cpp.
static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial int df_view(TensorHandle a, ReadOnlySpan<long> d, int n, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_reshape(TensorHandle a, ReadOnlySpan<long> d, int n, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_expand(TensorHandle a, ReadOnlySpan<long> d, int n, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_repeat(TensorHandle a, ReadOnlySpan<long> d, int n, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_permute(TensorHandle a, ReadOnlySpan<long> d, int n, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_flip(TensorHandle a, ReadOnlySpan<long> d, int n, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_transpose(TensorHandle a, long x, long y, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_t(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_flatten(TensorHandle a, long start, long stop, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_unsqueeze(TensorHandle a, long dim, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_squeeze(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_squeeze_dim(TensorHandle a, long dim, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_narrow(TensorHandle a, long dim, long start, long length, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_slice(TensorHandle a, long dim, long start, long stop, long step, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_select(TensorHandle a, long dim, long index, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_contiguous(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_alias(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_clone(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_tril(TensorHandle a, long diagonal, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_triu(TensorHandle a, long diagonal, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_repeat_interleave(TensorHandle a, long repeats, long dim, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_roll(TensorHandle a, long shift, long dim, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_nonzero(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_masked_select(TensorHandle a, TensorHandle mask, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_cat(ReadOnlySpan<nint> tensors, int n, long dim, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_stack(ReadOnlySpan<nint> tensors, int n, long dim, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_gather(TensorHandle a, long dim, TensorHandle index, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_index_select(TensorHandle a, long dim, TensorHandle index, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_scatter(TensorHandle a, long dim, TensorHandle index, TensorHandle source, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_scatter_add(TensorHandle a, long dim, TensorHandle index, TensorHandle source, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_scatter_(TensorHandle a, long dim, TensorHandle index, TensorHandle source);
    [LibraryImport(Library)] internal static partial int df_scatter_add_(TensorHandle a, long dim, TensorHandle index, TensorHandle source);
    [LibraryImport(Library)] internal static partial int df_index_add(TensorHandle a, long dim, TensorHandle index, TensorHandle source, Scalar alpha, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_index_add_(TensorHandle a, long dim, TensorHandle index, TensorHandle source, Scalar alpha);
    [LibraryImport(Library)] internal static partial int df_index(TensorHandle a, ReadOnlySpan<IndexEntry> items, int n, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_index_put_(TensorHandle a, ReadOnlySpan<IndexEntry> items, int n, TensorHandle value);
    [LibraryImport(Library)] internal static partial int df_index_put_scalar_(TensorHandle a, ReadOnlySpan<IndexEntry> items, int n, Scalar value);
    [LibraryImport(Library)] internal static partial int df_split(TensorHandle a, ReadOnlySpan<long> sizes, int n, long dim, Span<nint> result);
}
