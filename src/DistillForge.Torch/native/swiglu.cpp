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

// Calls body(row) for rows of [N, F], on all threads.
template <class F>
void each_row(const at::Tensor& t, F&& body)
{
    at::parallel_for(0, t.size(0), std::max<int64_t>(1, 16384 / std::max<int64_t>(t.size(1), 1)), [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; i++) {
            body(i);
        }
    });
}

// [N, F] with numbers of a row side by side.
at::Tensor flat(const at::Tensor& t)
{
    at::Tensor rows = t.reshape({ -1, t.size(-1) });
    return rows.stride(1) == 1 ? rows : rows.contiguous();
}

struct SwiGlu : torch::autograd::Function<SwiGlu> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& gate_in, const at::Tensor& up_in)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        TORCH_CHECK(gate_in.sizes() == up_in.sizes() && gate_in.scalar_type() == up_in.scalar_type() && gate_in.dim() > 0, "swiglu: gate and up have one shape and type");
        at::Tensor gate = flat(gate_in), up = flat(up_in), y = at::empty(gate.sizes(), gate.options());
        by_type(gate, [&](auto* t) {
            using E = element<decltype(t)>;
            const auto *a = data<E>(gate), *b = data<E>(up);
            auto* c = data<E>(y);
            each_row(y, [&](int64_t i) { swiglu_forward(a + i * gate.stride(0), b + i * up.stride(0), c + i * y.stride(0), y.size(1)); });
        });
        context->save_for_backward({ gate, up });
        return y.view(gate_in.sizes());
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        once_only();
        auto saved = context->get_saved_variables();
        at::Tensor gate = saved[0], up = saved[1], g = flat(gradients[0]);
        // Side by side, as the product that both come from takes them.
        at::Tensor both = at::empty({ gate.size(0), 2 * gate.size(1) }, gate.options()), ggate = both.narrow(1, 0, gate.size(1)), gup = both.narrow(1, gate.size(1), gate.size(1));
        by_type(gate, [&](auto* t) {
            using E = element<decltype(t)>;
            const auto *a = data<E>(gate), *b = data<E>(up), *c = data<E>(g);
            auto *da = data<E>(ggate), *db = data<E>(gup);
            each_row(gate, [&](int64_t i) {
                swiglu_backward(a + i * gate.stride(0), b + i * up.stride(0), c + i * g.stride(0), da + i * both.stride(0), db + i * both.stride(0), gate.size(1));
            });
        });
        return { ggate.view(gradients[0].sizes()), gup.view(gradients[0].sizes()) };
    }
};

} // namespace

DF_API int df_swiglu(df_tensor* gate, df_tensor* up, df_tensor** out) { DF_RETURN(SwiGlu::apply(get(gate), get(up))); }
