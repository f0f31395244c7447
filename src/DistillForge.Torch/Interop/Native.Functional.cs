using System.Runtime.InteropServices;

namespace DistillForge.Torch;

// torch.nn.functional: native/functional.cpp.
static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial int df_linear(TensorHandle x, TensorHandle weight, TensorHandle bias, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_addmm(TensorHandle a, TensorHandle b, TensorHandle c, double beta, double alpha, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_baddbmm(TensorHandle a, TensorHandle b, TensorHandle c, double beta, double alpha, out TensorHandle result);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int df_einsum(string equation, ReadOnlySpan<nint> tensors, int n, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_embedding(TensorHandle weight, TensorHandle ids, long padding, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_layer_norm(TensorHandle x, ReadOnlySpan<long> d, int n, TensorHandle weight, TensorHandle bias, double eps, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_dropout(TensorHandle x, double p, int training, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_cross_entropy(TensorHandle x, TensorHandle target, TensorHandle weight, long ignore, long reduction, double smoothing, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_nll_loss(TensorHandle x, TensorHandle target, TensorHandle weight, long ignore, long reduction, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_kl_div(TensorHandle x, TensorHandle target, long reduction, int log_target, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int df_mse_loss(TensorHandle x, TensorHandle target, long reduction, out TensorHandle result);
}
