// Errors, live tensors, threads, gradient mode, devices, the random generator.
#include "blas.h"
#include "shim.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 9)
#include <c10/core/CachingDeviceAllocator.h>
#define DF_DEVICE_ALLOCATOR
#endif

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

// An OpenBLAS with threads of its own does not hear of OpenMP's: two trainings side by side, a thread each, would still share its pool
// and wait for each other.
DF_API int df_set_threads(int32_t count) { DF_DO(at::set_num_threads(count); df::blas::set_threads(count)); }
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

// The generator that operations on a device draw from. A tensor there first: that initialises CUDA.
static at::Generator generator_of(int32_t device_code)
{
    at::Device device = df::device(device_code);
    return at::globalContext().defaultGenerator(device.is_cpu() ? device : at::empty({ 0 }, at::TensorOptions().device(device)).device());
}

DF_API int df_rng_state(int32_t device, df_tensor** out)
{
    return df::guard([&] {
        auto generator = generator_of(device);
        std::lock_guard<std::mutex> lock(generator.mutex());
        *out = df::wrap(at::Tensor(generator.get_state()));
    });
}

DF_API int df_set_rng_state(int32_t device, df_tensor* state)
{
    return df::guard([&] {
        auto generator = generator_of(device);
        std::lock_guard<std::mutex> lock(generator.mutex());
        generator.set_state(get(state));
    });
}

// Waits for all that was asked of a device: work is queued on one stream, and reading a number back waits for what is before it.
DF_API int df_synchronize(int32_t device)
{
    return df::guard([&] {
        if (!df::device(device).is_cpu()) {
            at::zeros({ 1 }, at::TensorOptions().device(df::device(device))).item();
        }
    });
}

// Bytes that tensors take on a CUDA device now, and at most since the last reset; -1 where this libtorch does not say.
DF_API int df_cuda_memory(int32_t device, int32_t reset, int64_t* now, int64_t* peak)
{
    return df::guard([&] {
        *now = *peak = -1;
        at::Device place = at::empty({ 0 }, at::TensorOptions().device(df::device(device))).device();
        TORCH_CHECK(place.is_cuda(), "memory is counted on CUDA devices, and this is ", place);
#ifdef DF_DEVICE_ALLOCATOR
        auto* allocator = c10::getDeviceAllocator(place.type());
        if (reset) {
            allocator->resetPeakStats(place.index());
        }
        auto bytes = allocator->getDeviceStats(place.index()).allocated_bytes[0];
        *now = bytes.current;
        *peak = bytes.peak;
#endif
    });
}
