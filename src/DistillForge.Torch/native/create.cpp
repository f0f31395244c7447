// Tensors out of nothing, out of managed memory, and back.
#include "shim.h"

#include <cstring>

using df::dims;
using df::get;
using df::number;
using df::options;
using df::wrap;

DF_API int df_from_data(const void* source, int64_t bytes, const int64_t* shape, int32_t n, int32_t dtype, int32_t device, df_tensor** out)
{
    return df::guard([&] {
        at::Tensor tensor = at::empty(dims(shape, n), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
        TORCH_CHECK(static_cast<int64_t>(tensor.nbytes()) == bytes, "the data has ", bytes, " bytes, the shape asks for ", tensor.nbytes());
        if (bytes > 0) {
            std::memcpy(tensor.data_ptr(), source, static_cast<size_t>(bytes));
        }
        *out = wrap(tensor.to(df::device(device)));
    });
}

DF_API int df_copy_out(df_tensor* t, void* target, int64_t bytes)
{
    return df::guard([&] {
        at::Tensor tensor = get(t).detach().to(at::kCPU).contiguous();
        TORCH_CHECK(static_cast<int64_t>(tensor.nbytes()) == bytes, "the buffer has ", bytes, " bytes, the tensor ", tensor.nbytes());
        if (bytes > 0) {
            std::memcpy(target, tensor.data_ptr(), static_cast<size_t>(bytes));
        }
    });
}

DF_API int df_data_ptr(df_tensor* t, void** out)
{
    return df::guard([&] {
        TORCH_CHECK(get(t).is_contiguous() && get(t).device().is_cpu(), "raw bytes need a contiguous tensor on the CPU");
        *out = get(t).data_ptr();
    });
}

// Which memory a tensor has, to see whether it was given another; not to be read.
DF_API int df_data_id(df_tensor* t, void** out) { DF_DO(*out = get(t).data_ptr()); }

DF_API int df_item(df_tensor* t, df_scalar* out)
{
    return df::guard([&] {
        at::Scalar value = get(t).item();
        if (value.isFloatingPoint()) {
            *out = { 1, 0, 0, value.toDouble() };
        } else {
            *out = { value.isBoolean() ? 2 : 0, 0, value.isBoolean() ? static_cast<int64_t>(value.toBool()) : value.toLong(), 0.0 };
        }
    });
}

DF_API int df_empty(const int64_t* shape, int32_t n, int32_t dtype, int32_t device, df_tensor** out) { DF_RETURN(at::empty(dims(shape, n), options(dtype, device))); }
DF_API int df_zeros(const int64_t* shape, int32_t n, int32_t dtype, int32_t device, df_tensor** out) { DF_RETURN(at::zeros(dims(shape, n), options(dtype, device))); }
DF_API int df_full(const int64_t* shape, int32_t n, df_scalar value, int32_t dtype, int32_t device, df_tensor** out) { DF_RETURN(at::full(dims(shape, n), number(value), options(dtype, device))); }
DF_API int df_rand(const int64_t* shape, int32_t n, int32_t dtype, int32_t device, df_tensor** out) { DF_RETURN(at::rand(dims(shape, n), options(dtype, device))); }
DF_API int df_randn(const int64_t* shape, int32_t n, int32_t dtype, int32_t device, df_tensor** out) { DF_RETURN(at::randn(dims(shape, n), options(dtype, device))); }
DF_API int df_randint(int64_t low, int64_t high, const int64_t* shape, int32_t n, int32_t dtype, int32_t device, df_tensor** out) { DF_RETURN(at::randint(low, high, dims(shape, n), options(dtype, device))); }
DF_API int df_randperm(int64_t n, int32_t dtype, int32_t device, df_tensor** out) { DF_RETURN(at::randperm(n, options(dtype, device))); }
DF_API int df_arange(df_scalar start, df_scalar stop, df_scalar step, int32_t dtype, int32_t device, df_tensor** out) { DF_RETURN(at::arange(number(start), number(stop), number(step), options(dtype, device))); }
DF_API int df_eye(int64_t rows, int64_t columns, int32_t dtype, int32_t device, df_tensor** out) { DF_RETURN(at::eye(rows, columns, options(dtype, device))); }
DF_API int df_full_like(df_tensor* t, df_scalar value, int32_t dtype, df_tensor** out) { DF_RETURN(at::full_like(get(t), number(value), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)))); }
DF_API int df_empty_like(df_tensor* t, int32_t dtype, df_tensor** out) { DF_RETURN(at::empty_like(get(t), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)))); }

DF_API int df_dim(df_tensor* t, int64_t* out) { DF_DO(*out = get(t).dim()); }
DF_API int df_numel(df_tensor* t, int64_t* out) { DF_DO(*out = get(t).numel()); }
DF_API int df_dtype(df_tensor* t, int32_t* out) { DF_DO(*out = static_cast<int32_t>(get(t).scalar_type())); }
DF_API int df_is_contiguous(df_tensor* t, int32_t* out) { DF_DO(*out = get(t).is_contiguous()); }
DF_API int df_device(df_tensor* t, int32_t* type, int32_t* index) { DF_DO(*type = static_cast<int32_t>(get(t).device().type()); *index = get(t).device().index()); }

DF_API int df_sizes(df_tensor* t, int64_t* out, int32_t strides)
{
    return df::guard([&] {
        auto values = strides ? get(t).strides() : get(t).sizes();
        std::copy(values.begin(), values.end(), out);
    });
}

DF_API int df_to_type(df_tensor* t, int32_t dtype, int32_t copy, df_tensor** out) { DF_RETURN(get(t).to(static_cast<at::ScalarType>(dtype), false, copy != 0)); }
DF_API int df_to(df_tensor* t, int32_t dtype, int32_t device, int32_t copy, df_tensor** out) { DF_RETURN(get(t).to(df::device(device), static_cast<at::ScalarType>(dtype), false, copy != 0)); }
