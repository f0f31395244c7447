// Many numbers in, fewer out; softmax and running sums. dtype -1 keeps the input's type.
#include "shim.h"

using df::dims;
using df::get;
using df::number;
using df::wrap;

// 1.13 takes c10::optional<ScalarType> and 2.x std::optional: casting first serves both, and costs only where the types differ.
static at::Tensor cast(df_tensor* a, int32_t dtype) { return dtype < 0 ? get(a) : get(a).to(static_cast<at::ScalarType>(dtype)); }

static void pair(std::tuple<at::Tensor, at::Tensor>&& result, df_tensor** values, df_tensor** indices)
{
    *values = wrap(std::move(std::get<0>(result)));
    *indices = wrap(std::move(std::get<1>(result)));
}

DF_API int df_sum(df_tensor* a, int32_t dtype, df_tensor** out) { DF_RETURN(at::sum(cast(a, dtype))); }
DF_API int df_sum_dims(df_tensor* a, const int64_t* d, int32_t n, int32_t keep, int32_t dtype, df_tensor** out) { DF_RETURN(at::sum(cast(a, dtype), dims(d, n), keep != 0)); }
DF_API int df_mean(df_tensor* a, int32_t dtype, df_tensor** out) { DF_RETURN(at::mean(cast(a, dtype))); }
DF_API int df_mean_dims(df_tensor* a, const int64_t* d, int32_t n, int32_t keep, int32_t dtype, df_tensor** out) { DF_RETURN(at::mean(cast(a, dtype), dims(d, n), keep != 0)); }
DF_API int df_var(df_tensor* a, int64_t dim, int32_t unbiased, int32_t keep, df_tensor** out) { DF_RETURN(at::var(get(a), at::IntArrayRef(dim), unbiased != 0, keep != 0)); }
DF_API int df_std(df_tensor* a, int32_t unbiased, df_tensor** out) { DF_RETURN(at::std(get(a), unbiased != 0)); }
DF_API int df_norm(df_tensor* a, df_scalar p, df_tensor** out) { DF_RETURN(at::norm(get(a), number(p))); }
DF_API int df_max(df_tensor* a, df_tensor** out) { DF_RETURN(at::max(get(a))); }
DF_API int df_min(df_tensor* a, df_tensor** out) { DF_RETURN(at::min(get(a))); }
DF_API int df_max_dim(df_tensor* a, int64_t dim, int32_t keep, df_tensor** values, df_tensor** indices) { DF_DO(pair(at::max(get(a), dim, keep != 0), values, indices)); }
DF_API int df_min_dim(df_tensor* a, int64_t dim, int32_t keep, df_tensor** values, df_tensor** indices) { DF_DO(pair(at::min(get(a), dim, keep != 0), values, indices)); }
DF_API int df_amax(df_tensor* a, const int64_t* d, int32_t n, int32_t keep, df_tensor** out) { DF_RETURN(at::amax(get(a), dims(d, n), keep != 0)); }
DF_API int df_argmax(df_tensor* a, df_tensor** out) { DF_RETURN(at::argmax(get(a))); }
DF_API int df_argmax_dim(df_tensor* a, int64_t dim, int32_t keep, df_tensor** out) { DF_RETURN(at::argmax(get(a), dim, keep != 0)); }
DF_API int df_argmin_dim(df_tensor* a, int64_t dim, int32_t keep, df_tensor** out) { DF_RETURN(at::argmin(get(a), dim, keep != 0)); }
DF_API int df_all(df_tensor* a, df_tensor** out) { DF_RETURN(at::all(get(a))); }
DF_API int df_any(df_tensor* a, df_tensor** out) { DF_RETURN(at::any(get(a))); }
DF_API int df_all_dim(df_tensor* a, int64_t dim, int32_t keep, df_tensor** out) { DF_RETURN(at::all(get(a), dim, keep != 0)); }
DF_API int df_any_dim(df_tensor* a, int64_t dim, int32_t keep, df_tensor** out) { DF_RETURN(at::any(get(a), dim, keep != 0)); }
DF_API int df_topk(df_tensor* a, int64_t k, int64_t dim, int32_t largest, int32_t sorted, df_tensor** values, df_tensor** indices) { DF_DO(pair(at::topk(get(a), k, dim, largest != 0, sorted != 0), values, indices)); }
DF_API int df_sort(df_tensor* a, int64_t dim, int32_t descending, df_tensor** values, df_tensor** indices) { DF_DO(pair(at::sort(get(a), dim, descending != 0), values, indices)); }
DF_API int df_argsort(df_tensor* a, int64_t dim, int32_t descending, df_tensor** out) { DF_RETURN(at::argsort(get(a), dim, descending != 0)); }
DF_API int df_logsumexp(df_tensor* a, int64_t dim, int32_t keep, df_tensor** out) { DF_RETURN(at::logsumexp(get(a), at::IntArrayRef(dim), keep != 0)); }
DF_API int df_softmax(df_tensor* a, int64_t dim, int32_t dtype, df_tensor** out) { DF_RETURN(at::softmax(cast(a, dtype), dim)); }
DF_API int df_log_softmax(df_tensor* a, int64_t dim, int32_t dtype, df_tensor** out) { DF_RETURN(at::log_softmax(cast(a, dtype), dim)); }
DF_API int df_cumsum(df_tensor* a, int64_t dim, int32_t dtype, df_tensor** out) { DF_RETURN(at::cumsum(cast(a, dtype), dim)); }
DF_API int df_multinomial(df_tensor* a, int64_t samples, int32_t replacement, df_tensor** out) { DF_RETURN(at::multinomial(get(a), samples, replacement != 0)); }
