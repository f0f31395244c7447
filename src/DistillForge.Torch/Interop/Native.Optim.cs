using System.Runtime.InteropServices;

namespace DistillForge.Torch;

// Whole models at once: native/optim.cpp.
static unsafe partial class Native
{
    [LibraryImport(Library)] internal static partial int df_clip_grad_norm_(ReadOnlySpan<nint> parameters, int n, double limit, out double norm);
    [LibraryImport(Library)] internal static partial int df_adamw(ReadOnlySpan<nint> parameters, ReadOnlySpan<nint> means, ReadOnlySpan<nint> squares, Span<long> steps, int n, double rate, double beta1, double beta2, double eps, double decay);
}
