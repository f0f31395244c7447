namespace DistillForge.Torch;

public static partial class torch
{
    // Element by element of two, comparisons, products.
    public partial class Tensor
    {
        public Tensor add(Tensor other) => add(other, 1);

        public Tensor add(Tensor other, Scalar alpha) => Check.Tensor(Native.df_add(Handle, other.Handle, alpha, out var result), result);

        public Tensor add(Scalar other) => Check.Tensor(Native.df_add_scalar(Handle, other, out var result), result);

        public Tensor sub(Tensor other) => Check.Tensor(Native.df_sub(Handle, other.Handle, 1, out var result), result);

        public Tensor sub(Scalar other) => Check.Tensor(Native.df_sub_scalar(Handle, other, out var result), result);

        public Tensor mul(Tensor other) => Check.Tensor(Native.df_mul(Handle, other.Handle, out var result), result);

        public Tensor mul(Scalar other) => Check.Tensor(Native.df_mul_scalar(Handle, other, out var result), result);

        public Tensor div(Tensor other) => Check.Tensor(Native.df_div(Handle, other.Handle, out var result), result);

        public Tensor div(Scalar other) => Check.Tensor(Native.df_div_scalar(Handle, other, out var result), result);

        public Tensor pow(Tensor other) => Check.Tensor(Native.df_pow(Handle, other.Handle, out var result), result);

        public Tensor pow(Scalar other) => Check.Tensor(Native.df_pow_scalar(Handle, other, out var result), result);

        public Tensor remainder(Tensor other) => Check.Tensor(Native.df_remainder(Handle, other.Handle, out var result), result);

        public Tensor remainder(Scalar other) => Check.Tensor(Native.df_remainder_scalar(Handle, other, out var result), result);

        public Tensor eq(Tensor other) => Check.Tensor(Native.df_eq(Handle, other.Handle, out var result), result);

        public Tensor eq(Scalar other) => Check.Tensor(Native.df_eq_scalar(Handle, other, out var result), result);

        public Tensor ne(Tensor other) => Check.Tensor(Native.df_ne(Handle, other.Handle, out var result), result);

        public Tensor ne(Scalar other) => Check.Tensor(Native.df_ne_scalar(Handle, other, out var result), result);

        public Tensor lt(Tensor other) => Check.Tensor(Native.df_lt(Handle, other.Handle, out var result), result);

        public Tensor lt(Scalar other) => Check.Tensor(Native.df_lt_scalar(Handle, other, out var result), result);

        public Tensor le(Tensor other) => Check.Tensor(Native.df_le(Handle, other.Handle, out var result), result);

        public Tensor le(Scalar other) => Check.Tensor(Native.df_le_scalar(Handle, other, out var result), result);

        public Tensor gt(Tensor other) => Check.Tensor(Native.df_gt(Handle, other.Handle, out var result), result);

        public Tensor gt(Scalar other) => Check.Tensor(Native.df_gt_scalar(Handle, other, out var result), result);

        public Tensor ge(Tensor other) => Check.Tensor(Native.df_ge(Handle, other.Handle, out var result), result);

        public Tensor ge(Scalar other) => Check.Tensor(Native.df_ge_scalar(Handle, other, out var result), result);

        public Tensor maximum(Tensor other) => Check.Tensor(Native.df_maximum(Handle, other.Handle, out var result), result);

        public Tensor minimum(Tensor other) => Check.Tensor(Native.df_minimum(Handle, other.Handle, out var result), result);

        public Tensor logical_and(Tensor other) => Check.Tensor(Native.df_logical_and(Handle, other.Handle, out var result), result);

        public Tensor logical_or(Tensor other) => Check.Tensor(Native.df_logical_or(Handle, other.Handle, out var result), result);

        public Tensor logical_xor(Tensor other) => Check.Tensor(Native.df_logical_xor(Handle, other.Handle, out var result), result);

        public Tensor matmul(Tensor other) => Check.Tensor(Native.df_matmul(Handle, other.Handle, out var result), result);

        public Tensor mm(Tensor other) => Check.Tensor(Native.df_mm(Handle, other.Handle, out var result), result);

        public Tensor bmm(Tensor other) => Check.Tensor(Native.df_bmm(Handle, other.Handle, out var result), result);

        public Tensor outer(Tensor other) => Check.Tensor(Native.df_outer(Handle, other.Handle, out var result), result);

        public Tensor dot(Tensor other) => Check.Tensor(Native.df_dot(Handle, other.Handle, out var result), result);

        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => Check.Tensor(Native.df_addmm(Handle, mat1.Handle, mat2.Handle, beta, alpha, out var result), result);

        public Tensor baddbmm(Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) => Check.Tensor(Native.df_baddbmm(Handle, batch1.Handle, batch2.Handle, beta, alpha, out var result), result);

        public Tensor where(Tensor condition, Tensor y) => Check.Tensor(Native.df_where(condition.Handle, Handle, y.Handle, out var result), result);

        public Tensor masked_fill(Tensor mask, Scalar value) => Check.Tensor(Native.df_masked_fill(Handle, mask.Handle, value, out var result), result);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => (min, max) switch
        {
            ({ } low, { } high) => Check.Tensor(Native.df_clamp(Handle, low, high, out var result), result),
            ({ } low, null) => clamp_min(low),
            (null, { } high) => clamp_max(high),
            _ => throw new ArgumentException("clamp needs a lower or an upper bound."),
        };

        public Tensor clamp_min(Scalar min) => Check.Tensor(Native.df_clamp_min(Handle, min, out var result), result);

        public Tensor clamp_max(Scalar max) => Check.Tensor(Native.df_clamp_max(Handle, max, out var result), result);

        public bool allclose(Tensor other, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false)
        {
            Check.Ok(Native.df_allclose(Handle, other.Handle, rtol, atol, equal_nan ? 1 : 0, out var result));
            return result != 0;
        }

        /// <summary>Same shape and same elements.</summary>
        public bool equal(Tensor other)
        {
            Check.Ok(Native.df_equal(Handle, other.Handle, out var result));
            return result != 0;
        }
    }
}
