// softmax(scale * scores) under the causal mask, in place: row r of [..., R, T] sees columns 0 .. r mod T. Right padding needs no more:
// real positions come first and never look at it.
#include "fused.h"

using namespace df;

namespace {

template <class E>
DF_INLINE void forward_row(E* __restrict x, int64_t seen, int64_t columns, float scale, float* __restrict scratch)
{
    float top = load(x);
    for (int64_t j = 1; j < seen; j++) {
        float v = load(x + j);
        top = v > top ? v : top;
    }
    float sum = 0;
    for (int64_t j = 0; j < seen; j++) {
        float e = fast_exp((load(x + j) - top) * scale);
        scratch[j] = e;
        sum += e;
    }
    sum = 1.f / sum;
    for (int64_t j = 0; j < seen; j++) {
        store(x + j, scratch[j] * sum);
    }
    std::memset(x + seen, 0, static_cast<size_t>(columns - seen) * sizeof(E));
}

// dx = scale * y * (g - sum(y * g)); in place when gx is g.
template <class E>
DF_INLINE void backward_row(const E* y, const E* g, E* gx, int64_t seen, int64_t columns, float scale)
{
    float along = 0;
    for (int64_t j = 0; j < seen; j++) {
        along += load(y + j) * load(g + j);
    }
    for (int64_t j = 0; j < seen; j++) {
        store(gx + j, load(y + j) * (load(g + j) - along) * scale);
    }
    std::memset(gx + seen, 0, static_cast<size_t>(columns - seen) * sizeof(E));
}

#define ROWS(E)                                                                                                                                                \
    DF_KERNEL void softmax_forward(E* x, int64_t seen, int64_t columns, float scale, float* scratch) { forward_row(x, seen, columns, scale, scratch); }          \
    DF_KERNEL void softmax_backward(const E* __restrict y, const E* __restrict g, E* __restrict gx, int64_t seen, int64_t columns, float scale)                  \
    {                                                                                                                                                          \
        backward_row(y, g, gx, seen, columns, scale);                                                                                                           \
    }
ROWS(float)
ROWS(uint16_t)

struct CausalSoftmax : torch::autograd::Function<CausalSoftmax> {
    static at::Tensor forward(AutogradContext* context, at::Tensor scores, double scale)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        TORCH_CHECK(scores.dim() >= 2 && scores.is_contiguous() && scores.size(-2) % std::max<int64_t>(scores.size(-1), 1) == 0, "causal_softmax: scores are contiguous [..., R, T], R a multiple of T");
        TORCH_CHECK(scale > 0, "causal_softmax: the scale is above 0");
        int64_t columns = scores.size(-1), rows = scores.numel() / std::max<int64_t>(columns, 1);
        by_type(scores, [&](auto* tag) {
            auto* x = data<element<decltype(tag)>>(scores);
            at::parallel_for(0, rows, 64, [&](int64_t from, int64_t to) {
                std::vector<float> scratch(static_cast<size_t>(columns));
                for (int64_t i = from; i < to; i++) {
                    softmax_forward(x + i * columns, i % columns + 1, columns, static_cast<float>(scale), scratch.data());
                }
            });
        });
        context->mark_dirty({ scores });
        context->save_for_backward({ scores });
        context->saved_data["scale"] = scale;
        return scores;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        once_only();
        at::Tensor y = context->get_saved_variables()[0], g = gradients[0].contiguous(), gx = at::empty_like(y);
        int64_t columns = y.size(-1), rows = y.numel() / std::max<int64_t>(columns, 1);
        float scale = static_cast<float>(context->saved_data["scale"].toDouble());
        by_type(y, [&](auto* tag) {
            using E = element<decltype(tag)>;
            const auto *yp = data<E>(y), *gp = data<E>(g);
            auto* gxp = data<E>(gx);
            at::parallel_for(0, rows, 64, [&](int64_t from, int64_t to) {
                for (int64_t i = from; i < to; i++) {
                    softmax_backward(yp + i * columns, gp + i * columns, gxp + i * columns, i % columns + 1, columns, scale);
                }
            });
        });
        return { gx, at::Tensor() };
    }
};

} // namespace

DF_API int df_causal_softmax(df_tensor* scores, double scale, df_tensor** out) { DF_RETURN(CausalSoftmax::apply(get(scores), scale)); }
