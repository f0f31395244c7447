using System.Globalization;

namespace DistillForge.Torch;

public enum DeviceType
{
    CPU = 0,
    CUDA = 1,
}

public static partial class torch
{
    public static readonly Device CPU = new(DeviceType.CPU);
    public static readonly Device CUDA = new(DeviceType.CUDA);

    /// <summary>The types of a tensor's elements; the numbers are libtorch's.</summary>
    public enum ScalarType : sbyte
    {
        Byte = 0,
        Int8 = 1,
        Int16 = 2,
        Int32 = 3,
        Int64 = 4,
        Float16 = 5,
        Float32 = 6,
        Float64 = 7,
        Bool = 11,
        BFloat16 = 15,
    }

    public const ScalarType uint8 = ScalarType.Byte;
    public const ScalarType int8 = ScalarType.Int8;
    public const ScalarType int16 = ScalarType.Int16;
    public const ScalarType int32 = ScalarType.Int32;
    public const ScalarType int64 = ScalarType.Int64;
    public const ScalarType float16 = ScalarType.Float16;
    public const ScalarType float32 = ScalarType.Float32;
    public const ScalarType float64 = ScalarType.Float64;
    public const ScalarType bfloat16 = ScalarType.BFloat16;
    public const ScalarType @bool = ScalarType.Bool;

    public static Device device(string description) => new(description);

    public static Device device(DeviceType type, int index = -1) => new(type, index);

    /// <summary>Where a tensor lies: <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>.</summary>
    public sealed class Device
    {
        public Device(DeviceType type, int index = -1) => (this.type, this.index) = (type, index);

        public Device(string description)
        {
            var parts = description.Split(':', 2);
            type = parts[0] switch
            {
                "cpu" => DeviceType.CPU,
                "cuda" => DeviceType.CUDA,
                _ => throw new ArgumentException($"'{description}' is no device; devices are cpu, cuda and cuda:N.", nameof(description)),
            };
            index = parts.Length == 2 ? int.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture) : -1;
        }

        public DeviceType type { get; }

        /// <summary>-1 is the current one of its type.</summary>
        public int index { get; }

        internal int Code => ((int)type << 16) | (index & 0xffff);

        public override string ToString() => (type == DeviceType.CPU ? "cpu" : "cuda") + (index >= 0 ? $":{index}" : "");
    }

    public static class cuda
    {
        public static bool is_available() => Native.df_cuda_available() != 0;

        /// <summary>Waits for everything that was asked of the device; work is queued, and a clock sees the queueing alone.</summary>
        public static void synchronize(Device? device = null) => Check.Ok(Native.df_synchronize((device ?? CUDA).Code));

        /// <summary>The device's own generator as bytes.</summary>
        public static Tensor get_rng_state(Device? device = null) => Check.Tensor(Native.df_rng_state((device ?? CUDA).Code, out var result), result);

        public static void set_rng_state(Tensor new_state, Device? device = null) => Check.Ok(Native.df_set_rng_state((device ?? CUDA).Code, new_state.Handle));

        /// <summary>Bytes that tensors take on the device; −1 where this libtorch does not say.</summary>
        public static long memory_allocated(Device? device = null) => Memory(device, reset: false).Now;

        /// <summary>At most, since the last reset.</summary>
        public static long max_memory_allocated(Device? device = null) => Memory(device, reset: false).Peak;

        public static void reset_peak_memory_stats(Device? device = null) => Memory(device, reset: true);

        static (long Now, long Peak) Memory(Device? device, bool reset)
        {
            Check.Ok(Native.df_cuda_memory((device ?? CUDA).Code, reset ? 1 : 0, out var now, out var peak));
            return (now, peak);
        }
    }
}
