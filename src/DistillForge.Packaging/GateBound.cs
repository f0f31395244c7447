namespace DistillForge.Packaging;

/// <summary>How far a file of some type may be from the float32 checkpoint.</summary>
/// <param name="Max">Largest |Δ log-prob|, nats, over the whole vocabulary at every position; infinite where only the mean is bound.</param>
/// <param name="Mean">Mean |Δ log-prob|, nats.</param>
/// <param name="Kl">KL(checkpoint ‖ file), nats a position: the mean that weighs a token by how likely it is.</param>
/// <param name="TieGap">
/// Where the reference's two most likely tokens are nearer than this, nats, either may be the greedy one. Null compares no greedy
/// tokens: a coarser type may well prefer another word.
/// </param>
public sealed record GateBound(double Max, double Mean, double Kl, double? TieGap)
{
    /// <summary>The bound of a type as recipes and llama.cpp call it.</summary>
    /// <remarks>
    /// F32 differs only by the order of sums. Float16 rounds each weight by up to 2^-11 of itself, so tokens that are nearer than twice the
    /// mean bound may change places. Eight bits move a log-prob by hundredths, four and five bits by tenths; there the unlikely tokens move
    /// most and matter least, so it is the divergence that is bound tightly.
    /// </remarks>
    /// <param name="architecture">llama.cpp's GELU is a table of float16: every GPT-2 of its own differs by hundredths from one that computes it.</param>
    public static GateBound For(string type, string architecture = "llama") => type switch
    {
        "f32" when architecture == "gpt2" => new(Max: 2e-2, Mean: 5e-3, Kl: 1e-4, TieGap: 4e-2),
        "f16" when architecture == "gpt2" => new(Max: double.PositiveInfinity, Mean: 1e-2, Kl: 1e-3, TieGap: 4e-2),
        "f32" => new(Max: 1e-3, Mean: 1e-4, Kl: 1e-5, TieGap: 1e-3),
        "f16" => new(Max: double.PositiveInfinity, Mean: 1e-2, Kl: 1e-3, TieGap: 2e-2),
        "bf16" or "q8_0" => new(Max: double.PositiveInfinity, Mean: 0.25, Kl: 2e-2, TieGap: null),
        _ => new(Max: double.PositiveInfinity, Mean: 2, Kl: 1, TieGap: null),
    };
}
