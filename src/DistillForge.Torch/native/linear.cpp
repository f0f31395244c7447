// x * W^T with W in float32 and the product in bfloat16: `copy` is W in bfloat16, kept by the caller as long as W does not change, and W's
// gradient arrives in float32. And x times several weights that lie end to end in memory, as one product: x is packed once, its gradient comes summed.
#include "fused.h"
#include "product.h"

using namespace df;

namespace {

struct MixedLinear : torch::autograd::Function<MixedLinear> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& copy)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        TORCH_CHECK(x.scalar_type() == copy.scalar_type() && weight.sizes() == copy.sizes(), "linear: x and the copy of W have one type, W and its copy one shape");
        context->save_for_backward({ x, copy });
        return df::needs_float(x) ? df::matmul(x, copy.t()) : at::linear(x, copy);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        once_only();
        auto saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &copy = saved[1], &g = gradients[0];
        at::Tensor gx, gw;
        if (context->needs_input_grad(0)) {
            gx = df::matmul(g, copy);
        }
        if (context->needs_input_grad(1)) {
            gw = df::mm(g.reshape({ -1, copy.size(0) }).t(), x.reshape({ -1, copy.size(1) })).to(at::kFloat);
        }
        return { gx, gw, at::Tensor() };
    }
};

// Where the columns of tensors lie side by side in rows of one width, they are one tensor without a copy.
at::Tensor side_by_side(const variable_list& parts)
{
    int64_t width = 0;
    bool together = true;
    for (const at::Tensor& part : parts) {
        together = together && part.dim() == 2 && part.stride(1) == 1 && part.stride(0) == parts[0].stride(0) && part.is_alias_of(parts[0]) && part.storage_offset() == parts[0].storage_offset() + width;
        width += part.size(1);
    }
    return together && parts[0].stride(0) == width ? parts[0].as_strided({ parts[0].size(0), width }, { width, 1 }, parts[0].storage_offset()) : at::cat(parts, 1);
}

// All weights as one matrix in their own memory; none where they do not lie end to end.
at::Tensor end_to_end(const std::vector<at::Tensor>& weights)
{
    int64_t rows = 0;
    for (const at::Tensor& weight : weights) {
        if (weight.dim() != 2 || weight.size(1) != weights[0].size(1) || !weight.is_contiguous() || weight.scalar_type() != weights[0].scalar_type() || !weight.is_alias_of(weights[0]) ||
            weight.storage_offset() != weights[0].storage_offset() + rows * weight.size(1)) {
            return at::Tensor();
        }
        rows += weight.size(0);
    }
    return weights[0].detach().as_strided({ rows, weights[0].size(1) }, { weights[0].size(1), 1 }, weights[0].storage_offset());
}

struct JoinedLinear : torch::autograd::Function<JoinedLinear> {
    // third may have no rows; joined is all of them in x's type
    static variable_list forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& first, const at::Tensor& second, const at::Tensor& third, const at::Tensor& joined)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        TORCH_CHECK(x.scalar_type() == joined.scalar_type(), "linears: x and the weights as one have one type");
        context->save_for_backward({ x, joined });
        at::Tensor y = df::needs_float(x) ? df::matmul(x, joined.t()) : at::linear(x, joined);
        variable_list parts;
        std::vector<int64_t> sizes;
        int64_t start = 0;
        for (const at::Tensor& weight : { first, second, third }) {
            sizes.push_back(weight.size(0));
            if (weight.size(0) > 0) {
                parts.push_back(y.narrow(-1, start, weight.size(0)));
                start += weight.size(0);
            }
        }
        context->saved_data["sizes"] = sizes;
        return parts;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        once_only();
        auto saved = context->get_saved_variables();
        auto sizes = context->saved_data["sizes"].toIntVector();
        at::Tensor x = saved[0].reshape({ -1, saved[0].size(-1) });
        const at::Tensor& joined = saved[1];
        for (size_t i = 0; i < gradients.size(); i++) {
            gradients[i] = gradients[i].defined() ? gradients[i].reshape({ x.size(0), sizes[i] }) : at::zeros({ x.size(0), sizes[i] }, x.options());
        }
        at::Tensor g = side_by_side(gradients), gx;
        if (context->needs_input_grad(0)) {
            gx = df::mm(g, joined).view(saved[0].sizes());
        }
        variable_list result { gx, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor() };
        if (context->needs_input_grad(1) || context->needs_input_grad(2) || context->needs_input_grad(3)) {
            at::Tensor gw = df::mm(g.t(), x).to(at::kFloat);
            for (int64_t i = 0, start = 0; i < 3; start += sizes[i], i++) {
                if (context->needs_input_grad(i + 1)) {
                    result[i + 1] = gw.narrow(0, start, sizes[i]);
                }
            }
        }
        return result;
    }
};

} // namespace

// *out stays null where the weights do not lie end to end.
DF_API int df_end_to_end(df_tensor* const* weights, int32_t count, df_tensor** out)
{
    return df::guard([&] {
        at::Tensor joined = end_to_end(df::list(weights, count));
        *out = joined.defined() ? df::wrap(std::move(joined)) : nullptr;
    });
}

// Two weights or three, and as many results.
DF_API int df_joined_linear(df_tensor* x, df_tensor* const* weights, int32_t count, df_tensor* joined, df_tensor** out)
{
    return df::guard([&] {
        TORCH_CHECK(count == 2 || count == 3, "linears: two weights or three, not ", count);
        auto parts = JoinedLinear::apply(get(x), get(weights[0]), get(weights[1]), count == 3 ? get(weights[2]) : get(weights[0]).detach().narrow(0, 0, 0), get(joined).detach());
        for (int32_t i = 0; i < count; i++) {
            out[i] = df::wrap(std::move(parts[static_cast<size_t>(i)]));
        }
    });
}

DF_API int df_mixed_linear(df_tensor* x, df_tensor* weight, df_tensor* copy, df_tensor** out) { DF_RETURN(MixedLinear::apply(get(x), get(weight), get(copy).detach())); }
