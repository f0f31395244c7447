// One number in, one number out; and pairs of them. In-place forms end in an underscore, as in PyTorch.
#include "product.h"

using df::get;
using df::number;

#define UNARY(name) DF_API int df_##name(df_tensor* a, df_tensor** out) { DF_RETURN(at::name(get(a))); }
#define BINARY(name) DF_API int df_##name(df_tensor* a, df_tensor* b, df_tensor** out) { DF_RETURN(at::name(get(a), get(b))); }
#define PRODUCT(name) DF_API int df_##name(df_tensor* a, df_tensor* b, df_tensor** out) { DF_RETURN(df::name(get(a), get(b))); }
#define BINARY_SCALAR(name) DF_API int df_##name##_scalar(df_tensor* a, df_scalar b, df_tensor** out) { DF_RETURN(at::name(get(a), number(b))); }

UNARY(exp) UNARY(exp2) UNARY(expm1) UNARY(log) UNARY(log2) UNARY(log1p) UNARY(sin) UNARY(cos) UNARY(tanh) UNARY(sigmoid) UNARY(log_sigmoid)
UNARY(relu) UNARY(silu) UNARY(sqrt) UNARY(rsqrt) UNARY(square) UNARY(abs) UNARY(neg) UNARY(reciprocal) UNARY(sign) UNARY(floor) UNARY(ceil)
UNARY(round) UNARY(erf) UNARY(isfinite) UNARY(isnan) UNARY(isinf) UNARY(logical_not) UNARY(softplus)

BINARY(mul) BINARY(div) BINARY(pow) BINARY(maximum) BINARY(minimum) BINARY(eq) BINARY(ne) BINARY(lt) BINARY(le) BINARY(gt) BINARY(ge)
BINARY(logical_and) BINARY(logical_or) BINARY(logical_xor) BINARY(remainder) BINARY(outer) BINARY(dot)
PRODUCT(matmul) PRODUCT(mm) PRODUCT(bmm)
BINARY_SCALAR(mul) BINARY_SCALAR(div) BINARY_SCALAR(pow) BINARY_SCALAR(eq) BINARY_SCALAR(ne) BINARY_SCALAR(lt) BINARY_SCALAR(le)
BINARY_SCALAR(gt) BINARY_SCALAR(ge) BINARY_SCALAR(remainder)

DF_API int df_add(df_tensor* a, df_tensor* b, df_scalar alpha, df_tensor** out) { DF_RETURN(at::add(get(a), get(b), number(alpha))); }
DF_API int df_sub(df_tensor* a, df_tensor* b, df_scalar alpha, df_tensor** out) { DF_RETURN(at::sub(get(a), get(b), number(alpha))); }
DF_API int df_add_scalar(df_tensor* a, df_scalar b, df_tensor** out) { DF_RETURN(at::add(get(a), number(b))); }
DF_API int df_sub_scalar(df_tensor* a, df_scalar b, df_tensor** out) { DF_RETURN(at::sub(get(a), number(b))); }
DF_API int df_rsub_scalar(df_tensor* a, df_scalar b, df_tensor** out) { DF_RETURN(at::rsub(get(a), number(b))); }
DF_API int df_scalar_pow(df_scalar a, df_tensor* b, df_tensor** out) { DF_RETURN(at::pow(number(a), get(b))); }
DF_API int df_gelu(df_tensor* a, int32_t tanh, df_tensor** out) { DF_RETURN(at::gelu(get(a), tanh ? "tanh" : "none")); }
DF_API int df_where(df_tensor* c, df_tensor* a, df_tensor* b, df_tensor** out) { DF_RETURN(at::where(get(c), get(a), get(b))); }
DF_API int df_masked_fill(df_tensor* a, df_tensor* mask, df_scalar value, df_tensor** out) { DF_RETURN(at::masked_fill(get(a), get(mask), number(value))); }
DF_API int df_clamp(df_tensor* a, df_scalar low, df_scalar high, df_tensor** out) { DF_RETURN(at::clamp(get(a), number(low), number(high))); }
DF_API int df_clamp_min(df_tensor* a, df_scalar low, df_tensor** out) { DF_RETURN(at::clamp_min(get(a), number(low))); }
DF_API int df_clamp_max(df_tensor* a, df_scalar high, df_tensor** out) { DF_RETURN(at::clamp_max(get(a), number(high))); }
DF_API int df_lerp_(df_tensor* a, df_tensor* b, df_scalar weight) { DF_DO(get(a).lerp_(get(b), number(weight))); }

DF_API int df_add_(df_tensor* a, df_tensor* b, df_scalar alpha) { DF_DO(get(a).add_(get(b), number(alpha))); }
DF_API int df_sub_(df_tensor* a, df_tensor* b, df_scalar alpha) { DF_DO(get(a).sub_(get(b), number(alpha))); }
DF_API int df_mul_(df_tensor* a, df_tensor* b) { DF_DO(get(a).mul_(get(b))); }
DF_API int df_div_(df_tensor* a, df_tensor* b) { DF_DO(get(a).div_(get(b))); }
DF_API int df_add_scalar_(df_tensor* a, df_scalar b) { DF_DO(get(a).add_(number(b))); }
DF_API int df_mul_scalar_(df_tensor* a, df_scalar b) { DF_DO(get(a).mul_(number(b))); }
DF_API int df_div_scalar_(df_tensor* a, df_scalar b) { DF_DO(get(a).div_(number(b))); }
DF_API int df_pow_scalar_(df_tensor* a, df_scalar b) { DF_DO(get(a).pow_(number(b))); }
DF_API int df_sqrt_(df_tensor* a) { DF_DO(get(a).sqrt_()); }
DF_API int df_clamp_(df_tensor* a, df_scalar low, df_scalar high) { DF_DO(get(a).clamp_(number(low), number(high))); }
DF_API int df_addcmul_(df_tensor* a, df_tensor* b, df_tensor* c, df_scalar value) { DF_DO(get(a).addcmul_(get(b), get(c), number(value))); }
DF_API int df_addcdiv_(df_tensor* a, df_tensor* b, df_tensor* c, df_scalar value) { DF_DO(get(a).addcdiv_(get(b), get(c), number(value))); }
DF_API int df_zero_(df_tensor* a) { DF_DO(get(a).zero_()); }
DF_API int df_fill_(df_tensor* a, df_scalar value) { DF_DO(get(a).fill_(number(value))); }
DF_API int df_copy_(df_tensor* a, df_tensor* b) { DF_DO(get(a).copy_(get(b))); }
DF_API int df_masked_fill_(df_tensor* a, df_tensor* mask, df_scalar value) { DF_DO(get(a).masked_fill_(get(mask), number(value))); }
DF_API int df_normal_(df_tensor* a, double mean, double deviation) { DF_DO(get(a).normal_(mean, deviation)); }
DF_API int df_uniform_(df_tensor* a, double from, double to) { DF_DO(get(a).uniform_(from, to)); }

DF_API int df_allclose(df_tensor* a, df_tensor* b, double relative, double absolute, int32_t equal_nan, int32_t* out) { DF_DO(*out = at::allclose(get(a), get(b), relative, absolute, equal_nan != 0)); }
DF_API int df_equal(df_tensor* a, df_tensor* b, int32_t* out) { DF_DO(*out = at::equal(get(a), get(b))); }
