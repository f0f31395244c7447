namespace DistillForge.Torch;

public static partial class torch
{
    public partial class Tensor
    {
        public static Tensor operator +(Tensor a, Tensor b) => a.add(b);

        public static Tensor operator +(Tensor a, Scalar b) => a.add(b);

        public static Tensor operator +(Scalar a, Tensor b) => b.add(a);

        public static Tensor operator -(Tensor a, Tensor b) => a.sub(b);

        public static Tensor operator -(Tensor a, Scalar b) => a.sub(b);

        public static Tensor operator -(Scalar a, Tensor b) => Check.Tensor(Native.df_rsub_scalar(b.Handle, a, out var result), result);

        public static Tensor operator *(Tensor a, Tensor b) => a.mul(b);

        public static Tensor operator *(Tensor a, Scalar b) => a.mul(b);

        public static Tensor operator *(Scalar a, Tensor b) => b.mul(a);

        public static Tensor operator /(Tensor a, Tensor b) => a.div(b);

        public static Tensor operator /(Tensor a, Scalar b) => a.div(b);

        public static Tensor operator /(Scalar a, Tensor b)
        {
            using var inverse = b.reciprocal();
            return inverse.mul(a);
        }

        public static Tensor operator %(Tensor a, Scalar b) => a.remainder(b);

        public static Tensor operator -(Tensor a) => a.neg();

        // As in PyTorch: element by element. Use "is null" to ask for null.
        public static Tensor operator ==(Tensor a, Tensor b) => a.eq(b);

        public static Tensor operator !=(Tensor a, Tensor b) => a.ne(b);

        public static Tensor operator ==(Tensor a, Scalar b) => a.eq(b);

        public static Tensor operator !=(Tensor a, Scalar b) => a.ne(b);

        public static Tensor operator <(Tensor a, Tensor b) => a.lt(b);

        public static Tensor operator <(Tensor a, Scalar b) => a.lt(b);

        public static Tensor operator <=(Tensor a, Tensor b) => a.le(b);

        public static Tensor operator <=(Tensor a, Scalar b) => a.le(b);

        public static Tensor operator >(Tensor a, Tensor b) => a.gt(b);

        public static Tensor operator >(Tensor a, Scalar b) => a.gt(b);

        public static Tensor operator >=(Tensor a, Tensor b) => a.ge(b);

        public static Tensor operator >=(Tensor a, Scalar b) => a.ge(b);
    }
}
