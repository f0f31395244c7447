using static DistillForge.Torch.torch;
using ScalarType = DistillForge.Torch.torch.ScalarType;
using Tensor = DistillForge.Torch.torch.Tensor;

namespace DistillForge.Torch;

/// <summary>
/// Steps of a transformer that one pass over memory does faster than several plain operations: the only place that knows them.
/// Each has plain operations as its fallback, for a device, a type or a libtorch binding that the kernels do not serve; both give
/// the same values and gradients, to rounding. None can be differentiated twice.
/// </summary>
public static class Fused
{
    /// <summary>Off: plain operations everywhere, to compare with.</summary>
    public static bool Enabled { get; set; } = true;

    /// <summary>x / √(mean(x²) + ε) · w over the last axis, in float32 whatever comes in.</summary>
    /// <param name="x">[..., d]</param>
    /// <param name="weight">[d], float32</param>
    /// <param name="type">Type of the result, x's own when absent: a float32 residual stream feeds bfloat16 products without a copy.</param>
    public static Tensor rms_norm(Tensor x, Tensor weight, double eps, ScalarType? type = null)
    {
        using var scope = NewDisposeScope();
        var wide = x.to_type(ScalarType.Float32);
        var scaled = wide * (wide.square().mean([-1], keepdim: true) + eps).rsqrt() * weight;
        return scaled.to_type(type ?? x.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>silu(gate) · up, element by element.</summary>
    public static Tensor swiglu(Tensor gate, Tensor up)
    {
        using var scope = NewDisposeScope();
        return (nn.functional.silu(gate) * up).MoveToOuterDisposeScope();
    }

    /// <summary>Angles of the rotary embedding (Su et al., 2021): cosines and sines of position · theta^(−2i/size), [length, size], float32, cosines first.</summary>
    public static Tensor rope_table(long length, long headSize, double theta)
    {
        using var scope = NewDisposeScope();
        var frequencies = pow(theta, arange(0, headSize, 2, dtype: ScalarType.Float64) / -headSize);
        var angles = outer(arange(length, dtype: ScalarType.Float64), frequencies);
        return cat([angles.cos(), angles.sin()], dim: -1).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Turns each head by its position (pairs i and i + size/2, as in Hugging Face's Llama) and lays heads before positions, ready for attention.</summary>
    /// <param name="x">[B, T, H, size]</param>
    /// <param name="table">From <see cref="rope_table"/>, at least as long as the largest position.</param>
    /// <param name="positions">[T], or [B, T] when rows differ; 0 … T−1 when absent. int64.</param>
    /// <returns>[B, H, T, size], contiguous</returns>
    public static Tensor rope(Tensor x, Tensor table, Tensor? positions = null)
    {
        using var scope = NewDisposeScope();
        var (steps, half) = (x.size(1), x.size(3) / 2);
        var angles = positions is null ? table.narrow(0, 0, steps) : table.index_select(0, positions.flatten()).view([.. positions.shape, 2 * half]);
        angles = (angles.dim() == 2 ? angles.unsqueeze(0) : angles).unsqueeze(2); // [1 or B, T, 1, size]
        var (cosine, sine) = (angles.narrow(-1, 0, half), angles.narrow(-1, half, half));
        var wide = x.to_type(ScalarType.Float32);
        var (a, b) = (wide.narrow(-1, 0, half), wide.narrow(-1, half, half));
        var turned = cat([a * cosine - b * sine, b * cosine + a * sine], dim: -1);
        return turned.to_type(x.dtype).transpose(1, 2).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// softmax(scale · scores) where row r sees columns 0 … r mod T. Works in place: the scores are gone. Rows may be several heads'
    /// folded together; padding on the right needs no mask of its own.
    /// </summary>
    /// <param name="scores">[..., R, T], contiguous, R a multiple of T</param>
    public static Tensor causal_softmax(Tensor scores, double scale)
    {
        using var scope = NewDisposeScope();
        var (rows, columns) = (scores.size(-2), scores.size(-1));
        var hidden = ones(columns, columns, dtype: ScalarType.Bool, device: scores.device).triu(1).repeat(rows / columns, 1);
        var masked = (scores.to_type(ScalarType.Float32) * scale).masked_fill(hidden, double.NegativeInfinity);
        return masked.softmax(-1).to_type(scores.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>x · Wᵀ in <paramref name="type"/> while W stays in float32: W's copy in that type is made once a step, its gradient arrives in float32.</summary>
    /// <param name="x">[..., in]</param>
    /// <param name="weight">[out, in]</param>
    public static Tensor linear(Tensor x, Tensor weight, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(x.to_type(type), weight.to_type(type)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Cross-entropy of a softmax layer against sparse targets, Σ weights[n, k] · −log softmax(hidden · Wᵀ)[n, ids[n, k]], a few hundred rows at a
    /// time: never all N × V logits. Forward KL to a teacher's head and tail samples is this plus a constant; a hard label is K = 1.
    /// </summary>
    /// <param name="hidden">[N, d]</param>
    /// <param name="weight">[V, d], float32</param>
    /// <param name="ids">[N, K] int64; below 0 is ignored</param>
    /// <param name="weights">[N, K] float32, constants</param>
    /// <param name="vocabulary">Real size: ids and softmax end there, columns up to V are padding. 0 is V.</param>
    /// <param name="type">Type of the matrix products.</param>
    /// <returns>The sum, to differentiate; and −log softmax at every id, [N, K] float32, 0 where ignored, a constant.</returns>
    public static (Tensor sum, Tensor surprisals) linear_sparse_cross_entropy(
        Tensor hidden, Tensor weight, Tensor ids, Tensor weights, long vocabulary = 0, ScalarType type = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        var rows = vocabulary > 0 && vocabulary < weight.size(0) ? weight.narrow(0, 0, vocabulary) : weight;
        var logits = nn.functional.linear(hidden.to_type(type), rows.to_type(type)).to_type(ScalarType.Float32); // [N, V]
        var surprisals = (-logits.log_softmax(-1).gather(-1, ids.clamp_min(0))).masked_fill(ids < 0, 0);
        return ((surprisals * weights).sum().MoveToOuterDisposeScope(), surprisals.detach().MoveToOuterDisposeScope());
    }
}
