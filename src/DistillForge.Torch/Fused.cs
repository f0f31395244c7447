#if TORCHSHARP
using Kernels = DistillForge.Torch.Plain;
#else
using static DistillForge.Torch.torch;
#endif

namespace DistillForge.Torch;

/// <summary>
/// Steps of a transformer that one pass over memory does faster than several plain operations: the only place that knows the
/// shim's own kernels. A device, a type or a libtorch binding that they do not serve gets plain operations with the same values
/// and gradients, to rounding. None can be differentiated twice.
/// </summary>
public static class Fused
{
    /// <summary>Off: plain operations everywhere, to compare with.</summary>
    public static bool Enabled { get; set; } = true;

    /// <summary>x / √(mean(x²) + ε) · w over the last axis, in float32 inside whatever comes in.</summary>
    /// <param name="x">[..., d]</param>
    /// <param name="weight">[d], float32</param>
    /// <param name="type">Type of the result, x's own when absent: a float32 residual stream feeds bfloat16 products without a pass for the cast.</param>
    public static Tensor rms_norm(Tensor x, Tensor weight, double eps, ScalarType? type = null)
        => ServesAnywhere(x) ? Kernels.rms_norm(x, weight, eps, type ?? x.dtype) : Plain.rms_norm(x, weight, eps, type ?? x.dtype);

    /// <summary>Rows of a table [V, d] by id, [...] → [..., d]; its gradient is summed by sorted ids.</summary>
    public static Tensor embedding(Tensor ids, Tensor weight) => Serves(weight) ? Kernels.embedding(ids, weight) : Plain.embedding(ids, weight);

    /// <summary>silu(gate) · up, element by element.</summary>
    public static Tensor swiglu(Tensor gate, Tensor up) => Serves(gate) ? Kernels.swiglu(gate, up) : Plain.swiglu(gate, up);

    /// <summary>Angles of the rotary embedding (Su et al., 2021): cosines, then sines, of position · theta^(−2i/size); [length, size], float32.</summary>
    public static Tensor rope_table(long length, long headSize, double theta)
    {
        using var scope = NewDisposeScope();
        var exponents = arange(0, headSize, 2, dtype: ScalarType.Float64) * (-Math.Log(theta) / headSize);
        var angles = outer(arange(length, dtype: ScalarType.Float64), exponents.exp());
        return cat([angles.cos(), angles.sin()], dim: -1).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Turns each head by its position (pairs i and i + size/2, as Hugging Face lays Llama) and puts heads before positions, ready for attention.</summary>
    /// <param name="x">[B, T, H, size], of any strides</param>
    /// <param name="table">From <see cref="rope_table"/>, longer than the largest position.</param>
    /// <param name="positions">int64 [T], or [B, T] when rows differ; 0 … T−1 when absent.</param>
    /// <returns>[B, H, T, size], contiguous</returns>
    public static Tensor rope(Tensor x, Tensor table, Tensor? positions = null)
        => ServesAnywhere(x) ? Kernels.rope(x, table, positions) : Plain.rope(x, table, positions);

    /// <summary>
    /// softmax(scale · scores) where row r sees columns 0 … r mod T, so several heads may be folded into the rows. Works in place:
    /// the scores are gone. Right padding needs no mask of its own, since no real position looks at it.
    /// </summary>
    /// <param name="scores">[..., R, T], contiguous, R a multiple of T</param>
    public static Tensor causal_softmax(Tensor scores, double scale)
        => Serves(scores) ? Kernels.causal_softmax(scores, scale) : Plain.causal_softmax(scores, scale);

    /// <summary>
    /// softmax(scale · Q·Kᵀ) · V of each head, where a position sees itself and those before it; H / G heads in a row share keys and values. Right padding needs no mask of its own.
    /// </summary>
    /// <param name="queries">[B, H, T, size]</param>
    /// <param name="keys">[B, G, T, size], G a divisor of H</param>
    /// <param name="values">[B, T, G, size], of any strides</param>
    /// <returns>[B, T, H·size]</returns>
    public static Tensor causal_attention(Tensor queries, Tensor keys, Tensor values, double scale)
        => ServesAnywhere(queries) ? Kernels.causal_attention(queries, keys, values, scale) : Plain.causal_attention(queries, keys, values, scale);

    /// <summary>x · Wᵀ in <paramref name="type"/> while W stays float32: its copy in that type is made once per change of W, its gradient arrives in float32.</summary>
    /// <param name="x">[..., in]</param>
    /// <param name="weight">[out, in]</param>
    /// <returns>[..., out], in <paramref name="type"/></returns>
    public static Tensor linear(Tensor x, Tensor weight, ScalarType type)
        => type == weight.dtype && type == x.dtype ? nn.functional.linear(x, weight)
            : ServesAnywhere(x) && type == ScalarType.BFloat16 && weight.is_leaf ? Kernels.linear(x, weight, type)
            : Plain.linear(x, weight, type);

    /// <summary>
    /// <see cref="linear"/> of one x and several weights. Two or three that lie end to end in memory, as <see cref="joined"/> lays them, are one product.
    /// </summary>
    /// <param name="x">[..., in]</param>
    /// <param name="weights">[out, in] each</param>
    /// <returns>[..., out] each, in <paramref name="type"/>; columns of one tensor where they were one product.</returns>
    public static Tensor[] linears(Tensor x, IReadOnlyList<Tensor> weights, ScalarType type)
        => ServesAnywhere(x) && (type == ScalarType.BFloat16 || (type == ScalarType.Float32 && x.dtype == type)) && Kernels.linears(x, weights, type) is { } together ? together : Plain.linears(x, weights, type);

    /// <summary>The same numbers as leaves of autograd that lie end to end in one piece of memory.</summary>
    /// <param name="weights">[out, in] each, of one type and width</param>
    public static Tensor[] joined(IReadOnlyList<Tensor> weights)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var all = cat([.. weights], 0);
        var start = 0L;
        return [.. weights.Select(weight => all.narrow(0, (start += weight.size(0)) - weight.size(0), weight.size(0)).detach().requires_grad_(weight.requires_grad).DetachFromDisposeScope())];
    }

    /// <summary>
    /// Cross-entropy of a softmax layer against sparse targets, Σ weights[n, k] · −log softmax(hidden · Wᵀ)[n, ids[n, k]], a few hundred rows
    /// at a time: never N × V logits. Forward KL to a teacher's head and tail samples is this plus a constant; a hard label is K = 1.
    /// </summary>
    /// <param name="hidden">[N, d]</param>
    /// <param name="weight">[V, d], float32</param>
    /// <param name="ids">[N, K] int64; below 0 is ignored</param>
    /// <param name="weights">[N, K] float32, constants</param>
    /// <param name="vocabulary">Real size: ids and the softmax end there, rows of W up to V are padding. 0 is V.</param>
    /// <param name="type">Type of the matrix products.</param>
    /// <returns>The sum, to differentiate once; and −log softmax at every id, [N, K] float32, 0 where ignored, a constant.</returns>
    public static (Tensor sum, Tensor surprisals) linear_sparse_cross_entropy(
        Tensor hidden, Tensor weight, Tensor ids, Tensor weights, long vocabulary = 0, ScalarType type = ScalarType.Float32)
    {
        var real = vocabulary > 0 ? vocabulary : weight.size(0);
        return ServesAnywhere(hidden) && weight.is_leaf && (type is ScalarType.Float32 or ScalarType.BFloat16)
            ? Kernels.linear_sparse_cross_entropy(hidden, weight, ids, weights, real, type)
            : Plain.linear_sparse_cross_entropy(hidden, weight, ids, weights, real, type);
    }

    /// <summary>Scales all gradients down together so that their common norm is at most <paramref name="limit"/>, unless it is not finite.</summary>
    /// <returns>The norm that they had.</returns>
    public static double clip_gradients(IReadOnlyList<Tensor> values, double limit)
        => ServesAnywhere(values[0]) ? Kernels.clip_gradients(values, limit) : Plain.clip_gradients(values, limit);

    /// <summary>
    /// One step of AdamW (Loshchilov and Hutter, 2019) over all values that have a gradient, in place: one call, all threads.
    /// </summary>
    /// <param name="means">Running means of the gradients.</param>
    /// <param name="squares">Running means of their squares.</param>
    /// <param name="step">Which step this is, from 1: it corrects the means' bias.</param>
    public static void adamw(
        IReadOnlyList<Tensor> values, IReadOnlyList<Tensor> means, IReadOnlyList<Tensor> squares, long step, double rate, double beta1, double beta2, double eps, double decay)
    {
        if (values.Count == 0)
        {
            return;
        }

        if (ServesAnywhere(values[0]))
        {
            Kernels.adamw(values, means, squares, step, rate, beta1, beta2, eps, decay);
        }
        else
        {
            Plain.adamw(values, means, squares, step, rate, beta1, beta2, eps, decay);
        }
    }

#if TORCHSHARP
    static bool Serves(Tensor x) => false;

    static bool ServesAnywhere(Tensor x) => false;
#else
    static bool Serves(Tensor x) => ServesAnywhere(x) && x.device_type == DeviceType.CPU;

    // Functions that the shim computes on a GPU too, out of libtorch's own operations.
    static bool ServesAnywhere(Tensor x) => Enabled && (x.dtype is ScalarType.Float32 or ScalarType.BFloat16);
#endif
}
