// Rotary positions (Su et al., 2021) in Hugging Face's layout, pairs (i, i + half), and heads laid before positions in the same pass:
// x [B, T, H, size] of any outer strides -> y [B, H, T, size] contiguous, as attention reads it.
#include "fused.h"

using namespace df;

namespace {

template <class E>
DF_INLINE void turn_heads(const E* __restrict x, int64_t x_step, E* __restrict y, int64_t y_step, int64_t heads, const float* __restrict angles, int64_t half, float sign)
{
    const float *cosine = angles, *sine = angles + half;
    for (int64_t h = 0; h < heads; h++, x += x_step, y += y_step) {
        for (int64_t i = 0; i < half; i++) {
            float a = load(x + i), b = load(x + half + i), s = sign * sine[i];
            store(y + i, a * cosine[i] - b * s);
            store(y + half + i, b * cosine[i] + a * s);
        }
    }
}

#define HEADS(E)                                                                                                                                               \
    DF_KERNEL void rope_token(const E* x, int64_t x_step, E* y, int64_t y_step, int64_t heads, const float* angles, int64_t half, float sign)                    \
    {                                                                                                                                                          \
        turn_heads(x, x_step, y, y_step, heads, angles, half, sign);                                                                                            \
    }
HEADS(float)
HEADS(uint16_t)

// Element (b, t, h, 0) of x and y lies at the sum of index times stride; the sign of the angle turns back in backward.
void turn(const at::Tensor& x, at::IntArrayRef xs, const at::Tensor& y, at::IntArrayRef ys, at::IntArrayRef shape, const at::Tensor& table, const at::Tensor& rows, float sign)
{
    int64_t steps = shape[1], heads = shape[2], half = shape[3] / 2, length = table.size(0);
    const auto* angles = data<float>(table);
    const int64_t* positions = rows.numel() > 0 ? data<int64_t>(rows) : nullptr; // none: 0, 1, 2 ...
    bool own = rows.dim() == 2;
    by_type(x, [&](auto* tag) {
        using E = element<decltype(tag)>;
        const E* xp = data<E>(x);
        E* yp = data<E>(y);
        at::parallel_for(0, shape[0] * steps, 64, [&](int64_t from, int64_t to) {
            for (int64_t i = from; i < to; i++) {
                int64_t b = i / steps, t = i % steps, position = positions ? positions[own ? i : t] : t;
                TORCH_CHECK(position >= 0 && position < length, "rope: position ", position, " is outside the table of ", length);
                rope_token(xp + b * xs[0] + t * xs[1], xs[2], yp + b * ys[0] + t * ys[1], ys[2], heads, angles + position * 2 * half, half, sign);
            }
        });
    });
}

// The same out of libtorch's operations, for other devices: four of them and a cast.
at::Tensor turned(const at::Tensor& x, const at::Tensor& table, const at::Tensor& positions, bool back)
{
    int64_t steps = x.size(1), half = x.size(3) / 2;
    at::Tensor angles = (positions.numel() > 0 ? table.index_select(0, positions.flatten()) : table.narrow(0, 0, steps)).view({ positions.dim() == 2 ? x.size(0) : 1, steps, 1, 2 * half });
    at::Tensor cosine = angles.narrow(-1, 0, half), sine = angles.narrow(-1, half, half), a = x.narrow(-1, 0, half), b = x.narrow(-1, half, half);
    at::Tensor y = at::empty({ x.size(0), x.size(2), steps, 2 * half }, x.options().dtype(at::kFloat)), rows = y.transpose(1, 2), first = rows.narrow(-1, 0, half), second = rows.narrow(-1, half, half);
    at::mul_out(first, a, cosine).addcmul_(b, sine, back ? 1 : -1);
    at::mul_out(second, b, cosine).addcmul_(a, sine, back ? -1 : 1);
    return y.to(x.scalar_type());
}

struct Rope : torch::autograd::Function<Rope> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& table_in, const at::Tensor& positions_in)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        TORCH_CHECK(input.dim() == 4 && input.size(3) % 2 == 0, "rope: x is [B, T, H, size], size even");
        at::Tensor x = input.stride(3) == 1 ? input : input.contiguous(), table = table_in.contiguous(), positions = positions_in.contiguous();
        TORCH_CHECK(table.scalar_type() == at::kFloat && table.dim() == 2 && table.size(1) == x.size(3), "rope: the table is float32 [length, size]");
        TORCH_CHECK(positions.numel() == 0 || (positions.scalar_type() == at::kLong && positions.numel() == (positions.dim() == 2 ? x.size(0) : 1) * x.size(1)), "rope: positions are int64 [T] or [B, T]");
        context->save_for_backward({ table, positions });
        if (!x.is_cpu()) {
            return turned(x, table, positions, false);
        }
        auto shape = x.sizes().vec();
        at::Tensor y = at::empty({ shape[0], shape[2], shape[1], shape[3] }, x.options());
        turn(x, x.strides(), y, { y.stride(0), y.stride(2), y.stride(1), 1 }, shape, table, positions, 1.f);
        return y;
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        once_only();
        auto saved = context->get_saved_variables();
        at::Tensor g = gradients[0].stride(3) == 1 ? gradients[0] : gradients[0].contiguous(); // [B, H, T, size]
        if (!g.is_cpu()) {
            return { turned(g.transpose(1, 2), saved[0], saved[1], true).transpose(1, 2), at::Tensor(), at::Tensor() };
        }
        std::vector<int64_t> shape { g.size(0), g.size(2), g.size(1), g.size(3) };
        at::Tensor gx = at::empty(shape, g.options());
        turn(g, { g.stride(0), g.stride(2), g.stride(1), 1 }, gx, gx.strides(), shape, saved[0], saved[1], -1.f);
        return { gx, at::Tensor(), at::Tensor() };
    }
};

} // namespace

DF_API int df_rope(df_tensor* x, df_tensor* table, df_tensor* positions, df_tensor** out) { DF_RETURN(Rope::apply(get(x), get(table), positions ? get(positions) : at::empty({ 0 }, at::TensorOptions().dtype(at::kLong)))); }
