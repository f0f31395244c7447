using System.Runtime.InteropServices;

namespace DistillForge.Torch;

public static partial class torch
{
    public static Tensor tensor(float scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<float>([scalar], [], dtype, device, requires_grad);

    public static Tensor tensor(float[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<float>(dataArray, [dataArray.Length], dtype, device, requires_grad);

    public static Tensor tensor(float[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<float>(dataArray, dimensions, dtype, device, requires_grad);

    public static Tensor tensor(float[,] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => From<float>(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(dataArray).As<float>(), dataArray.Length), [dataArray.GetLength(0), dataArray.GetLength(1)], dtype, device, requires_grad);

    public static Tensor tensor(double scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<double>([scalar], [], dtype, device, requires_grad);

    public static Tensor tensor(double[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<double>(dataArray, [dataArray.Length], dtype, device, requires_grad);

    public static Tensor tensor(double[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<double>(dataArray, dimensions, dtype, device, requires_grad);

    public static Tensor tensor(double[,] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => From<double>(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(dataArray).As<double>(), dataArray.Length), [dataArray.GetLength(0), dataArray.GetLength(1)], dtype, device, requires_grad);

    public static Tensor tensor(long scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<long>([scalar], [], dtype, device, requires_grad);

    public static Tensor tensor(long[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<long>(dataArray, [dataArray.Length], dtype, device, requires_grad);

    public static Tensor tensor(long[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<long>(dataArray, dimensions, dtype, device, requires_grad);

    public static Tensor tensor(long[,] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => From<long>(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(dataArray).As<long>(), dataArray.Length), [dataArray.GetLength(0), dataArray.GetLength(1)], dtype, device, requires_grad);

    public static Tensor tensor(int scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<int>([scalar], [], dtype, device, requires_grad);

    public static Tensor tensor(int[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<int>(dataArray, [dataArray.Length], dtype, device, requires_grad);

    public static Tensor tensor(int[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<int>(dataArray, dimensions, dtype, device, requires_grad);

    public static Tensor tensor(int[,] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => From<int>(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(dataArray).As<int>(), dataArray.Length), [dataArray.GetLength(0), dataArray.GetLength(1)], dtype, device, requires_grad);

    public static Tensor tensor(bool scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<bool>([scalar], [], dtype, device, requires_grad);

    public static Tensor tensor(bool[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<bool>(dataArray, [dataArray.Length], dtype, device, requires_grad);

    public static Tensor tensor(bool[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<bool>(dataArray, dimensions, dtype, device, requires_grad);

    public static Tensor tensor(bool[,] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => From<bool>(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(dataArray).As<bool>(), dataArray.Length), [dataArray.GetLength(0), dataArray.GetLength(1)], dtype, device, requires_grad);

    public static Tensor tensor(byte scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<byte>([scalar], [], dtype, device, requires_grad);

    public static Tensor tensor(byte[] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<byte>(dataArray, [dataArray.Length], dtype, device, requires_grad);

    public static Tensor tensor(byte[] dataArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => From<byte>(dataArray, dimensions, dtype, device, requires_grad);

    public static Tensor tensor(byte[,] dataArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => From<byte>(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(dataArray).As<byte>(), dataArray.Length), [dataArray.GetLength(0), dataArray.GetLength(1)], dtype, device, requires_grad);

    /// <summary>Copies managed memory; the element type of the tensor is that of the span unless <paramref name="dtype"/> says another.</summary>
    public static Tensor tensor<T>(ReadOnlySpan<T> data, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        where T : unmanaged
        => From(data, dimensions, dtype, device, requires_grad);

    /// <summary>A tensor of any type from its raw little-endian bytes; the way in for files.</summary>
    public static Tensor frombytes(ReadOnlySpan<byte> data, ScalarType dtype, ReadOnlySpan<long> dimensions, Device? device = null) => Raw(data, dtype, dimensions, device);

    static Tensor From<T>(ReadOnlySpan<T> data, ReadOnlySpan<long> dimensions, ScalarType? dtype, Device? device, bool requires_grad)
        where T : unmanaged
    {
        var type = ScalarTypeOf(typeof(T)) ?? throw new ArgumentException($"No tensor holds elements of type {typeof(T).Name}.");
        var result = Raw(MemoryMarshal.AsBytes(data), type, dimensions, device);
        return (dtype is { } wanted && wanted != type ? result.to_type(wanted, disposeAfter: true) : result).requires_grad_(requires_grad);
    }

    static unsafe Tensor Raw(ReadOnlySpan<byte> data, ScalarType type, ReadOnlySpan<long> dimensions, Device? device)
    {
        fixed (byte* pointer = data)
        {
            return Check.Tensor(Native.df_from_data(pointer, data.Length, dimensions, dimensions.Length, (int)type, (device ?? CPU).Code, out var result), result);
        }
    }
}

static class ArrayReference
{
    internal static ref T As<T>(ref this byte first) => ref System.Runtime.CompilerServices.Unsafe.As<byte, T>(ref first);
}
