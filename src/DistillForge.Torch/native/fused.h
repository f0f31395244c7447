// What the fused autograd functions share. They run on the CPU, on float32 or bfloat16, and cannot be differentiated twice.
#pragma once
#include "kernels.h"
#include "shim.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

namespace df {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Calls body with a null float* or uint16_t*, whose type says how the elements lie in memory.
template <class F>
void by_type(const at::Tensor& t, F&& body)
{
    if (t.scalar_type() == at::kFloat) {
        body(static_cast<float*>(nullptr));
    } else {
        TORCH_CHECK(t.scalar_type() == at::kBFloat16, "fused functions serve float32 and bfloat16, not ", t.scalar_type());
        body(static_cast<uint16_t*>(nullptr));
    }
}

template <class E>
E* data(const at::Tensor& t) { return static_cast<E*>(t.data_ptr()); }

// Gradient mode is on during backward only when it is to be differentiated again.
inline void once_only() { TORCH_CHECK(!c10::GradMode::is_enabled(), "a fused function cannot be differentiated twice"); }

template <class E>
using element = std::remove_pointer_t<E>;

} // namespace df
