using DistillForge.Models;

namespace DistillForge.Training;

/// <summary>
/// What training takes. A weight of a matrix costs 2 operations a token forward and 4 backward, attention 12 · layers · width · length; the
/// vocabulary projection only where something is trained (PaLM, 2022, appendix B, less the projection of positions that nobody looks at).
/// </summary>
static class StepCost
{
    /// <summary>Floating-point operations.</summary>
    /// <param name="length">Of the rows.</param>
    public static double Operations(ModelShape shape, double tokens, double trained, double length)
    {
        var projection = (double)shape.Vocabulary * shape.Width;
        var attention = 12.0 * shape.Layers * shape.Heads * shape.HeadSize * length;
        return tokens * (6 * Matrices(shape) + attention) + 6 * projection * trained;
    }

    /// <summary>Floating-point operations of a teacher at hand, which only reads.</summary>
    public static double ReadingOperations(ModelShape teacher, double tokens, double trained, double length) => Operations(teacher, tokens, trained, length) / 3;

    /// <summary>Bytes of a teacher at hand: its weights, and their copies for products in bfloat16.</summary>
    public static double ReadingBytes(ModelShape teacher, Precision precision) => teacher.Parameters * (precision == Precision.BFloat16 ? 6.0 : 4);

    /// <summary>Bytes, about: weights with their gradient and two moments, copies of them, and what a part of a step keeps for its way back.</summary>
    public static double Bytes(TrainingPlan plan, double longest)
    {
        var shape = plan.Shape;
        var narrow = plan.Precision == Precision.BFloat16 ? 2.0 : 4;
        var copies = 16 + (plan.Precision == Precision.BFloat16 ? 2 : 0) + (plan.Ema > 0 ? 4 : 0) + (plan.Keep == Core.KeptWeights.Best ? 4 : 0);
        var tokens = plan.MicroBatch > 0 ? Math.Min(plan.MicroBatch, plan.TokensPerBatch) : plan.TokensPerBatch;
        var attention = (double)shape.Heads * shape.HeadSize;
        // Residual stream and its norms, queries, keys and values before and after rotation, weights of attention, neurons.
        var layer = 2 * 4.0 * shape.Width + narrow * (2.0 * shape.Width + 4 * attention + 4.0 * shape.KeyValueHeads * shape.HeadSize + shape.Heads * Math.Min(longest, tokens) + 3.0 * shape.FeedForward);
        return shape.Parameters * (double)copies + tokens * (shape.Layers * layer + 8.0 * shape.Width) + Math.Min(tokens, Objective.DefaultChunk) * 8.0 * shape.Vocabulary;
    }

    /// <summary>Weights of the layers' matrices.</summary>
    static double Matrices(ModelShape shape)
    {
        var attention = (double)shape.Heads * shape.HeadSize;
        var shared = (double)shape.KeyValueHeads * shape.HeadSize;
        var neurons = (shape.Architecture == "gpt2" ? 2.0 : 3.0) * shape.FeedForward;
        return shape.Layers * shape.Width * (2 * attention + 2 * shared + neurons);
    }
}
