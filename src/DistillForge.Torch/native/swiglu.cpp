// SwiGLU (Shazeer, 2020): silu(gate) * up.
#include "fused.h"

using namespace df;

namespace {

template <class E>
DF_INLINE void forward_run(const E* __restrict gate, const E* __restrict up, E* __restrict y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float a = load(gate + i);
        store(y + i, a / (1.f + fast_exp(-a)) * load(up + i));
    }
}

template <class E>
DF_INLINE void backward_run(const E* __restrict gate, const E* __restrict up, const E* __restrict g, E* __restrict ggate, E* __restrict gup, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float a = load(gate + i), d = load(g + i), s = 1.f / (1.f + fast_exp(-a));
        store(gup + i, d * a * s);
        store(ggate + i, d * load(up + i) * s * (1.f + a * (1.f - s)));
    }
}

#define RUNS(E)                                                                                                                                                \
    DF_KERNEL void swiglu_forward(const E* gate, const E* up, E* y, int64_t n) { forward_run(gate, up, y, n); }                                                 \
    DF_KERNEL void swiglu_backward(const E* gate, const E* up, const E* g, E* ggate, E* gup, int64_t n) { backward_run(gate, up, g, ggate, gup, n); }
RUNS(float)
RUNS(uint16_t)

struct SwiGlu : torch::autograd::Function<SwiGlu> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& gate_in, const at::Tensor& up_in)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        at::Tensor gate = gate_in.contiguous(), up = up_in.contiguous(), y = at::empty_like(gate);
        TORCH_CHECK(gate.sizes() == up.sizes() && gate.scalar_type() == up.scalar_type(), "swiglu: gate and up have one shape and type");
        by_type(gate, [&](auto* t) {
            using E = element<decltype(t)>;
            const auto *a = data<E>(gate), *b = data<E>(up);
            auto* c = data<E>(y);
            at::parallel_for(0, gate.numel(), 16384, [&](int64_t from, int64_t to) { swiglu_forward(a + from, b + from, c + from, to - from); });
        });
        context->save_for_backward({ gate, up });
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        once_only();
        auto saved = context->get_saved_variables();
        at::Tensor gate = saved[0], up = saved[1], g = gradients[0].contiguous(), ggate = at::empty_like(gate), gup = at::empty_like(up);
        by_type(gate, [&](auto* t) {
            using E = element<decltype(t)>;
            const auto *a = data<E>(gate), *b = data<E>(up), *c = data<E>(g);
            auto *da = data<E>(ggate), *db = data<E>(gup);
            at::parallel_for(0, gate.numel(), 16384, [&](int64_t from, int64_t to) { swiglu_backward(a + from, b + from, c + from, da + from, db + from, to - from); });
        });
        return { ggate, gup };
    }
};

} // namespace

DF_API int df_swiglu(df_tensor* gate, df_tensor* up, df_tensor** out) { DF_RETURN(SwiGlu::apply(get(gate), get(up))); }
