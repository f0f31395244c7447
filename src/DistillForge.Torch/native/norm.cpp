// RMSNorm (Zhang and Sennrich, 2019): y = x / sqrt(mean(x^2) + eps) * w over the last axis, in float32 inside. x and y may differ in
// type, so that a float32 residual stream feeds bfloat16 products without a pass of its own for the cast.
#include "fused.h"

#include <torch/version.h>

using namespace df;

namespace {

template <class X, class Y>
DF_INLINE float forward_row(const X* __restrict x, const float* __restrict w, Y* __restrict y, int64_t d, float eps)
{
    float squares = 0;
    for (int64_t i = 0; i < d; i++) {
        float v = load(x + i);
        squares += v * v;
    }
    float r = 1.f / __builtin_sqrtf(squares / static_cast<float>(d) + eps);
    for (int64_t i = 0; i < d; i++) {
        store(y + i, load(x + i) * r * w[i]);
    }
    return r;
}

// dx = r * (g*w - x * r^2 * mean(g*w*x)),  dw += g * x * r
template <class X, class Y>
DF_INLINE void backward_row(const X* __restrict x, const float* __restrict w, const Y* __restrict g, float r, X* __restrict gx, float* __restrict gw, int64_t d)
{
    float along = 0;
    for (int64_t i = 0; i < d; i++) {
        along += load(g + i) * w[i] * load(x + i);
    }
    along *= r * r * r / static_cast<float>(d);
    for (int64_t i = 0; i < d; i++) {
        float gradient = load(g + i), value = load(x + i);
        store(gx + i, gradient * w[i] * r - value * along);
        gw[i] += gradient * value * r;
    }
}

#define ROWS(X, Y)                                                                                                                                             \
    DF_KERNEL float rms_forward(const X* x, const float* w, Y* y, int64_t d, float eps) { return forward_row(x, w, y, d, eps); }                                \
    DF_KERNEL void rms_backward(const X* x, const float* w, const Y* g, float r, X* gx, float* gw, int64_t d) { backward_row(x, w, g, r, gx, gw, d); }
ROWS(float, float)
ROWS(float, uint16_t)
ROWS(uint16_t, float)
ROWS(uint16_t, uint16_t)

struct RmsNorm : torch::autograd::Function<RmsNorm> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight, double eps, int64_t type)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        at::Tensor x = input.contiguous(), w = weight.contiguous();
        TORCH_CHECK(w.scalar_type() == at::kFloat && w.dim() == 1 && x.dim() > 0 && w.size(0) == x.size(-1), "rms_norm: weight is float32 [d], x [..., d]");
        int64_t d = x.size(-1), n = x.numel() / std::max<int64_t>(d, 1);
        at::Tensor y = at::empty(x.sizes(), x.options().dtype(static_cast<at::ScalarType>(type))), r = at::empty({ n }, w.options());
        const auto* wp = data<float>(w);
        auto* rp = data<float>(r);
        by_type(x, [&](auto* xt) {
            by_type(y, [&](auto* yt) {
                const auto* xp = data<element<decltype(xt)>>(x);
                auto* yp = data<element<decltype(yt)>>(y);
                at::parallel_for(0, n, 64, [&](int64_t from, int64_t to) {
                    for (int64_t i = from; i < to; i++) {
                        rp[i] = rms_forward(xp + i * d, wp, yp + i * d, d, static_cast<float>(eps));
                    }
                });
            });
        });
        context->save_for_backward({ x, w, r });
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        once_only();
        auto saved = context->get_saved_variables();
        at::Tensor x = saved[0], w = saved[1], r = saved[2], g = gradients[0].contiguous(), gx = at::empty_like(x);
        int64_t d = x.size(-1), n = r.numel();
        at::Tensor gw = at::zeros({ at::get_num_threads(), d }, w.options()); // one row a thread: no two write the same
        const auto *wp = data<float>(w), *rp = data<float>(r);
        auto* gwp = data<float>(gw);
        by_type(x, [&](auto* xt) {
            by_type(g, [&](auto* gt) {
                using X = element<decltype(xt)>;
                const auto *xp = data<X>(x);
                auto* gxp = data<X>(gx);
                const auto* gp = data<element<decltype(gt)>>(g);
                at::parallel_for(0, n, 64, [&](int64_t from, int64_t to) {
                    float* own = gwp + at::get_thread_num() * d;
                    for (int64_t i = from; i < to; i++) {
                        rms_backward(xp + i * d, wp, gp + i * d, rp[i], gxp + i * d, own, d);
                    }
                });
            });
        });
        return { gx, gw.sum(0), at::Tensor(), at::Tensor() };
    }
};

// Out of other operations, whose gradients libtorch knows; since 2.9 one kernel of a GPU.
at::Tensor composed(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type)
{
    at::Tensor wide = x.to(at::kFloat);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 9)
    return at::rms_norm(wide, { weight.size(0) }, weight, eps).to(type);
#else
    return (wide * at::rsqrt(wide.square().mean(-1, true) + eps) * weight).to(type);
#endif
}

} // namespace

DF_API int df_rms_norm(df_tensor* x, df_tensor* weight, double eps, int32_t type, df_tensor** out)
{
    DF_RETURN(get(x).is_cpu() ? RmsNorm::apply(get(x), get(weight), eps, static_cast<int64_t>(type)) : composed(get(x), get(weight), eps, static_cast<at::ScalarType>(type)));
}
