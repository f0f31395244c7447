// torch.nn.functional: what has parameters, and losses of plain ops.
#include "product.h"

using df::dims;
using df::get;
using df::list;
using df::number;

static at::Tensor optional(df_tensor* t) { return t ? get(t) : at::Tensor(); }

DF_API int df_linear(df_tensor* x, df_tensor* weight, df_tensor* bias, df_tensor** out) { DF_RETURN(bias == nullptr && df::needs_float(get(x)) ? df::matmul(get(x), get(weight).t()) : at::linear(get(x), get(weight), optional(bias))); }
DF_API int df_addmm(df_tensor* a, df_tensor* b, df_tensor* c, double beta, double alpha, df_tensor** out) { DF_RETURN(at::addmm(get(a), get(b), get(c), beta, alpha)); }
DF_API int df_baddbmm(df_tensor* a, df_tensor* b, df_tensor* c, double beta, double alpha, df_tensor** out) { DF_RETURN(at::baddbmm(get(a), get(b), get(c), beta, alpha)); }
DF_API int df_einsum(const char* equation, df_tensor* const* tensors, int32_t n, df_tensor** out) { DF_RETURN(at::einsum(equation, list(tensors, n))); }
DF_API int df_embedding(df_tensor* weight, df_tensor* ids, int64_t padding, df_tensor** out) { DF_RETURN(at::embedding(get(weight), get(ids), padding)); }
DF_API int df_layer_norm(df_tensor* x, const int64_t* d, int32_t n, df_tensor* weight, df_tensor* bias, double eps, df_tensor** out) { DF_RETURN(at::layer_norm(get(x), dims(d, n), optional(weight), optional(bias), eps)); }
DF_API int df_dropout(df_tensor* x, double p, int32_t training, df_tensor** out) { DF_RETURN(at::dropout(get(x), p, training != 0)); }
DF_API int df_cross_entropy(df_tensor* x, df_tensor* target, df_tensor* weight, int64_t ignore, int64_t reduction, double smoothing, df_tensor** out) { DF_RETURN(at::cross_entropy_loss(get(x), get(target), optional(weight), reduction, ignore, smoothing)); }
DF_API int df_nll_loss(df_tensor* x, df_tensor* target, df_tensor* weight, int64_t ignore, int64_t reduction, df_tensor** out) { DF_RETURN(at::nll_loss(get(x), get(target), optional(weight), reduction, ignore)); }
DF_API int df_kl_div(df_tensor* x, df_tensor* target, int64_t reduction, int32_t log_target, df_tensor** out) { DF_RETURN(at::kl_div(get(x), get(target), reduction, log_target != 0)); }
DF_API int df_mse_loss(df_tensor* x, df_tensor* target, int64_t reduction, df_tensor** out) { DF_RETURN(at::mse_loss(get(x), get(target), reduction)); }
