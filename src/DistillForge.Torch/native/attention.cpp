// softmax(scale * scores) under the causal mask, in place: row r of [..., R, T] sees columns 0 .. r mod T. Right padding needs no more:
// real positions come first and never look at it. And attention as a whole, softmax(scale * q * k') * v, heads in groups that share keys and values: in float32
// on the CPU block by block of queries, so that what lies beyond a block is not computed, each thread takes groups of its own, and results lie as the next product reads them.
#include "blas.h"
#include "fused.h"
#include "product.h"

#include <torch/version.h>

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

// Queries at a time: fewer skip more, more make larger products.
constexpr int64_t Block = 128;

// Where the rows of one head lie: (b, head, t) at the sum of index times stride.
struct Rows {
    float* start;
    int64_t sequence, head, step;

    Rows(const at::Tensor& t, int head_axis) : start(data<float>(t)), sequence(t.stride(0)), head(t.stride(head_axis)), step(t.stride(3 - head_axis)) { }
    float* at(int64_t b, int64_t h, int64_t t = 0) const { return start + b * sequence + h * head + t * step; }
};

struct CausalAttention : torch::autograd::Function<CausalAttention> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& q_in, const at::Tensor& k_in, const at::Tensor& v_in, double scale)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        auto close = [](const at::Tensor& t) { return t.stride(3) == 1 ? t : t.contiguous(); };
        at::Tensor q = close(q_in), k = close(k_in), v = close(v_in);
        int64_t b = q.size(0), heads = q.size(1), steps = q.size(2), size = q.size(3), groups = k.size(1), shared = heads / groups;
        at::Tensor y = at::empty({ b, steps, heads, size }, q.options()), p = at::empty({ b, heads, steps, steps }, q.options());
        const Rows Q(q, 1), K(k, 1), V(v, 2), Y(y, 2), P(p, 1);
        blas::Alone alone(at::get_num_threads());
        at::parallel_for(0, b * groups, 1, [&](int64_t from, int64_t to) {
            std::vector<float> scratch(static_cast<size_t>(steps));
            for (int64_t i = from; i < to; i++) {
                int64_t row = i / groups, group = i % groups;
                for (int64_t head = group * shared; head < (group + 1) * shared; head++) {
                    for (int64_t t = 0; t < steps; t += Block) {
                        int64_t n = std::min(Block, steps - t), seen = t + n;
                        float* scores = P.at(row, head, t);
                        blas::multiply(false, true, n, seen, size, Q.at(row, head, t), Q.step, K.at(row, group), K.step, 0, scores, P.step);
                        for (int64_t j = 0; j < n; j++) {
                            softmax_forward(scores + j * P.step, t + j + 1, seen, static_cast<float>(scale), scratch.data());
                        }
                        blas::multiply(false, false, n, size, seen, scores, P.step, V.at(row, group), V.step, 0, Y.at(row, head, t), Y.step);
                    }
                }
            }
        });
        context->save_for_backward({ q, k, v, p });
        context->saved_data["scale"] = scale;
        return y.view({ b, steps, heads * size });
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        once_only();
        auto saved = context->get_saved_variables();
        at::Tensor q = saved[0], k = saved[1], v = saved[2], p = saved[3];
        int64_t b = q.size(0), heads = q.size(1), steps = q.size(2), size = q.size(3), groups = k.size(1), shared = heads / groups;
        at::Tensor g = gradients[0].contiguous().view({ b, steps, heads, size });
        at::Tensor gq = at::empty({ b, heads, steps, size }, q.options()), gk = at::empty({ b, groups, steps, size }, q.options()), gv = at::empty({ b, steps, groups, size }, q.options());
        const Rows Q(q, 1), K(k, 1), V(v, 2), P(p, 1), G(g, 2), DQ(gq, 1), DK(gk, 1), DV(gv, 2);
        float scale = static_cast<float>(context->saved_data["scale"].toDouble());
        blas::Alone alone(at::get_num_threads());
        at::parallel_for(0, b * groups, 1, [&](int64_t from, int64_t to) {
            auto block = static_cast<size_t>(std::min(Block, steps) * steps);
            std::vector<float> scratch(2 * block);
            float *dp = scratch.data(), *ds = dp + block;
            for (int64_t i = from; i < to; i++) {
                int64_t row = i / groups, group = i % groups;
                float sum = 0; // the last block comes first: it sees all keys, and what follows is added
                for (int64_t head = group * shared; head < (group + 1) * shared; head++) {
                    for (int64_t t = (steps - 1) / Block * Block; t >= 0; t -= Block) {
                        int64_t n = std::min(Block, steps - t), seen = t + n;
                        const float *weights = P.at(row, head, t), *gradient = G.at(row, head, t);
                        blas::multiply(false, true, n, seen, size, gradient, G.step, V.at(row, group), V.step, 0, dp, seen);
                        for (int64_t j = 0; j < n; j++) {
                            softmax_backward(weights + j * P.step, dp + j * seen, ds + j * seen, t + j + 1, seen, scale);
                        }
                        blas::multiply(false, false, n, size, seen, ds, seen, K.at(row, group), K.step, 0, DQ.at(row, head, t), DQ.step);
                        blas::multiply(true, false, seen, size, n, ds, seen, Q.at(row, head, t), Q.step, sum, DK.at(row, group), DK.step);
                        blas::multiply(true, false, seen, size, n, weights, P.step, gradient, G.step, sum, DV.at(row, group), DV.step);
                        sum = 1;
                    }
                }
            }
        });
        return { gq, gk, gv, at::Tensor() };
    }
};

// Out of other operations, whose gradients libtorch knows.
at::Tensor composed(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v_in, double scale)
{
    int64_t b = q.size(0), heads = q.size(1), steps = q.size(2), size = q.size(3), groups = k.size(1);
    at::Tensor v = v_in.transpose(1, 2);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 5)
    if (!q.is_cpu()) {
        return at::scaled_dot_product_attention(q, k, v, {}, 0, true, scale, heads != groups).transpose(1, 2).reshape({ b, steps, heads * size });
    }
#endif
    // The heads that share a key lie side by side: as more rows of one product, keys are never repeated.
    at::Tensor scores = df::matmul(q.reshape({ b, groups, heads / groups * steps, size }), k.transpose(-2, -1));
    return df::matmul(CausalSoftmax::apply(scores, scale), v).view({ b, heads, steps, size }).transpose(1, 2).reshape({ b, steps, heads * size });
}

at::Tensor causal_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale)
{
    TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && v.dim() == 4, "causal_attention: q is [B, H, T, h], k [B, G, T, h], v [B, T, G, h]");
    TORCH_CHECK(k.size(0) == q.size(0) && k.size(2) == q.size(2) && k.size(3) == q.size(3) && q.size(1) % k.size(1) == 0, "causal_attention: k is [B, G, T, h] with q's B, T and h, and G divides H");
    TORCH_CHECK(v.sizes() == at::IntArrayRef({ k.size(0), k.size(2), k.size(1), k.size(3) }) && q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type(), "causal_attention: v is [B, T, G, h], and all have one type");
    TORCH_CHECK(scale > 0, "causal_attention: the scale is above 0");
    bool blocks = q.is_cpu() && q.scalar_type() == at::kFloat && q.numel() > 0 && blas::available();
    return blocks ? CausalAttention::apply(q, k, v, scale) : composed(q, k, v, scale);
}

} // namespace

DF_API int df_causal_softmax(df_tensor* scores, double scale, df_tensor** out) { DF_RETURN(CausalSoftmax::apply(get(scores), scale)); }
DF_API int df_causal_attention(df_tensor* q, df_tensor* k, df_tensor* v, double scale, df_tensor** out) { DF_RETURN(causal_attention(get(q), get(k), get(v), scale)); }
