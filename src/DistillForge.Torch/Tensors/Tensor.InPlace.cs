namespace DistillForge.Torch;

public static partial class torch
{
    // What changes the tensor itself and returns it.
    public partial class Tensor
    {
        public Tensor add_(Tensor other) => add_(other, 1);

        public Tensor add_(Tensor other, Scalar alpha) => Self(Native.df_add_(Handle, other.Handle, alpha));

        public Tensor add_(Scalar other) => Self(Native.df_add_scalar_(Handle, other));

        public Tensor sub_(Tensor other) => Self(Native.df_sub_(Handle, other.Handle, 1));

        public Tensor sub_(Scalar other) => Self(Native.df_add_scalar_(Handle, other.Negated));

        public Tensor mul_(Tensor other) => Self(Native.df_mul_(Handle, other.Handle));

        public Tensor mul_(Scalar other) => Self(Native.df_mul_scalar_(Handle, other));

        public Tensor div_(Tensor other) => Self(Native.df_div_(Handle, other.Handle));

        public Tensor div_(Scalar other) => Self(Native.df_div_scalar_(Handle, other));

        public Tensor pow_(Scalar exponent) => Self(Native.df_pow_scalar_(Handle, exponent));

        public Tensor sqrt_() => Self(Native.df_sqrt_(Handle));

        public Tensor clamp_(Scalar min, Scalar max) => Self(Native.df_clamp_(Handle, min, max));

        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => Self(Native.df_addcmul_(Handle, tensor1.Handle, tensor2.Handle, value));

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => Self(Native.df_addcdiv_(Handle, tensor1.Handle, tensor2.Handle, value));

        public Tensor lerp_(Tensor end, Scalar weight) => Self(Native.df_lerp_(Handle, end.Handle, weight));

        public Tensor zero_() => Self(Native.df_zero_(Handle));

        public Tensor fill_(Scalar value) => Self(Native.df_fill_(Handle, value));

        public Tensor copy_(Tensor source) => Self(Native.df_copy_(Handle, source.Handle));

        public Tensor masked_fill_(Tensor mask, Scalar value) => Self(Native.df_masked_fill_(Handle, mask.Handle, value));

        public Tensor normal_(double mean = 0, double stddev = 1) => Self(Native.df_normal_(Handle, mean, stddev));

        public Tensor uniform_(double from, double to) => Self(Native.df_uniform_(Handle, from, to));

        public Tensor scatter_(long dim, Tensor index, Tensor src) => Self(Native.df_scatter_(Handle, dim, index.Handle, src.Handle));

        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => Self(Native.df_scatter_add_(Handle, dim, index.Handle, src.Handle));

        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => Self(Native.df_index_add_(Handle, dim, index.Handle, source.Handle, alpha));
    }
}
