// Gradients: what needs them, where they are, going backwards.
#include "shim.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

using df::get;
using df::list;
using df::wrap;

DF_API int df_backward(df_tensor* loss, df_tensor* gradient, int32_t retain)
{
    return df::guard([&] {
        std::vector<at::Tensor> gradients { gradient ? get(gradient) : at::Tensor() };
        torch::autograd::backward({ get(loss) }, gradients, retain != 0);
    });
}

DF_API int df_autograd_grad(df_tensor* const* outputs, int32_t n, df_tensor* const* inputs, int32_t m, int32_t retain, int32_t create_graph, df_tensor** out)
{
    return df::guard([&] {
        auto gradients = torch::autograd::grad(list(outputs, n), list(inputs, m), {}, retain != 0, create_graph != 0, true);
        for (size_t i = 0; i < gradients.size(); i++) {
            out[i] = gradients[i].defined() ? wrap(std::move(gradients[i])) : nullptr;
        }
    });
}

// NULL while there is none.
DF_API int df_grad(df_tensor* t, df_tensor** out)
{
    return df::guard([&] {
        const at::Tensor& gradient = get(t).grad();
        *out = gradient.defined() ? wrap(at::Tensor(gradient)) : nullptr;
    });
}

DF_API int df_set_grad(df_tensor* t, df_tensor* gradient)
{
    return df::guard([&] {
        if (gradient) {
            TORCH_CHECK(get(gradient).sizes() == get(t).sizes(), "a gradient has the shape of its tensor");
        }
        get(t).mutable_grad() = gradient ? get(gradient) : at::Tensor();
    });
}

// One call for a whole model.
DF_API int df_zero_grads(df_tensor* const* tensors, int32_t n, int32_t to_none)
{
    return df::guard([&] {
        for (auto& tensor : list(tensors, n)) {
            at::Tensor& gradient = tensor.mutable_grad();
            if (gradient.defined()) {
                if (to_none) {
                    gradient.reset();
                } else {
                    gradient.detach_().zero_();
                }
            }
        }
    });
}

DF_API int df_requires_grad(df_tensor* t, int32_t* out) { DF_DO(*out = get(t).requires_grad()); }
DF_API int df_set_requires_grad(df_tensor* t, int32_t value) { DF_DO(get(t).set_requires_grad(value != 0)); }
DF_API int df_is_leaf(df_tensor* t, int32_t* out) { DF_DO(*out = get(t).is_leaf()); }
DF_API int df_retain_grad(df_tensor* t) { DF_DO(get(t).retain_grad()); }
DF_API int df_detach(df_tensor* t, df_tensor** out) { DF_RETURN(get(t).detach()); }
DF_API int df_detach_(df_tensor* t) { DF_DO(get(t).detach_()); }
DF_API int df_version_of(df_tensor* t, int64_t* out) { DF_DO(*out = get(t)._version()); }
DF_API int df_swap_data(df_tensor* t, df_tensor* data) { DF_DO(get(t).set_data(get(data))); }
