// How much memory tensors take on the CPU: counted at libtorch's own allocator, for the thread that asks and what it starts.
#include "shim.h"

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <torch/version.h>

#include <memory>
#include <mutex>

namespace {

#if TORCH_VERSION_MAJOR >= 2
using total = size_t;
#else
using total = int64_t;
#endif

struct Watch : c10::MemoryReportingInfoBase {
    std::mutex gate;
    int64_t now = 0, peak = 0;

    void reportMemoryUsage(void*, int64_t size, total, total, c10::Device place) override
    {
        if (place.is_cpu()) {
            std::lock_guard<std::mutex> lock(gate);
            now += size;
            peak = std::max(peak, now);
        }
    }

    bool memoryProfilingEnabled() const override { return true; }
};

thread_local std::shared_ptr<Watch> watch;
thread_local std::unique_ptr<c10::DebugInfoGuard> guard;

} // namespace

DF_API int df_watch_memory()
{
    return df::guard([] {
        guard.reset();
        watch = std::make_shared<Watch>();
        guard = std::make_unique<c10::DebugInfoGuard>(c10::DebugInfoKind::PROFILER_STATE, watch);
    });
}

// The largest sum of bytes that were allocated since df_watch_memory and not yet freed.
DF_API int df_end_watch(int64_t* peak)
{
    return df::guard([&] {
        TORCH_CHECK(watch, "no memory is being watched on this thread");
        guard.reset();
        *peak = watch->peak;
        watch.reset();
    });
}
