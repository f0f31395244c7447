// A softmax layer and its cross-entropy against sparse targets in one: sum over n, k of  -w[n,k] * log softmax(h[n] * W^T)[ids[n,k]].
// Logits exist for `chunk` rows at a time; the gradients are made in the forward pass, where the logits are, and only when they are asked for.
#include "fused.h"
#include "product.h"

using namespace df;

namespace {

// x [columns] becomes d loss / d x when `gradient`; columns from `valid` on are padding. Returns the loss of the row.
template <class E>
DF_INLINE float entropy_of(E* __restrict x, int64_t valid, int64_t columns, const int64_t* __restrict ids, const float* __restrict weights, int64_t k, float* __restrict surprisals, float* __restrict scratch, bool gradient)
{
    float top = load(x);
    for (int64_t j = 1; j < valid; j++) {
        float v = load(x + j);
        top = v > top ? v : top;
    }
    float sum = 0;
    for (int64_t j = 0; j < valid; j++) {
        float e = fast_exp(load(x + j) - top);
        scratch[j] = e;
        sum += e;
    }
    float log_sum = top + __builtin_logf(sum), total = 0, loss = 0;
    for (int64_t i = 0; i < k; i++) {
        surprisals[i] = ids[i] < 0 ? 0.f : log_sum - load(x + ids[i]);
        if (ids[i] >= 0) {
            total += weights[i];
            loss += weights[i] * surprisals[i];
        }
    }
    if (!gradient) {
        return loss;
    }
    float scale = total / sum;
    for (int64_t j = 0; j < valid; j++) {
        scratch[j] *= scale;
    }
    for (int64_t i = 0; i < k; i++) {
        if (ids[i] >= 0) {
            scratch[ids[i]] -= weights[i];
        }
    }
    for (int64_t j = 0; j < valid; j++) {
        store(x + j, scratch[j]);
    }
    std::memset(x + valid, 0, static_cast<size_t>(columns - valid) * sizeof(E));
    return loss;
}

#define ROW(E)                                                                                                                                                 \
    DF_KERNEL float entropy_row(E* x, int64_t valid, int64_t columns, const int64_t* ids, const float* weights, int64_t k, float* surprisals, float* scratch, bool gradient) \
    {                                                                                                                                                          \
        return entropy_of(x, valid, columns, ids, weights, k, surprisals, scratch, gradient);                                                                    \
    }                                                                                                                                                          \
    DF_KERNEL void accumulate(float* __restrict to, const E* __restrict from, int64_t n)                                                                         \
    {                                                                                                                                                          \
        for (int64_t i = 0; i < n; i++) {                                                                                                                       \
            to[i] += load(from + i);                                                                                                                            \
        }                                                                                                                                                      \
    }
ROW(float)
ROW(uint16_t)

struct Numbers {
    int64_t valid, chunk;
    bool hidden_gradient, weight_gradient, plain;
};

void check(const at::Tensor& h, const at::Tensor& w, const at::Tensor& ids, const at::Tensor& weights, int64_t valid)
{
    TORCH_CHECK(h.dim() == 2 && w.dim() == 2 && h.size(1) == w.size(1) && h.scalar_type() == w.scalar_type(), "linear_sparse_cross_entropy: hidden [N, d] and weight [V, d] of one type");
    TORCH_CHECK(ids.dim() == 2 && ids.size(0) == h.size(0) && ids.scalar_type() == at::kLong, "linear_sparse_cross_entropy: ids are int64 [N, K]");
    TORCH_CHECK(weights.sizes() == ids.sizes() && weights.scalar_type() == at::kFloat, "linear_sparse_cross_entropy: weights are float32 [N, K]");
    TORCH_CHECK(valid > 0 && valid <= w.size(0), "linear_sparse_cross_entropy: a vocabulary of ", valid, " in ", w.size(0), " rows");
    if (ids.numel() > 0 && ids.is_cpu()) { // a GPU looks itself, and would have to be waited for here
        int64_t largest = ids.max().item().toLong();
        TORCH_CHECK(largest < valid, "linear_sparse_cross_entropy: id ", largest, " is outside the vocabulary of ", valid);
    }
}

// Rows [start, start + n): logits in, gradients out, in place. Losses and surprisals are written by row.
void rows_of(const at::Tensor& logits, int64_t start, const at::Tensor& ids, const at::Tensor& weights, const at::Tensor& losses, const at::Tensor& surprisals, const Numbers& numbers)
{
    int64_t n = logits.size(0), columns = logits.size(1), k = ids.size(1);
    const auto* ip = data<int64_t>(ids) + start * k;
    const auto* wp = data<float>(weights) + start * k;
    auto *lp = data<float>(losses) + start, *sp = data<float>(surprisals) + start * k;
    bool gradient = numbers.hidden_gradient || numbers.weight_gradient;
    by_type(logits, [&](auto* tag) {
        auto* x = data<element<decltype(tag)>>(logits);
        at::parallel_for(0, n, 8, [&](int64_t from, int64_t to) {
            std::vector<float> scratch(static_cast<size_t>(columns));
            for (int64_t i = from; i < to; i++) {
                lp[i] = entropy_row(x + i * columns, numbers.valid, columns, ip + i * k, wp + i * k, k, sp + i * k, scratch.data(), gradient);
            }
        });
    });
}

// The same in plain operations, for any device: few passes over the logits, and one float32 copy of them.
void rows_plain(const at::Tensor& logits, int64_t start, const at::Tensor& ids_all, const at::Tensor& weights_all, const at::Tensor& losses, const at::Tensor& surprisals, const Numbers& numbers)
{
    int64_t n = logits.size(0), columns = logits.size(1);
    at::Tensor ids = ids_all.narrow(0, start, n), ignored = ids.lt(0), safe = ids.clamp_min(0), weights = weights_all.narrow(0, start, n).masked_fill(ignored, 0);
    at::Tensor known = logits.narrow(1, 0, numbers.valid), shares = at::softmax(known, 1, at::kFloat), seen = shares.gather(1, safe);
    // log sum exp of a row is what its largest logit is above the logarithm of its share.
    auto [top, place] = known.max(1, true);
    at::Tensor found = (top.to(at::kFloat) - shares.gather(1, place).log_() - known.gather(1, safe).to(at::kFloat)).masked_fill_(ignored, 0);
    surprisals.narrow(0, start, n).copy_(found);
    losses.narrow(0, start, n).copy_((found * weights).sum(1));
    if (numbers.hidden_gradient || numbers.weight_gradient) {
        at::Tensor whole = weights.sum(1, true);
        at::mul_out(known, shares, whole);
        // Where there are targets the difference is made in float32 and rounded once; the copy is free by now and adds up ids that a row names twice.
        shares.scatter_(1, safe, 0).scatter_add_(1, safe, weights.neg());
        known.scatter_(1, safe, (seen * whole + shares.gather(1, safe)).to(known.scalar_type()));
        logits.narrow(1, numbers.valid, columns - numbers.valid).zero_();
    }
}

void add_to(const at::Tensor& total, const at::Tensor& part)
{
    if (!total.is_cpu()) {
        total.add_(part);
        return;
    }
    auto* to = data<float>(total);
    by_type(part, [&](auto* tag) {
        const auto* from = data<element<decltype(tag)>>(part);
        at::parallel_for(0, total.numel(), 65536, [&](int64_t a, int64_t b) { accumulate(to + a, from + a, b - a); });
    });
}

// total += l^T part, so many rows of the vocabulary at once: in bfloat16 the products need a place before they are added in float32.
void add_products(const at::Tensor& total, const at::Tensor& l, const at::Tensor& part)
{
    const int64_t rows = total.is_cpu() ? 8192 : total.size(0);
    for (int64_t first = 0; first < total.size(0); first += rows) {
        int64_t n = std::min(rows, total.size(0) - first);
        add_to(total.narrow(0, first, n), df::mm(l.narrow(1, first, n).t(), part));
    }
}

void multiply(at::Tensor& out, const at::Tensor& a, const at::Tensor& b)
{
    if (df::needs_float(a)) {
        out.copy_(at::mm(a.to(at::kFloat), b.to(at::kFloat)));
    } else {
        at::mm_out(out, a, b);
    }
}

struct SparseEntropy : torch::autograd::Function<SparseEntropy> {
    static variable_list forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& master, const at::Tensor& weight, const at::Tensor& ids_in, const at::Tensor& weights_in, Numbers numbers)
    {
        at::AutoDispatchBelowADInplaceOrView below;
        at::Tensor h = hidden.contiguous(), w = weight.contiguous(), ids = ids_in.contiguous(), weights = weights_in.contiguous();
        check(h, w, ids, weights, numbers.valid);
        int64_t n = h.size(0), chunk = std::max<int64_t>(1, std::min(numbers.chunk, n));
        at::Tensor losses = at::empty({ n }, weights.options()), surprisals = at::empty_like(weights), logits = at::empty({ chunk, w.size(0) }, h.options());
        at::Tensor gh = numbers.hidden_gradient ? at::empty_like(h) : at::Tensor(), gw = numbers.weight_gradient ? at::zeros(w.sizes(), weights.options()) : at::Tensor();
        for (int64_t start = 0; start < n; start += chunk) {
            int64_t rows = std::min(chunk, n - start);
            at::Tensor part = h.narrow(0, start, rows), l = logits.narrow(0, 0, rows);
            multiply(l, part, w.t());
            (numbers.plain ? rows_plain : rows_of)(l, start, ids, weights, losses, surprisals, numbers);
            if (gh.defined()) {
                at::Tensor target = gh.narrow(0, start, rows);
                multiply(target, l, w);
            }
            if (gw.defined() && h.scalar_type() == at::kFloat) {
                gw.addmm_(l.t(), part);
            } else if (gw.defined()) {
                add_products(gw, l, part);
            }
        }
        context->mark_non_differentiable({ surprisals });
        context->saved_data["hidden"] = gh;
        context->saved_data["weight"] = gw;
        return { losses.to(at::kDouble).sum().to(at::kFloat), surprisals };
    }

    static variable_list backward(AutogradContext* context, variable_list gradients)
    {
        once_only();
        auto& saved = context->saved_data;
        TORCH_CHECK(saved.count("hidden") == 1, "linear_sparse_cross_entropy goes backward once");
        at::Tensor gh = saved["hidden"].toTensor(), gw = saved["weight"].toTensor(), none;
        saved.clear(); // scaled in place below
        const at::Tensor& factor = gradients[0];
        bool is_one = factor.is_cpu() && factor.item().toDouble() == 1; // a GPU would have to be waited for
        for (at::Tensor* t : { &gh, &gw }) {
            if (t->defined() && !is_one) {
                t->mul_(factor);
            }
        }
        return { gh, gw, none, none, none, none };
    }
};

} // namespace

DF_API int df_linear_sparse_cross_entropy(df_tensor* hidden, df_tensor* master, df_tensor* weight, df_tensor* ids, df_tensor* weights, int64_t valid, int64_t chunk, int32_t plain, df_tensor** total, df_tensor** surprisals)
{
    return df::guard([&] {
        bool recording = c10::GradMode::is_enabled();
        Numbers numbers { valid, chunk, recording && get(hidden).requires_grad(), recording && get(master).requires_grad(), plain != 0 || !get(hidden).is_cpu() };
        auto results = SparseEntropy::apply(get(hidden), get(master), get(weight).detach(), get(ids), get(weights), numbers);
        *total = wrap(std::move(results[0]));
        *surprisals = wrap(std::move(results[1]));
    });
}
