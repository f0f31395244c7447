using System.Runtime.InteropServices;

namespace DistillForge.Torch;

// Reductions, softmax, running sums: native/reduce.cpp.
static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial int df_sum(TensorHandle a, int dtype, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_sum_dims(TensorHandle a, ReadOnlySpan<long> d, int n, int keep, int dtype, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_mean(TensorHandle a, int dtype, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_mean_dims(TensorHandle a, ReadOnlySpan<long> d, int n, int keep, int dtype, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_var(TensorHandle a, long dim, int unbiased, int keep, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_std(TensorHandle a, int unbiased, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_norm(TensorHandle a, Scalar p, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_max(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_min(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_max_dim(TensorHandle a, long dim, int keep, out TensorHandle values, out TensorHandle indices);
    [LibraryImport(Library)] internal static partial int df_min_dim(TensorHandle a, long dim, int keep, out TensorHandle values, out TensorHandle indices);
    [LibraryImport(Library)] internal static partial int df_amax(TensorHandle a, ReadOnlySpan<long> d, int n, int keep, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_argmax(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_argmax_dim(TensorHandle a, long dim, int keep, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_argmin_dim(TensorHandle a, long dim, int keep, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_all(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_any(TensorHandle a, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_all_dim(TensorHandle a, long dim, int keep, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_any_dim(TensorHandle a, long dim, int keep, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_topk(TensorHandle a, long k, long dim, int largest, int sorted, out TensorHandle values, out TensorHandle indices);
    [LibraryImport(Library)] internal static partial int df_sort(TensorHandle a, long dim, int descending, out TensorHandle values, out TensorHandle indices);
    [LibraryImport(Library)] internal static partial int df_argsort(TensorHandle a, long dim, int descending, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_logsumexp(TensorHandle a, long dim, int keep, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_softmax(TensorHandle a, long dim, int dtype, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_log_softmax(TensorHandle a, long dim, int dtype, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_cumsum(TensorHandle a, long dim, int dtype, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_multinomial(TensorHandle a, long samples, int replacement, out TensorHandle result);
}
