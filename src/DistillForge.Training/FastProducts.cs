using System.Runtime.Intrinsics.X86;

namespace DistillForge.Training;

/// <summary>Which number formats a device multiplies fast. libtorch computes bfloat16 products of processors without AVX512_BF16 or AMX element by element, some fifty times slower than float32.</summary>
public static class FastProducts
{
    static readonly bool ProcessorHasBFloat16 = HasBFloat16();

    /// <param name="device"><c>auto</c>, <c>cpu</c>, <c>cuda</c>, …</param>
    public static bool InBFloat16(string device) => InBFloat16(Accelerator.Find(device));

    internal static bool InBFloat16(Device device) => device.type != DeviceType.CPU || ProcessorHasBFloat16;

    /// <summary>What is asked for, or float32 where that is bfloat16 and slow.</summary>
    internal static Precision Or(Precision asked, Device device) => asked == Precision.BFloat16 && !InBFloat16(device) ? Precision.Float32 : asked;

    // Intel SDM, CPUID leaf 7: AMX-BF16 is bit 22 of EDX, AVX512_BF16 bit 5 of EAX of subleaf 1.
    static bool HasBFloat16()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return false;
        }

        var features = X86Base.CpuId(7, 0);
        var hasAmx = (features.Edx & (1 << 22)) != 0;
        return hasAmx || (features.Eax >= 1 && Avx512F.IsSupported && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0);
    }
}
