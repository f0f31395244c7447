namespace DistillForge.Torch;

public static partial class torch
{
    public partial class Tensor
    {
        public long[] shape => size();

        public long Dimensions
        {
            get
            {
                Check.Ok(Native.df_dim(Handle, out var result));
                return result;
            }
        }

        public long ndim => Dimensions;

        public long NumberOfElements
        {
            get
            {
                Check.Ok(Native.df_numel(Handle, out var result));
                return result;
            }
        }

        public ScalarType dtype
        {
            get
            {
                Check.Ok(Native.df_dtype(Handle, out var result));
                return (ScalarType)result;
            }
        }

        public Device device
        {
            get
            {
                Check.Ok(Native.df_device(Handle, out var type, out var index));
                return type == (int)DeviceType.CPU ? CPU : new Device((DeviceType)type, index);
            }
        }

        public DeviceType device_type => device.type;

        public long ElementSize => ElementSizeOf(dtype);

        public Tensor T => t();

        public Tensor mT => transpose(-2, -1);

        public long dim() => Dimensions;

        public long numel() => NumberOfElements;

        public long element_size() => ElementSize;

        public long[] size() => Sizes(strides: false);

        public long size(int dim) => shape[dim < 0 ? dim + (int)Dimensions : dim];

        public long[] stride() => Sizes(strides: true);

        public long stride(int dim) => stride()[dim < 0 ? dim + (int)Dimensions : dim];

        public bool is_contiguous()
        {
            Check.Ok(Native.df_is_contiguous(Handle, out var result));
            return result != 0;
        }

        public bool is_floating_point() => dtype is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;

        public Tensor view(params long[] shape) => Check.Tensor(Native.df_view(Handle, shape, shape.Length, out var result), result);

        public Tensor reshape(params long[] shape) => Check.Tensor(Native.df_reshape(Handle, shape, shape.Length, out var result), result);

        public Tensor expand(params long[] sizes) => Check.Tensor(Native.df_expand(Handle, sizes, sizes.Length, out var result), result);

        public Tensor expand_as(Tensor other) => expand(other.shape);

        public Tensor view_as(Tensor other) => view(other.shape);

        public Tensor repeat(params long[] sizes) => Check.Tensor(Native.df_repeat(Handle, sizes, sizes.Length, out var result), result);

        public Tensor permute(params long[] permutation) => Check.Tensor(Native.df_permute(Handle, permutation, permutation.Length, out var result), result);

        public Tensor flip(params long[] dims) => Check.Tensor(Native.df_flip(Handle, dims, dims.Length, out var result), result);

        public Tensor transpose(long dim0, long dim1) => Check.Tensor(Native.df_transpose(Handle, dim0, dim1, out var result), result);

        public Tensor t() => Check.Tensor(Native.df_t(Handle, out var result), result);

        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Check.Tensor(Native.df_flatten(Handle, start_dim, end_dim, out var result), result);

        public Tensor unsqueeze(long dim) => Check.Tensor(Native.df_unsqueeze(Handle, dim, out var result), result);

        public Tensor squeeze(long? dim = null)
            => dim is { } d ? Check.Tensor(Native.df_squeeze_dim(Handle, d, out var one), one) : Check.Tensor(Native.df_squeeze(Handle, out var all), all);

        public Tensor contiguous() => Check.Tensor(Native.df_contiguous(Handle, out var result), result);

        public Tensor clone() => Check.Tensor(Native.df_clone(Handle, out var result), result);

        public Tensor tril(long diagonal = 0) => Check.Tensor(Native.df_tril(Handle, diagonal, out var result), result);

        public Tensor triu(long diagonal = 0) => Check.Tensor(Native.df_triu(Handle, diagonal, out var result), result);

        public Tensor repeat_interleave(long repeats, long dim) => Check.Tensor(Native.df_repeat_interleave(Handle, repeats, dim, out var result), result);

        public Tensor roll(long shifts, long dims) => Check.Tensor(Native.df_roll(Handle, shifts, dims, out var result), result);

        public Tensor[] chunk(long chunks, long dim = 0)
        {
            var length = size((int)dim);
            return split(Math.Max(1, (length + chunks - 1) / chunks), dim);
        }

        /// <summary>Pieces of <paramref name="size"/>, the last perhaps smaller.</summary>
        public Tensor[] split(long size, long dim = 0)
        {
            var length = this.size((int)dim);
            return split([.. Enumerable.Range(0, (int)((length + size - 1) / size)).Select(i => Math.Min(size, length - i * size))], dim);
        }

        public Tensor[] split(long[] sizes, long dim = 0)
        {
            var results = new nint[sizes.Length];
            Check.Ok(Native.df_split(Handle, sizes, sizes.Length, dim, results));
            return [.. results.Select(native => new Tensor(TensorHandle.Own(native)))];
        }

        long[] Sizes(bool strides)
        {
            var result = new long[Dimensions];
            Check.Ok(Native.df_sizes(Handle, result, strides ? 1 : 0));
            return result;
        }

        internal static int ElementSizeOf(ScalarType type) => type switch
        {
            ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
            ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
            ScalarType.Int32 or ScalarType.Float32 => 4,
            _ => 8,
        };
    }
}
