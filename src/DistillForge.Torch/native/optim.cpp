// Whole models at once: AdamW and the clipping of gradients.
#include "kernels.h"
#include "shim.h"

#include <ATen/Parallel.h>

using df::get;
using df::list;

namespace {

struct adamw_numbers {
    float keep1, keep2, mix1, mix2, eps, shrink, rate, root;
};

DF_KERNEL void adamw_loop(float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v, int64_t n, adamw_numbers a)
{
    for (int64_t i = 0; i < n; i++) {
        float gradient = g[i];
        float mean = a.keep1 * m[i] + a.mix1 * gradient;
        float square = a.keep2 * v[i] + a.mix2 * gradient * gradient;
        m[i] = mean;
        v[i] = square;
        p[i] = p[i] * a.shrink - a.rate * mean / (std::sqrt(square) * a.root + a.eps);
    }
}

DF_KERNEL double squares_loop(const float* __restrict g, int64_t n)
{
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        total += static_cast<double>(g[i]) * g[i];
    }
    return total;
}

DF_KERNEL void scale_loop(float* __restrict g, int64_t n, float factor)
{
    for (int64_t i = 0; i < n; i++) {
        g[i] *= factor;
    }
}

bool fast(const at::Tensor& t) { return t.scalar_type() == at::kFloat && t.device().is_cpu() && t.is_contiguous(); }

void adamw_fused(const at::Tensor& p, const at::Tensor& g, const at::Tensor& m, const at::Tensor& v, adamw_numbers numbers)
{
    auto *pp = p.data_ptr<float>(), *mp = m.data_ptr<float>(), *vp = v.data_ptr<float>();
    const auto* gp = g.data_ptr<float>();
    at::parallel_for(0, p.numel(), 32768, [&](int64_t from, int64_t to) { adamw_loop(pp + from, gp + from, mp + from, vp + from, to - from, numbers); });
    p.unsafeGetTensorImpl()->bump_version();
}

void adamw_plain(at::Tensor p, const at::Tensor& g, at::Tensor m, at::Tensor v, adamw_numbers a)
{
    m.mul_(a.keep1).add_(g, a.mix1);
    v.mul_(a.keep2).addcmul_(g, g, a.mix2);
    p.mul_(a.shrink).addcdiv_(m, v.sqrt().mul_(a.root).add_(a.eps), -a.rate);
}

double norm_of(const at::Tensor& g)
{
    if (!fast(g)) {
        double norm = g.to(at::kFloat).norm().item().toDouble();
        return norm * norm;
    }
    const auto* gp = g.data_ptr<float>();
    return at::parallel_reduce(
        0, g.numel(), 65536, 0.0, [&](int64_t from, int64_t to, double start) { return start + squares_loop(gp + from, to - from); }, [](double a, double b) { return a + b; });
}

} // namespace

DF_API int df_adamw(df_tensor* const* parameters, df_tensor* const* means, df_tensor* const* squares, int64_t* steps, int32_t n, double rate, double beta1, double beta2, double eps, double decay)
{
    return df::guard([&] {
        at::NoGradGuard quiet;
        for (int32_t i = 0; i < n; i++) {
            at::Tensor &p = get(parameters[i]), &m = get(means[i]), &v = get(squares[i]);
            const at::Tensor& gradient = p.grad();
            if (!gradient.defined()) {
                continue;
            }
            steps[i]++;
            double correction1 = 1 - std::pow(beta1, static_cast<double>(steps[i])), correction2 = 1 - std::pow(beta2, static_cast<double>(steps[i]));
            adamw_numbers numbers { static_cast<float>(beta1), static_cast<float>(beta2), static_cast<float>(1 - beta1), static_cast<float>(1 - beta2), static_cast<float>(eps),
                static_cast<float>(1 - rate * decay), static_cast<float>(rate / correction1), static_cast<float>(1 / std::sqrt(correction2)) };
            at::Tensor g = gradient.to(p.scalar_type()).contiguous();
            if (fast(p) && fast(g) && fast(m) && fast(v)) {
                adamw_fused(p, g, m, v, numbers);
            } else {
                adamw_plain(p, g, m, v, numbers);
            }
        }
    });
}

// A norm that is not finite scales nothing: the caller sees it and decides.
DF_API int df_clip_grad_norm_(df_tensor* const* parameters, int32_t n, double limit, double* norm)
{
    return df::guard([&] {
        at::NoGradGuard quiet;
        double total = 0;
        auto tensors = list(parameters, n);
        for (const auto& t : tensors) {
            total += t.grad().defined() ? norm_of(t.grad()) : 0.0;
        }
        *norm = std::sqrt(total);
        double factor = limit / (*norm + 1e-6);
        if (!std::isfinite(*norm) || factor >= 1) {
            return;
        }
        for (const auto& t : tensors) {
            at::Tensor g = t.grad();
            if (g.defined() && fast(g)) {
                auto* gp = g.data_ptr<float>();
                at::parallel_for(0, g.numel(), 65536, [&](int64_t from, int64_t to) { scale_loop(gp + from, to - from, static_cast<float>(factor)); });
            } else if (g.defined()) {
                g.mul_(factor);
            }
        }
    });
}
