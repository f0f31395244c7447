namespace DistillForge.Torch;

// The same operations, called as functions.
public static partial class torch
{
    public static Tensor exp(Tensor input) => input.exp();

    public static Tensor exp2(Tensor input) => input.exp2();

    public static Tensor log(Tensor input) => input.log();

    public static Tensor log2(Tensor input) => input.log2();

    public static Tensor log1p(Tensor input) => input.log1p();

    public static Tensor sin(Tensor input) => input.sin();

    public static Tensor cos(Tensor input) => input.cos();

    public static Tensor tanh(Tensor input) => input.tanh();

    public static Tensor sigmoid(Tensor input) => input.sigmoid();

    public static Tensor relu(Tensor input) => input.relu();

    public static Tensor sqrt(Tensor input) => input.sqrt();

    public static Tensor rsqrt(Tensor input) => input.rsqrt();

    public static Tensor square(Tensor input) => input.square();

    public static Tensor abs(Tensor input) => input.abs();

    public static Tensor neg(Tensor input) => input.neg();

    public static Tensor reciprocal(Tensor input) => input.reciprocal();

    public static Tensor sign(Tensor input) => input.sign();

    public static Tensor floor(Tensor input) => input.floor();

    public static Tensor ceil(Tensor input) => input.ceil();

    public static Tensor round(Tensor input) => input.round();

    public static Tensor erf(Tensor input) => input.erf();

    public static Tensor isfinite(Tensor input) => input.isfinite();

    public static Tensor isnan(Tensor input) => input.isnan();

    public static Tensor isinf(Tensor input) => input.isinf();

    public static Tensor logical_not(Tensor input) => input.logical_not();

    public static Tensor clone(Tensor input) => input.clone();

    public static Tensor matmul(Tensor input, Tensor other) => input.matmul(other);

    public static Tensor mm(Tensor input, Tensor other) => input.mm(other);

    public static Tensor bmm(Tensor input, Tensor other) => input.bmm(other);

    public static Tensor outer(Tensor input, Tensor other) => input.outer(other);

    public static Tensor dot(Tensor input, Tensor other) => input.dot(other);

    public static Tensor maximum(Tensor input, Tensor other) => input.maximum(other);

    public static Tensor minimum(Tensor input, Tensor other) => input.minimum(other);

    public static Tensor eq(Tensor input, Tensor other) => input.eq(other);

    public static Tensor ne(Tensor input, Tensor other) => input.ne(other);

    public static Tensor lt(Tensor input, Tensor other) => input.lt(other);

    public static Tensor le(Tensor input, Tensor other) => input.le(other);

    public static Tensor gt(Tensor input, Tensor other) => input.gt(other);

    public static Tensor ge(Tensor input, Tensor other) => input.ge(other);

    public static Tensor logical_and(Tensor input, Tensor other) => input.logical_and(other);

    public static Tensor logical_or(Tensor input, Tensor other) => input.logical_or(other);

    public static Tensor add(Tensor input, Tensor other) => input.add(other);

    public static Tensor sub(Tensor input, Tensor other) => input.sub(other);

    public static Tensor mul(Tensor input, Tensor other) => input.mul(other);

    public static Tensor div(Tensor input, Tensor other) => input.div(other);

    public static Tensor pow(Tensor input, Tensor other) => input.pow(other);

    public static Tensor pow(Tensor input, Scalar exponent) => input.pow(exponent);

    public static Tensor pow(Scalar self, Tensor exponent) => Check.Tensor(Native.df_scalar_pow(self, exponent.Handle, out var result), result);

    public static Tensor addmm(Tensor input, Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => input.addmm(mat1, mat2, beta, alpha);

    public static Tensor baddbmm(Tensor input, Tensor batch1, Tensor batch2, float beta = 1, float alpha = 1) => input.baddbmm(batch1, batch2, beta, alpha);

    public static Tensor where(Tensor condition, Tensor x, Tensor y) => x.where(condition, y);

    public static Tensor clamp(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp(min, max);

    public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

    public static Tensor log_softmax(Tensor input, long dim, ScalarType? dtype = null) => input.log_softmax(dim, dtype);

    public static Tensor logsumexp(Tensor input, long dim, bool keepdim = false) => input.logsumexp(dim, keepdim);

    public static Tensor cumsum(Tensor input, long dim, ScalarType? type = null) => input.cumsum(dim, type);

    public static Tensor sum(Tensor input, ScalarType? type = null) => input.sum(type);

    public static Tensor sum(Tensor input, long dim, bool keepdim = false, ScalarType? type = null) => input.sum(dim, keepdim, type);

    public static Tensor mean(Tensor input) => input.mean();

    public static Tensor mean(Tensor input, long[] dimensions, bool keepdim = false) => input.mean(dimensions, keepdim);

    public static Tensor max(Tensor input) => input.max();

    public static (Tensor values, Tensor indexes) max(Tensor input, long dim, bool keepdim = false) => input.max(dim, keepdim);

    public static Tensor argmax(Tensor input, long dim, bool keepdim = false) => input.argmax(dim, keepdim);

    public static (Tensor values, Tensor indexes) topk(Tensor tensor, int k, int dim = -1, bool largest = true, bool sorted = true) => tensor.topk(k, dim, largest, sorted);

    public static Tensor gather(Tensor input, long dim, Tensor index) => input.gather(dim, index);

    public static Tensor index_select(Tensor input, long dim, Tensor index) => input.index_select(dim, index);

    public static Tensor tril(Tensor input, long diagonal = 0) => input.tril(diagonal);

    public static Tensor triu(Tensor input, long diagonal = 0) => input.triu(diagonal);

    public static Tensor multinomial(Tensor input, long num_samples, bool replacement = false) => input.multinomial(num_samples, replacement);

    public static bool allclose(Tensor input, Tensor other, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) => input.allclose(other, rtol, atol, equal_nan);

    public static bool equal(Tensor input, Tensor other) => input.equal(other);

    public static Tensor cat(IList<Tensor> tensors, long dim = 0)
    {
        var pointers = Check.Pointers([.. tensors]);
        var result = Check.Tensor(Native.df_cat(pointers, pointers.Length, dim, out var handle), handle);
        GC.KeepAlive(tensors);
        return result;
    }

    public static Tensor stack(IList<Tensor> tensors, long dim = 0)
    {
        var pointers = Check.Pointers([.. tensors]);
        var result = Check.Tensor(Native.df_stack(pointers, pointers.Length, dim, out var handle), handle);
        GC.KeepAlive(tensors);
        return result;
    }

    public static Tensor einsum(string equation, params Tensor[] tensors)
    {
        var pointers = Check.Pointers(tensors);
        var result = Check.Tensor(Native.df_einsum(equation, pointers, pointers.Length, out var handle), handle);
        GC.KeepAlive(tensors);
        return result;
    }
}
