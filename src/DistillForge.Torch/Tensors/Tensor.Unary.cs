namespace DistillForge.Torch;

public static partial class torch
{
    // Element by element, one in, one out.
    public partial class Tensor
    {
        public Tensor exp() => Check.Tensor(Native.df_exp(Handle, out var result), result);

        public Tensor exp2() => Check.Tensor(Native.df_exp2(Handle, out var result), result);

        public Tensor expm1() => Check.Tensor(Native.df_expm1(Handle, out var result), result);

        public Tensor log() => Check.Tensor(Native.df_log(Handle, out var result), result);

        public Tensor log2() => Check.Tensor(Native.df_log2(Handle, out var result), result);

        public Tensor log1p() => Check.Tensor(Native.df_log1p(Handle, out var result), result);

        public Tensor sin() => Check.Tensor(Native.df_sin(Handle, out var result), result);

        public Tensor cos() => Check.Tensor(Native.df_cos(Handle, out var result), result);

        public Tensor tanh() => Check.Tensor(Native.df_tanh(Handle, out var result), result);

        public Tensor sigmoid() => Check.Tensor(Native.df_sigmoid(Handle, out var result), result);

        public Tensor relu() => Check.Tensor(Native.df_relu(Handle, out var result), result);

        public Tensor silu() => Check.Tensor(Native.df_silu(Handle, out var result), result);

        public Tensor sqrt() => Check.Tensor(Native.df_sqrt(Handle, out var result), result);

        public Tensor rsqrt() => Check.Tensor(Native.df_rsqrt(Handle, out var result), result);

        public Tensor square() => Check.Tensor(Native.df_square(Handle, out var result), result);

        public Tensor abs() => Check.Tensor(Native.df_abs(Handle, out var result), result);

        public Tensor neg() => Check.Tensor(Native.df_neg(Handle, out var result), result);

        public Tensor reciprocal() => Check.Tensor(Native.df_reciprocal(Handle, out var result), result);

        public Tensor sign() => Check.Tensor(Native.df_sign(Handle, out var result), result);

        public Tensor floor() => Check.Tensor(Native.df_floor(Handle, out var result), result);

        public Tensor ceil() => Check.Tensor(Native.df_ceil(Handle, out var result), result);

        public Tensor round() => Check.Tensor(Native.df_round(Handle, out var result), result);

        public Tensor erf() => Check.Tensor(Native.df_erf(Handle, out var result), result);

        public Tensor isfinite() => Check.Tensor(Native.df_isfinite(Handle, out var result), result);

        public Tensor isnan() => Check.Tensor(Native.df_isnan(Handle, out var result), result);

        public Tensor isinf() => Check.Tensor(Native.df_isinf(Handle, out var result), result);

        public Tensor logical_not() => Check.Tensor(Native.df_logical_not(Handle, out var result), result);

        public Tensor gelu() => gelu(Modules.GELU.Approximate.none);

        public Tensor gelu(Modules.GELU.Approximate approximate)
            => Check.Tensor(Native.df_gelu(Handle, approximate == Modules.GELU.Approximate.tanh ? 1 : 0, out var result), result);
    }
}
