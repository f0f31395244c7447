namespace DistillForge.Engines.Tests.Torch;

/// <summary>Tests that count live tensors or switch kernels off run alone.</summary>
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
