// The same numbers in another shape, and choosing among them.
#include "shim.h"

#include <ATen/TensorIndexing.h>

#include <limits>

using df::dims;
using df::get;
using df::list;
using df::number;
using df::wrap;

DF_API int df_view(df_tensor* a, const int64_t* d, int32_t n, df_tensor** out) { DF_RETURN(get(a).view(dims(d, n))); }
DF_API int df_reshape(df_tensor* a, const int64_t* d, int32_t n, df_tensor** out) { DF_RETURN(get(a).reshape(dims(d, n))); }
DF_API int df_expand(df_tensor* a, const int64_t* d, int32_t n, df_tensor** out) { DF_RETURN(get(a).expand(dims(d, n))); }
DF_API int df_repeat(df_tensor* a, const int64_t* d, int32_t n, df_tensor** out) { DF_RETURN(get(a).repeat(dims(d, n))); }
DF_API int df_permute(df_tensor* a, const int64_t* d, int32_t n, df_tensor** out) { DF_RETURN(get(a).permute(dims(d, n))); }
DF_API int df_flip(df_tensor* a, const int64_t* d, int32_t n, df_tensor** out) { DF_RETURN(get(a).flip(dims(d, n))); }
DF_API int df_transpose(df_tensor* a, int64_t x, int64_t y, df_tensor** out) { DF_RETURN(get(a).transpose(x, y)); }
DF_API int df_t(df_tensor* a, df_tensor** out) { DF_RETURN(get(a).t()); }
DF_API int df_flatten(df_tensor* a, int64_t from, int64_t to, df_tensor** out) { DF_RETURN(get(a).flatten(from, to)); }
DF_API int df_unsqueeze(df_tensor* a, int64_t dim, df_tensor** out) { DF_RETURN(get(a).unsqueeze(dim)); }
DF_API int df_squeeze(df_tensor* a, df_tensor** out) { DF_RETURN(get(a).squeeze()); }
DF_API int df_squeeze_dim(df_tensor* a, int64_t dim, df_tensor** out) { DF_RETURN(get(a).squeeze(dim)); }
DF_API int df_narrow(df_tensor* a, int64_t dim, int64_t start, int64_t length, df_tensor** out) { DF_RETURN(get(a).narrow(dim, start, length)); }
DF_API int df_slice(df_tensor* a, int64_t dim, int64_t start, int64_t stop, int64_t step, df_tensor** out) { DF_RETURN(get(a).slice(dim, start, stop, step)); }
DF_API int df_select(df_tensor* a, int64_t dim, int64_t index, df_tensor** out) { DF_RETURN(get(a).select(dim, index)); }
DF_API int df_contiguous(df_tensor* a, df_tensor** out) { DF_RETURN(get(a).contiguous()); }
DF_API int df_alias(df_tensor* a, df_tensor** out) { DF_RETURN(at::Tensor(get(a))); }
DF_API int df_clone(df_tensor* a, df_tensor** out) { DF_RETURN(get(a).clone()); }
DF_API int df_tril(df_tensor* a, int64_t diagonal, df_tensor** out) { DF_RETURN(get(a).tril(diagonal)); }
DF_API int df_triu(df_tensor* a, int64_t diagonal, df_tensor** out) { DF_RETURN(get(a).triu(diagonal)); }
DF_API int df_repeat_interleave(df_tensor* a, int64_t repeats, int64_t dim, df_tensor** out) { DF_RETURN(get(a).repeat_interleave(repeats, dim)); }
DF_API int df_roll(df_tensor* a, int64_t shift, int64_t dim, df_tensor** out) { DF_RETURN(get(a).roll(shift, dim)); }
DF_API int df_nonzero(df_tensor* a, df_tensor** out) { DF_RETURN(get(a).nonzero()); }
DF_API int df_masked_select(df_tensor* a, df_tensor* mask, df_tensor** out) { DF_RETURN(get(a).masked_select(get(mask))); }
DF_API int df_cat(df_tensor* const* tensors, int32_t n, int64_t dim, df_tensor** out) { DF_RETURN(at::cat(list(tensors, n), dim)); }
DF_API int df_stack(df_tensor* const* tensors, int32_t n, int64_t dim, df_tensor** out) { DF_RETURN(at::stack(list(tensors, n), dim)); }

DF_API int df_gather(df_tensor* a, int64_t dim, df_tensor* index, df_tensor** out) { DF_RETURN(get(a).gather(dim, get(index))); }
DF_API int df_index_select(df_tensor* a, int64_t dim, df_tensor* index, df_tensor** out) { DF_RETURN(get(a).index_select(dim, get(index))); }
DF_API int df_scatter(df_tensor* a, int64_t dim, df_tensor* index, df_tensor* source, df_tensor** out) { DF_RETURN(get(a).scatter(dim, get(index), get(source))); }
DF_API int df_scatter_add(df_tensor* a, int64_t dim, df_tensor* index, df_tensor* source, df_tensor** out) { DF_RETURN(get(a).scatter_add(dim, get(index), get(source))); }
DF_API int df_scatter_(df_tensor* a, int64_t dim, df_tensor* index, df_tensor* source) { DF_DO(get(a).scatter_(dim, get(index), get(source))); }
DF_API int df_scatter_add_(df_tensor* a, int64_t dim, df_tensor* index, df_tensor* source) { DF_DO(get(a).scatter_add_(dim, get(index), get(source))); }
DF_API int df_index_add(df_tensor* a, int64_t dim, df_tensor* index, df_tensor* source, df_scalar alpha, df_tensor** out) { DF_RETURN(get(a).index_add(dim, get(index), get(source), number(alpha))); }
DF_API int df_index_add_(df_tensor* a, int64_t dim, df_tensor* index, df_tensor* source, df_scalar alpha) { DF_DO(get(a).index_add_(dim, get(index), get(source), number(alpha))); }

/* One entry of an indexing expression. kind: 0 an integer, 1 a slice, 2 a tensor, 3 the ellipsis, 4 a new axis. INT64_MIN is an absent bound. */
struct df_index_entry {
    int64_t kind, start, stop, step;
    df_tensor* tensor;
};

static std::vector<at::indexing::TensorIndex> entries(const df_index_entry* items, int32_t n)
{
    constexpr int64_t absent = std::numeric_limits<int64_t>::min();
    std::vector<at::indexing::TensorIndex> result;
    for (int32_t i = 0; i < n; i++) {
        const auto& item = items[i];
        switch (item.kind) {
        case 0: result.emplace_back(item.start); break;
        case 1: {
            int64_t step = item.step == absent ? 1 : item.step;
            int64_t start = item.start == absent ? 0 : item.start;
            int64_t stop = item.stop == absent ? std::numeric_limits<int64_t>::max() : item.stop;
            result.emplace_back(at::indexing::Slice(start, stop, step));
            break;
        }
        case 2: result.emplace_back(get(item.tensor)); break;
        case 3: result.emplace_back(at::indexing::Ellipsis); break;
        case 4: result.emplace_back(at::indexing::None); break;
        default: TORCH_CHECK(false, "unknown kind of index ", item.kind);
        }
    }
    return result;
}

DF_API int df_index(df_tensor* a, const df_index_entry* items, int32_t n, df_tensor** out) { DF_RETURN(get(a).index(entries(items, n))); }
DF_API int df_index_put_(df_tensor* a, const df_index_entry* items, int32_t n, df_tensor* value) { DF_DO(get(a).index_put_(entries(items, n), get(value))); }
DF_API int df_index_put_scalar_(df_tensor* a, const df_index_entry* items, int32_t n, df_scalar value) { DF_DO(get(a).index_put_(entries(items, n), number(value))); }

DF_API int df_split(df_tensor* a, const int64_t* sizes, int32_t n, int64_t dim, df_tensor** out)
{
    return df::guard([&] {
        auto parts = get(a).split_with_sizes(dims(sizes, n), dim);
        for (size_t i = 0; i < parts.size(); i++) {
            out[i] = wrap(std::move(parts[i]));
        }
    });
}
