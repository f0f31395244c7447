// x * W^T with W in float32 and the product in bfloat16: `copy` is W in bfloat16, kept by the caller as long as W does not change, and W's
// gradient arrives in float32.
#include "fused.h"
#include "product.h"

using namespace df;

namespace {

struct MixedLinear : torch::autograd::Function<MixedLinear> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& copy)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        TORCH_CHECK(x.scalar_type() == copy.scalar_type() && weight.sizes() == copy.sizes(), "linear: x and the copy of W have one type, W and its copy one shape");
        context->save_for_backward({ x, copy });
        return df::needs_float(x) ? df::matmul(x, copy.t()) : at::linear(x, copy);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        once_only();
        auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &copy = saved[1], &g = gradients[0];
        at::Tensor gx, gw;
        if (context->needs_input_grad(0)) {
            gx = df::matmul(g, copy);
        }
        if (context->needs_input_grad(1)) {
            gw = df::mm(g.reshape({ -1, copy.size(0) }).t(), x.reshape({ -1, copy.size(1) })).to(at::kFloat);
        }
        return { gx, gw, at::Tensor() };
    }
};

} // namespace

DF_API int df_mixed_linear(df_tensor* x, df_tensor* weight, df_tensor* copy, df_tensor** out) { DF_RETURN(MixedLinear::apply(get(x), get(weight), get(copy).detach())); }
