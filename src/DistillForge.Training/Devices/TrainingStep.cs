using DistillForge.Models;

namespace DistillForge.Training.Devices;

/// <summary>One step of training over and over, to be timed: forward, cross-entropy of every token, backward, clipping, AdamW, on random tokens.</summary>
public sealed class TrainingStep : IDisposable
{
    readonly Network network;
    readonly AdamW optimizer;
    readonly Objective objective = new([new WeightedLoss("cross-entropy", TrainingCatalog.Losses.Create("cross-entropy", options: null), 1)]);
    readonly Device device;
    readonly Precision precision;
    readonly Tensor tokens;
    readonly Tensor positions;
    readonly Tensor wanted;

    public TrainingStep(ModelShape shape, Precision precision, string place, int rows, int length)
    {
        device = Accelerator.Find(place);
        (this.precision, Tokens) = (precision, (long)rows * length);
        network = TrainingCatalog.Architectures.Create(shape.Architecture, options: null).Build(shape, 7, device);
        network.Precision = precision;
        optimizer = new AdamW(network.Weights, 0.1);
        var random = new Random(7);
        using var scope = NewDisposeScope();
        tokens = Case.Ids(random, shape.Vocabulary, rows, length).to(device).DetachFromDisposeScope();
        positions = arange(Tokens, ScalarType.Int64).to(device).DetachFromDisposeScope();
        wanted = Case.Ids(random, shape.Vocabulary, Tokens).to(device).DetachFromDisposeScope();
    }

    /// <summary>A step trains on so many.</summary>
    public long Tokens { get; }

    /// <summary>What a token costs: 6 a weight of a matrix (the head once), and the scores and sums of attention, forward and backward.</summary>
    public static double FlopsPerToken(ModelShape shape, int length)
        => (6.0 * ((shape.Layers * Products.Layer(shape).Sum(product => (double)product.Out * product.In)) + ((double)shape.Vocabulary * shape.Width)))
            + (12.0 * shape.Layers * shape.Heads * shape.HeadSize * length);

    /// <returns>The loss of a token.</returns>
    public double Run()
    {
        using var scope = NewDisposeScope();
        network.BeginStep(optimizer.StepsDone);
        var hidden = network.Hidden(tokens, positions);
        var none = zeros([Tokens, 0], ScalarType.Float32, device);
        var targets = new TokenTargets(wanted, zeros_like(wanted, ScalarType.Float32), zeros([Tokens, 0], ScalarType.Int64, device), none, []);
        var loss = objective.Backward(hidden, network.Head, targets, 1.0 / Tokens, precision) / Tokens;
        optimizer.Step(1e-3, clip: 1);
        Pending.Wait(device);
        return loss;
    }

    public void Dispose()
    {
        network.Dispose();
        optimizer.Dispose();
        tokens.Dispose();
        positions.Dispose();
        wanted.Dispose();
    }
}
