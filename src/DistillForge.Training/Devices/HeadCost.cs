namespace DistillForge.Training.Devices;

/// <summary>
/// The vocabulary projection and its sparse cross-entropy, forward and backward: chunk by chunk as the trainer does it, and the naive way,
/// where the logits of all tokens exist at once.
/// </summary>
public sealed class HeadCost : IDisposable
{
    // A teacher's head and tail draws: the usual trace.
    const int Targets = 24;

    readonly Tensor hidden;
    readonly Tensor weight;
    readonly Tensor ids;
    readonly Tensor weights;
    readonly Device device;
    readonly Precision precision;

    public HeadCost(int tokens, int vocabulary, int width, Precision precision, string place)
    {
        device = Accelerator.Find(place);
        this.precision = precision;
        using var scope = NewDisposeScope();
        var random = new Random(9);
        hidden = Case.Normal(random, tokens, width).to(device).requires_grad_().DetachFromDisposeScope();
        weight = (Case.Normal(random, vocabulary, width) / Math.Sqrt(width)).to(device).requires_grad_().DetachFromDisposeScope();
        ids = Case.Ids(random, vocabulary, tokens, Targets).to(device).DetachFromDisposeScope();
        weights = (Case.Normal(random, tokens, Targets).abs() / Targets).to(device).DetachFromDisposeScope();
    }

    /// <returns>The loss.</returns>
    public double Run(bool naive)
    {
        using var scope = NewDisposeScope();
        Fused.Enabled = !naive;
        try
        {
            var loss = Fused.linear_sparse_cross_entropy(hidden, weight, ids, weights, type: precision.Type).sum;
            loss.backward();
            var value = loss.item<float>();
            (hidden.grad, weight.grad) = (null, null);
            return value;
        }
        finally
        {
            Fused.Enabled = true;
        }
    }

    /// <summary>The most bytes at once beyond hidden states, weights and targets; gradients included. Once more than <see cref="Run"/> on each way before.</summary>
    public long Bytes(bool naive)
    {
        using var peak = new PeakMemory(device);
        Run(naive);
        return peak.Bytes;
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { hidden, weight, ids, weights })
        {
            tensor.Dispose();
        }
    }
}
