namespace DistillForge.Engines.Tests.Torch;

/// <summary>Tests that count live tensors, switch kernels off or compare bits run alone: the number of BLAS threads is one for the whole process, and bits depend on it.</summary>
[CollectionDefinition("torch", DisableParallelization = true)]
public sealed class TorchCollection
{
    /// <summary>Tensors alive once the collector has taken what nobody holds.</summary>
    internal static long LiveTensors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
    }
}
