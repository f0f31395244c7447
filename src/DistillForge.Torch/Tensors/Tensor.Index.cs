using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistillForge.Torch;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Python-like indexing: integers, ranges, tensors, <see cref="TensorIndex.Ellipsis"/>, <see cref="TensorIndex.Null"/>.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        /// <summary>Row <paramref name="i"/>.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[long i]
        {
            get => select(0, i);
            set => index_put_(value, TensorIndex.Single(i));
        }

        public Tensor index(params TensorIndex[] indices)
            => Check.Tensor(Native.df_index(Handle, Entries(indices), indices.Length, out var result), Kept(result, indices));

        public Tensor index(params Tensor[] indices) => index([.. indices.Select(TensorIndex.Tensor)]);

        public Tensor index_put_(Tensor value, params TensorIndex[] indices)
        {
            Check.Ok(Native.df_index_put_(Handle, Entries(indices), indices.Length, value.Handle));
            GC.KeepAlive(indices);
            return this;
        }

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            Check.Ok(Native.df_index_put_scalar_(Handle, Entries(indices), indices.Length, value));
            GC.KeepAlive(indices);
            return this;
        }

        public Tensor index_select(long dim, Tensor index) => Check.Tensor(Native.df_index_select(Handle, dim, index.Handle, out var result), result);

        public Tensor select(long dim, long index) => Check.Tensor(Native.df_select(Handle, dim, index, out var result), result);

        public Tensor narrow(long dim, long start, long length) => Check.Tensor(Native.df_narrow(Handle, dim, start, length, out var result), result);

        public Tensor slice(long dim, long start, long finish, long step) => Check.Tensor(Native.df_slice(Handle, dim, start, finish, step, out var result), result);

        public Tensor gather(long dim, Tensor index) => Check.Tensor(Native.df_gather(Handle, dim, index.Handle, out var result), result);

        public Tensor scatter(long dim, Tensor index, Tensor src) => Check.Tensor(Native.df_scatter(Handle, dim, index.Handle, src.Handle, out var result), result);

        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Check.Tensor(Native.df_scatter_add(Handle, dim, index.Handle, src.Handle, out var result), result);

        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha)
            => Check.Tensor(Native.df_index_add(Handle, dim, index.Handle, source.Handle, alpha, out var result), result);

        public Tensor masked_select(Tensor mask) => Check.Tensor(Native.df_masked_select(Handle, mask.Handle, out var result), result);

        public Tensor nonzero() => Check.Tensor(Native.df_nonzero(Handle, out var result), result);

        static TensorHandle Kept(TensorHandle result, TensorIndex[] indices)
        {
            GC.KeepAlive(indices);
            return result;
        }

        static IndexEntry[] Entries(TensorIndex[] indices) => [.. indices.Select(index => index.Entry)];
    }

    /// <summary>One entry between the brackets of an indexing expression.</summary>
    public readonly struct TensorIndex
    {
        readonly Tensor? tensor;

        TensorIndex(long kind, long start = IndexEntry.Absent, long stop = IndexEntry.Absent, long step = IndexEntry.Absent, Tensor? tensor = null)
            => (Numbers, this.tensor) = (new IndexEntry(kind, start, stop, step, 0), tensor);

        /// <summary>As many whole axes as are not named.</summary>
        public static TensorIndex Ellipsis { get; } = new(IndexEntry.Ellipsis);

        /// <summary>A new axis of length 1.</summary>
        public static TensorIndex Null { get; } = new(IndexEntry.NewAxis);

        public static TensorIndex None => Null;

        /// <summary>A whole axis.</summary>
        public static TensorIndex Colon { get; } = Slice();

        IndexEntry Numbers { get; }

        internal IndexEntry Entry => tensor is null ? Numbers : Numbers with { Tensor = tensor.Pointer };

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null)
            => new(IndexEntry.Slice, start ?? IndexEntry.Absent, stop ?? IndexEntry.Absent, step ?? IndexEntry.Absent);

        public static TensorIndex Single(long index) => new(IndexEntry.Single, index);

        public static TensorIndex Tensor(Tensor tensor) => new(IndexEntry.ByTensor, tensor: tensor);

        public static implicit operator TensorIndex(long index) => Single(index);

        public static implicit operator TensorIndex(Index index) => Single(index.IsFromEnd ? -index.Value : index.Value);

        public static implicit operator TensorIndex(Range range)
            => Slice(
                range.Start.IsFromEnd ? -range.Start.Value : range.Start.Value,
                !range.End.IsFromEnd ? range.End.Value : range.End.Value == 0 ? null : -range.End.Value);
    }
}

/// <summary>What the shim reads of a <see cref="torch.TensorIndex"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
readonly record struct IndexEntry(long Kind, long Start, long Stop, long Step, nint Tensor)
{
    internal const long Absent = long.MinValue;
    internal const long Single = 0;
    internal const long Slice = 1;
    internal const long ByTensor = 2;
    internal const long Ellipsis = 3;
    internal const long NewAxis = 4;
}
