// Matrix products that are right on any processor. Without AVX-512 libtorch computes bfloat16's one by one and sums them in bfloat16,
// where a sum of thousands stops growing; there they are float32's of the same numbers, rounded once.
#pragma once
#include "shim.h"

namespace df {

inline bool needs_float(const at::Tensor& t)
{
#if defined(__x86_64__)
    static const bool slow = !(__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"));
    return slow && t.scalar_type() == at::kBFloat16 && t.is_cpu();
#else
    return false;
#endif
}

template <class F>
at::Tensor product(F&& multiply, const at::Tensor& a, const at::Tensor& b)
{
    return needs_float(a) && needs_float(b) ? multiply(a.to(at::kFloat), b.to(at::kFloat)).to(at::kBFloat16) : multiply(a, b);
}

inline at::Tensor matmul(const at::Tensor& a, const at::Tensor& b)
{
    return product([](const at::Tensor& x, const at::Tensor& y) { return at::matmul(x, y); }, a, b);
}

inline at::Tensor mm(const at::Tensor& a, const at::Tensor& b)
{
    return product([](const at::Tensor& x, const at::Tensor& y) { return at::mm(x, y); }, a, b);
}

inline at::Tensor bmm(const at::Tensor& a, const at::Tensor& b)
{
    return product([](const at::Tensor& x, const at::Tensor& y) { return at::bmm(x, y); }, a, b);
}

} // namespace df
