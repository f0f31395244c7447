using DistillForge.Core;
using DistillForge.Training.Losses;

namespace DistillForge.Training;

/// <summary>Works out a <see cref="TokenWeighting"/> for a whole batch, however it is cut into chunks afterwards.</summary>
static class TokenWeights
{
    static readonly ForwardKl Divergence = new(new ForwardKl.Options());

    /// <returns>[n] float32, a constant.</returns>
    public static Tensor Of(TokenWeighting weighting, Tensor hidden, Tensor head, TokenTargets targets, Precision precision, IReadOnlyList<(long Start, long Count)> chunks)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var measure = weighting.By switch
        {
            TokenMeasure.TeacherConfidence => PerChunk(chunks, targets, Confidence),
            TokenMeasure.TeacherEntropy => PerChunk(chunks, targets, part => Entropy(part, head.shape[0])),
            _ => cat([.. chunks.Select(part => Divergence.PerToken(Objective.Logits(hidden.detach().narrow(0, part.Start, part.Count), head, precision), targets.Narrow(part.Start, part.Count)))]),
        };
        // Estimates from draws can fall below 0, where a power is not defined.
        var weights = weighting.EffectivePower switch { 0 => ones_like(measure), 1 => measure.clamp_min(0), var power => measure.clamp_min(0).pow(power) };
        return (weighting.Selects ? weights * Selected(weighting, measure).to_type(weights.dtype) : weights).MoveToOuterDisposeScope();
    }

    static Tensor PerChunk(IReadOnlyList<(long Start, long Count)> chunks, TokenTargets targets, Func<TokenTargets, Tensor> measure)
        => cat([.. chunks.Select(part => measure(targets.Narrow(part.Start, part.Count)))]);

    static Tensor Confidence(TokenTargets targets)
        => (targets.Full is { } full ? full.LogProbabilities(1) : targets.HeadLogprobs).amax([1]).exp();

    static Tensor Entropy(TokenTargets targets, long vocabulary)
    {
        var negative = targets.Full is { } full && full.LogProbabilities(1) is var log ? (log.exp() * log).sum(1) : targets.NegativeEntropy;
        return (negative * (-1 / Math.Log(vocabulary))).clamp(0, 1);
    }

    static Tensor Selected(TokenWeighting weighting, Tensor measure)
    {
        var selected = ones_like(measure, ScalarType.Bool);
        if (weighting.AtLeast is { } least)
        {
            selected = selected.logical_and(measure.ge(least));
        }

        if (weighting.AtMost is { } most)
        {
            selected = selected.logical_and(measure.le(most));
        }

        if (weighting.Share < 1)
        {
            // At least one; equals at the edge all stay, so that their order decides nothing.
            var count = (int)Math.Max(1, Math.Round(weighting.Share * measure.shape[0]));
            selected = selected.logical_and(measure.ge(measure.topk(count).values.min()));
        }

        return selected;
    }
}
