namespace DistillForge.Torch.Utils;

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
            using var flat = tensor.flatten();
            using var one = flat.narrow(0, index, 1);
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
}
