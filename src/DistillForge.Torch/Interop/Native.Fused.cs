using System.Runtime.InteropServices;

namespace DistillForge.Torch;

// Fused autograd functions: native/norm.cpp, swiglu.cpp, rope.cpp, attention.cpp, linear.cpp, entropy.cpp.
static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial int df_rms_norm(TensorHandle x, TensorHandle weight, double eps, int type, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_swiglu(TensorHandle gate, TensorHandle up, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_rope(TensorHandle x, TensorHandle table, TensorHandle positions, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_causal_softmax(TensorHandle scores, double scale, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_causal_attention(TensorHandle queries, TensorHandle keys, TensorHandle values, double scale, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_mixed_linear(TensorHandle x, TensorHandle weight, TensorHandle copy, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_end_to_end(ReadOnlySpan<nint> weights, int count, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_joined_linear(TensorHandle x, ReadOnlySpan<nint> weights, int count, TensorHandle joined, Span<nint> results);
    [LibraryImport(Library)] internal static partial int df_linear_sparse_cross_entropy(TensorHandle hidden, TensorHandle master, TensorHandle weight, TensorHandle ids, TensorHandle weights, long valid, long chunk, int plain, out TensorHandle total, out TensorHandle surprisals);
}
