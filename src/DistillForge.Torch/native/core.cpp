// Errors, live tensors, threads, gradient mode, devices, the random generator.
#include "shim.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#include <atomic>
#include <mutex>
#include <string>

using df::get;

static thread_local std::string last_error;
static std::atomic<int64_t> live_tensors { 0 }, live_bytes { 0 };

namespace df {

void set_error(const char* text) noexcept
{
    try {
        last_error = text;
    } catch (...) {
        last_error.clear();
    }
}

df_tensor* wrap(at::Tensor&& tensor)
{
    bool alone = tensor.use_count() == 1 && tensor.has_storage() && tensor.storage().use_count() == 1;
    int64_t bytes = alone ? static_cast<int64_t>(tensor.storage().nbytes()) : 0;
    auto* handle = new df_tensor { std::move(tensor), bytes };
    live_tensors.fetch_add(1, std::memory_order_relaxed);
    live_bytes.fetch_add(bytes, std::memory_order_relaxed);
    return handle;
}

} // namespace df

DF_API const char* df_last_error() { return last_error.c_str(); }
DF_API int64_t df_live_tensors() { return live_tensors.load(std::memory_order_relaxed); }
DF_API int64_t df_live_bytes() { return live_bytes.load(std::memory_order_relaxed); }
DF_API const char* df_version() { return TORCH_VERSION; }

DF_API void df_free(df_tensor* tensor)
{
    live_tensors.fetch_sub(1, std::memory_order_relaxed);
    live_bytes.fetch_sub(tensor->bytes, std::memory_order_relaxed);
    delete tensor;
}

DF_API int df_set_threads(int32_t count) { DF_DO(at::set_num_threads(count)); }
DF_API int32_t df_get_threads() { return at::get_num_threads(); }
DF_API int32_t df_cuda_available() { return at::hasCUDA() ? 1 : 0; }

// Of the calling thread, as in PyTorch.
DF_API int32_t df_grad_mode(int32_t enabled)
{
    bool before = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(enabled != 0);
    return before ? 1 : 0;
}

DF_API int32_t df_grad_enabled() { return c10::GradMode::is_enabled() ? 1 : 0; }

DF_API int df_manual_seed(int64_t seed) { DF_DO(at::manual_seed(static_cast<uint64_t>(seed))); }

DF_API int df_rng_state(df_tensor** out)
{
    return df::guard([&] {
        auto generator = at::detail::getDefaultCPUGenerator();
        std::lock_guard<std::mutex> lock(generator.mutex());
        *out = df::wrap(at::Tensor(generator.get_state()));
    });
}

DF_API int df_set_rng_state(df_tensor* state)
{
    return df::guard([&] {
        auto generator = at::detail::getDefaultCPUGenerator();
        std::lock_guard<std::mutex> lock(generator.mutex());
        generator.set_state(get(state));
    });
}
