using System.Globalization;

namespace DistillForge.Torch;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The elements, row by row, as managed values; <typeparamref name="T"/> is the type that the tensor holds.</summary>
        public TensorAccessor<T> data<T>()
            where T : unmanaged
        {
            RequireElement<T>();
            return new TensorAccessor<T>(this);
        }

        /// <summary>The only element of a tensor, converted: a bfloat16 can be read as a float.</summary>
        public T item<T>()
            where T : unmanaged
        {
            Check.Ok(Native.df_item(Handle, out var value));
            return typeof(T) == typeof(bool) ? (T)(object)(value.Long != 0)
                : (T)Convert.ChangeType(value.IsReal ? value.Double : value.Long, typeof(T), CultureInfo.InvariantCulture);
        }

        public float ToSingle() => item<float>();

        public double ToDouble() => item<double>();

        public int ToInt32() => item<int>();

        public long ToInt64() => item<long>();

        public bool ToBoolean() => item<bool>();

        /// <summary>The native memory of a contiguous tensor on the CPU. Valid while the tensor lives; writing writes the tensor.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                Check.Ok(Native.df_data_ptr(Handle, out var pointer));
                return new Span<byte>((void*)pointer, checked((int)(NumberOfElements * ElementSize)));
            }

            set
            {
                var target = bytes;
                if (target.Length != value.Length)
                {
                    throw new ArgumentException($"{value.Length} bytes do not fill a tensor of {target.Length}.");
                }

                value.CopyTo(target);
            }
        }

        /// <summary>Copies the elements out; strided and CUDA tensors too.</summary>
        public unsafe void CopyTo<T>(Span<T> target)
            where T : unmanaged
        {
            RequireElement<T>();
            fixed (T* pointer = target)
            {
                Check.Ok(Native.df_copy_out(Handle, pointer, (long)target.Length * sizeof(T)));
            }
        }

        /// <summary>The elements as raw little-endian bytes, whatever their type; for files.</summary>
        public unsafe byte[] ToBytes()
        {
            var result = new byte[checked((int)(NumberOfElements * ElementSize))];
            fixed (byte* pointer = result)
            {
                Check.Ok(Native.df_copy_out(Handle, pointer, result.Length));
            }

            return result;
        }

        void RequireElement<T>()
        {
            if (ScalarTypeOf(typeof(T)) is { } type ? type != dtype : dtype is not ScalarType.BFloat16 || typeof(T) != typeof(ushort))
            {
                throw new ArgumentException($"The tensor holds {dtype}, which is no {typeof(T).Name}; convert it with to_type first.");
            }
        }
    }

    internal static ScalarType? ScalarTypeOf(Type type)
        => type == typeof(float) ? ScalarType.Float32
        : type == typeof(double) ? ScalarType.Float64
        : type == typeof(long) ? ScalarType.Int64
        : type == typeof(int) ? ScalarType.Int32
        : type == typeof(short) ? ScalarType.Int16
        : type == typeof(byte) ? ScalarType.Byte
        : type == typeof(sbyte) ? ScalarType.Int8
        : type == typeof(bool) ? ScalarType.Bool
        : type == typeof(Half) ? ScalarType.Float16
        : null;
}

/// <summary>The elements of a tensor, row by row.</summary>
public readonly struct TensorAccessor<T>(torch.Tensor tensor)
    where T : unmanaged
{
    public long Count => tensor.NumberOfElements;

    public T this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)index, (ulong)Count);
            using var one = Alone(tensor.flatten().narrow(0, index, 1));
            var result = new T[1];
            one.CopyTo<T>(result);
            return result[0];
        }
    }

    public T[] ToArray()
    {
        var result = new T[Count];
        tensor.CopyTo<T>(result);
        return result;
    }

    public void CopyTo(Span<T> target) => tensor.CopyTo(target[..checked((int)Count)]);

    static torch.Tensor Alone(torch.Tensor tensor) => tensor;
}
