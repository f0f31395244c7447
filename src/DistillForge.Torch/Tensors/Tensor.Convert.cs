namespace DistillForge.Torch;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>This tensor when it has the type already, else a converted copy; autograd flows through.</summary>
        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false)
            => Converted(Check.Tensor(Native.df_to_type(Handle, (int)type, Flag(copy), out var result), result), disposeAfter);

        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false) => to_type(type, copy, disposeAfter);

        public Tensor to(Device device, bool copy = false, bool disposeAfter = false) => to(dtype, device, copy, disposeAfter);

        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false)
            => Converted(Check.Tensor(Native.df_to(Handle, (int)type, device.Code, Flag(copy), out var result), result), disposeAfter);

        public Tensor cpu() => to(CPU);

        public Tensor cuda() => to(CUDA);

        public Tensor @float() => to_type(ScalarType.Float32);

        public Tensor @long() => to_type(ScalarType.Int64);

        public Tensor type_as(Tensor other) => to_type(other.dtype);

        Tensor Converted(Tensor result, bool disposeAfter)
        {
            if (disposeAfter)
            {
                Dispose();
            }

            return result;
        }
    }
}
