// Whole models at once: AdamW and the clipping of gradients.
#include "kernels.h"
#include "shim.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/version.h>

#include <map>

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
        p[i] = p[i] * a.shrink - a.rate * mean / (__builtin_sqrtf(square) * a.root + a.eps);
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

// The same on any device and type, in few calls for all tensors together.
struct adamw_group {
    std::vector<at::Tensor> values, gradients, means, squares;
};

// On a GPU: libtorch's own kernel, which reads and writes each number once.
bool adamw_on_gpu(adamw_group& all, int64_t step, double rate, double beta1, double beta2, double eps, double decay)
{
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1)
    for (const auto* tensors : { &all.values, &all.gradients, &all.means, &all.squares }) {
        for (const at::Tensor& t : *tensors) {
            if (!t.is_cuda() || t.scalar_type() != at::kFloat || !t.is_contiguous()) {
                return false;
            }
        }
    }
    std::vector<at::Tensor> steps(all.values.size(), at::full({}, static_cast<double>(step), all.values[0].options()));
    at::_fused_adamw_(all.values, all.gradients, all.means, all.squares, {}, steps, rate, beta1, beta2, decay, eps, false, false);
    for (const at::Tensor& t : all.values) {
        t.unsafeGetTensorImpl()->bump_version(); // it does not by itself, and copies in bfloat16 would not follow
    }
    return true;
#else
    return false;
#endif
}

void adamw_plain(adamw_group& all, adamw_numbers a)
{
    using at::Scalar;
    at::_foreach_mul_(all.means, Scalar(a.keep1));
    at::_foreach_add_(all.means, all.gradients, Scalar(a.mix1));
    at::_foreach_mul_(all.squares, Scalar(a.keep2));
    at::_foreach_addcmul_(all.squares, all.gradients, all.gradients, Scalar(a.mix2));
    auto deviations = at::_foreach_sqrt(all.squares);
    at::_foreach_mul_(deviations, Scalar(a.root));
    at::_foreach_add_(deviations, Scalar(a.eps));
    at::_foreach_mul_(all.values, Scalar(a.shrink));
    at::_foreach_addcdiv_(all.values, all.means, deviations, Scalar(-a.rate));
}

double squares_of(const at::Tensor& g)
{
    const auto* gp = g.data_ptr<float>();
    return at::parallel_reduce(
        0, g.numel(), 65536, 0.0, [&](int64_t from, int64_t to, double start) { return start + squares_loop(gp + from, to - from); }, [](double a, double b) { return a + b; });
}

// One look at the device for all of them.
double squares_of(const std::vector<at::Tensor>& gradients)
{
    if (gradients.empty()) {
        return 0;
    }
    std::vector<at::Tensor> wide;
    for (const auto& g : gradients) {
        wide.push_back(g.to(at::kFloat));
    }
    double norm = at::stack(at::_foreach_norm(wide, at::Scalar(2))).norm().item().toDouble();
    return norm * norm;
}

} // namespace

DF_API int df_adamw(df_tensor* const* parameters, df_tensor* const* means, df_tensor* const* squares, int64_t* steps, int32_t n, double rate, double beta1, double beta2, double eps, double decay)
{
    return df::guard([&] {
        c10::NoGradGuard quiet;
        std::map<int64_t, std::pair<adamw_numbers, adamw_group>> others; // by step
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
                auto& [same, group] = others[steps[i]];
                same = numbers;
                group.values.push_back(p);
                group.gradients.push_back(g);
                group.means.push_back(m);
                group.squares.push_back(v);
            }
        }
        for (auto& [step, found] : others) {
            if (!adamw_on_gpu(found.second, step, rate, beta1, beta2, eps, decay)) {
                adamw_plain(found.second, found.first);
            }
        }
    });
}

// A norm that is not finite scales nothing: the caller sees it and decides.
DF_API int df_clip_grad_norm_(df_tensor* const* parameters, int32_t n, double limit, double* norm)
{
    return df::guard([&] {
        c10::NoGradGuard quiet;
        double total = 0;
        std::vector<at::Tensor> near, others;
        for (const auto& t : list(parameters, n)) {
            if (t.grad().defined()) {
                (fast(t.grad()) ? near : others).push_back(t.grad());
            }
        }
        for (const auto& g : near) {
            total += squares_of(g);
        }
        *norm = std::sqrt(total + squares_of(others));
        double factor = limit / (*norm + 1e-6);
        if (!std::isfinite(*norm) || factor >= 1) {
            return;
        }
        for (const auto& g : near) {
            auto* gp = g.data_ptr<float>();
            at::parallel_for(0, g.numel(), 65536, [&](int64_t from, int64_t to) { scale_loop(gp + from, to - from, static_cast<float>(factor)); });
        }
        if (!others.empty()) {
            at::_foreach_mul_(others, at::Scalar(factor));
        }
    });
}
