namespace DistillForge.Training;

/// <summary>Adam with decoupled weight decay. Loshchilov and Hutter, 2019. Its state is plain, so that a checkpoint holds all of it.</summary>
public sealed class AdamW : IDisposable
{
    // β₂ of 0.95 forgets the first steps' gradients within a short run.
    const double Beta1 = 0.9;
    const double Beta2 = 0.95;
    const double Epsilon = 1e-8;

    readonly IReadOnlyList<Weight> weights;
    readonly double decay;
    readonly Tensor[] values;
    readonly Group[] groups;

    public AdamW(IReadOnlyList<Weight> weights, double decay)
    {
        (this.weights, this.decay) = (weights, decay);
        Mean = [.. weights.Select(Zeros)];
        Variance = [.. weights.Select(Zeros)];
        values = [.. weights.Select(weight => weight.Value)];
        groups = [Take(decays: true), Take(decays: false)];
    }

    /// <summary>What is trained, projections included.</summary>
    public IReadOnlyList<Weight> Weights => weights;

    /// <summary>First moments, in the order of the weights.</summary>
    public IReadOnlyList<Tensor> Mean { get; }

    /// <summary>Second moments.</summary>
    public IReadOnlyList<Tensor> Variance { get; }

    /// <summary>Steps done; decides the correction of the moments' bias.</summary>
    public long StepsDone { get; set; }

    /// <param name="clip">The gradients are scaled down to this common norm if they are longer.</param>
    /// <returns>The norm before.</returns>
    public double Step(double learningRate, double clip)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var norm = Fused.clip_gradients(values, clip);
        if (!double.IsFinite(norm))
        {
            return norm;
        }

        StepsDone++;
        foreach (var group in groups)
        {
            Fused.adamw(group.Values, group.Means, group.Squares, StepsDone, learningRate, Beta1, Beta2, Epsilon, group.Decay);
        }

        // None, not zeros: the next backward pass then leaves its own tensor here instead of adding to this one.
        foreach (var value in values)
        {
            value.grad = null;
        }

        return norm;
    }

    public void Dispose()
    {
        foreach (var moment in Mean.Concat(Variance))
        {
            moment.Dispose();
        }
    }

    Group Take(bool decays)
    {
        int[] chosen = [.. Enumerable.Range(0, values.Length).Where(i => weights[i].Decays == decays)];
        return new Group([.. chosen.Select(i => values[i])], [.. chosen.Select(i => Mean[i])], [.. chosen.Select(i => Variance[i])], decays ? decay : 0);
    }

    // One call for all that decay alike.
    sealed record Group(Tensor[] Values, Tensor[] Means, Tensor[] Squares, double Decay);

    static Tensor Zeros(Weight weight)
    {
        using var scope = NewDisposeScope();
        return zeros_like(weight.Value).DetachFromDisposeScope();
    }
}
