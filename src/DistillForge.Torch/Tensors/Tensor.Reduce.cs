namespace DistillForge.Torch;

public static partial class torch
{
    // Fewer numbers out than in; softmax and running sums.
    public partial class Tensor
    {
        public Tensor sum(ScalarType? type = null) => Check.Tensor(Native.df_sum(Handle, Code(type), out var result), result);

        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => sum([dim], keepdim, type);

        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => Check.Tensor(Native.df_sum_dims(Handle, dim, dim.Length, Flag(keepdim), Code(type), out var result), result);

        public Tensor mean() => Check.Tensor(Native.df_mean(Handle, -1, out var result), result);

        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) => Check.Tensor(Native.df_mean_dims(Handle, dimensions, dimensions.Length, Flag(keepdim), Code(type), out var result), result);

        public Tensor var(long dim, bool unbiased = true, bool keepdim = false) => Check.Tensor(Native.df_var(Handle, dim, Flag(unbiased), Flag(keepdim), out var result), result);

        public Tensor std(bool unbiased = true) => Check.Tensor(Native.df_std(Handle, Flag(unbiased), out var result), result);

        public Tensor norm(float p = 2) => Check.Tensor(Native.df_norm(Handle, p, out var result), result);

        public Tensor max() => Check.Tensor(Native.df_max(Handle, out var result), result);

        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Check.Pair(Native.df_max_dim(Handle, dim, Flag(keepdim), out var values, out var indexes), values, indexes);

        public Tensor min() => Check.Tensor(Native.df_min(Handle, out var result), result);

        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Check.Pair(Native.df_min_dim(Handle, dim, Flag(keepdim), out var values, out var indexes), values, indexes);

        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false) => Check.Tensor(Native.df_amax(Handle, dims, dims.Length, Flag(keepdim), out var result), result);

        public Tensor argmax() => Check.Tensor(Native.df_argmax(Handle, out var result), result);

        public Tensor argmax(long dim, bool keepdim = false) => Check.Tensor(Native.df_argmax_dim(Handle, dim, Flag(keepdim), out var result), result);

        public Tensor argmin(long dim, bool keepdim = false) => Check.Tensor(Native.df_argmin_dim(Handle, dim, Flag(keepdim), out var result), result);

        public Tensor all() => Check.Tensor(Native.df_all(Handle, out var result), result);

        public Tensor all(long dim, bool keepdim = false) => Check.Tensor(Native.df_all_dim(Handle, dim, Flag(keepdim), out var result), result);

        public Tensor any() => Check.Tensor(Native.df_any(Handle, out var result), result);

        public Tensor any(long dim, bool keepdim = false) => Check.Tensor(Native.df_any_dim(Handle, dim, Flag(keepdim), out var result), result);

        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) => Check.Pair(Native.df_topk(Handle, k, dim, Flag(largest), Flag(sorted), out var values, out var indexes), values, indexes);

        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false) => Check.Pair(Native.df_sort(Handle, dim, Flag(descending), out var values, out var indexes), values, indexes);

        public Tensor argsort(long dim = -1, bool descending = false) => Check.Tensor(Native.df_argsort(Handle, dim, Flag(descending), out var result), result);

        public Tensor logsumexp(long dim, bool keepdim = false) => Check.Tensor(Native.df_logsumexp(Handle, dim, Flag(keepdim), out var result), result);

        public Tensor softmax(long dim, ScalarType? dtype = null) => Check.Tensor(Native.df_softmax(Handle, dim, Code(dtype), out var result), result);

        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Check.Tensor(Native.df_log_softmax(Handle, dim, Code(dtype), out var result), result);

        public Tensor cumsum(long dim, ScalarType? type = null) => Check.Tensor(Native.df_cumsum(Handle, dim, Code(type), out var result), result);

        public Tensor multinomial(long num_samples, bool replacement = false) => Check.Tensor(Native.df_multinomial(Handle, num_samples, Flag(replacement), out var result), result);

        static int Code(ScalarType? type) => type is { } t ? (int)t : -1;

        static int Flag(bool value) => value ? 1 : 0;
    }
}
