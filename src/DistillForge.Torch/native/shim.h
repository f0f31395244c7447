// What every file of the shim shares: the handle, the guard that turns exceptions into text, small converters.
// Small ATen headers on purpose (<torch/torch.h> doubles the build), and nothing that changed between libtorch 1.13 and 2.x:
// no c10::optional, no Tensor::data<T>(), no const_data_ptr, no at::autocast setters.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

#define DF_API extern "C" __attribute__((visibility("default")))

/* Owns one at::Tensor. `bytes` is what its storage adds to the live total: 0 for a view or a shared tensor. */
struct df_tensor {
    at::Tensor value;
    int64_t bytes;
};

/* A number that keeps its kind, because the kind decides the result's type: 0 whole, 1 real, 2 truth. */
struct df_scalar {
    int32_t kind;
    int32_t unused;
    int64_t whole;
    double real;
};

namespace df {

void set_error(const char* text) noexcept;

// 0 on success; 1 on an exception, whose text df_last_error() gives to the same thread.
template <class F>
int guard(F&& body) noexcept
{
    try {
        body();
        return 0;
    } catch (const c10::Error& error) {
        set_error(error.what_without_backtrace());
    } catch (const std::exception& error) {
        set_error(error.what());
    } catch (...) {
        set_error("unknown C++ exception");
    }
    return 1;
}

df_tensor* wrap(at::Tensor&& tensor);

inline at::Tensor& get(df_tensor* tensor)
{
    TORCH_CHECK(tensor != nullptr, "the tensor was disposed");
    return tensor->value;
}

inline at::IntArrayRef dims(const int64_t* values, int32_t count) { return at::IntArrayRef(values, static_cast<size_t>(count)); }

inline at::Scalar number(df_scalar s)
{
    return s.kind == 0 ? at::Scalar(s.whole) : s.kind == 1 ? at::Scalar(s.real) : at::Scalar(s.whole != 0);
}

inline at::Device device(int32_t code) // type in the high half, index in the low (-1 is the current one)
{
    return at::Device(static_cast<at::DeviceType>(code >> 16), static_cast<c10::DeviceIndex>(static_cast<int16_t>(code & 0xffff)));
}

inline at::TensorOptions options(int32_t dtype, int32_t device_code)
{
    return at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)).device(device(device_code));
}

inline std::vector<at::Tensor> list(df_tensor* const* tensors, int32_t count)
{
    std::vector<at::Tensor> result;
    result.reserve(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; i++) {
        result.push_back(get(tensors[i]));
    }
    return result;
}

} // namespace df

#define DF_RETURN(expression) return df::guard([&] { *out = df::wrap(expression); })
#define DF_DO(statement) return df::guard([&] { statement; })
