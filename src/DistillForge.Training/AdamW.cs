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

    public AdamW(IReadOnlyList<Weight> weights, double decay)
    {
        (this.weights, this.decay) = (weights, decay);
        Mean = [.. weights.Select(Zeros)];
        Variance = [.. weights.Select(Zeros)];
    }

    /// <summary>First moments, in the order of the weights.</summary>
    public IReadOnlyList<Tensor> Mean { get; }

    /// <summary>Second moments.</summary>
    public IReadOnlyList<Tensor> Variance { get; }

    /// <summary>Steps done; decides the correction of the moments' bias.</summary>
    public long StepsDone { get; set; }

    /// <param name="clip">The gradient is scaled down to this norm if it is longer.</param>
    /// <returns>The gradient's norm before.</returns>
    public double Step(double learningRate, double clip)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var gradients = weights.Select(weight => weight.Value.grad!).ToArray();
        var norm = stack([.. gradients.Select(gradient => gradient.norm())]).norm().item<float>();
        if (!float.IsFinite(norm))
        {
            return norm;
        }

        StepsDone++;
        for (var i = 0; i < gradients.Length; i++)
        {
            if (norm > clip)
            {
                gradients[i].mul_(clip / norm);
            }

            Update(i, gradients[i], learningRate);
            gradients[i].zero_();
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

    void Update(int i, Tensor gradient, double learningRate)
    {
        using var scope = NewDisposeScope();
        var weight = weights[i];
        if (weight.Decays)
        {
            weight.Value.mul_(1 - learningRate * decay);
        }

        Mean[i].mul_(Beta1).add_(gradient, 1 - Beta1);
        Variance[i].mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
        var deviation = (Variance[i] / (1 - Math.Pow(Beta2, StepsDone))).sqrt_().add_(Epsilon);
        weight.Value.addcdiv_(Mean[i], deviation, -learningRate / (1 - Math.Pow(Beta1, StepsDone)));
    }

    static Tensor Zeros(Weight weight)
    {
        using var scope = NewDisposeScope();
        return zeros_like(weight.Value).DetachFromDisposeScope();
    }
}
