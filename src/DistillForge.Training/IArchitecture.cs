using DistillForge.Models;
using DistillForge.Training.Adapters;

namespace DistillForge.Training;

/// <summary>What the matrix products are computed in. Weights, norms, losses and the optimizer are float32 always.</summary>
public enum Precision
{
    Float32,
    BFloat16,
}

/// <summary>Builds networks of one family.</summary>
/// <remarks>The implementer initialises from the seed alone and names weights as Hugging Face checkpoints of the family do.</remarks>
public interface IArchitecture
{
    Network Build(ModelShape shape, long seed, Device device);
}

/// <summary>One trainable tensor and its name in a checkpoint.</summary>
/// <param name="Value">float32, a leaf of autograd.</param>
/// <param name="Decays">Weight decay applies: matrices yes, norms no.</param>
/// <param name="Alias">Tied weights are one tensor, and checkpoints keep one name or the other: the other.</param>
/// <param name="Transposed">Checkpoints of the family keep a matrix as [in, out]; here it is [out, in], as every product takes it.</param>
public sealed record Weight(string Name, Tensor Value, bool Decays, string? Alias = null, bool Transposed = false)
{
    /// <summary>float32, a leaf of autograd; a frozen matrix may be kept in another type.</summary>
    public Tensor Value { get; private set; } = Value;

    /// <summary>What is trained in a frozen matrix's place, or null.</summary>
    public LowRank? Adapter { get; set; }

    /// <summary>x · Wᵀ, and what an adapter adds.</summary>
    /// <param name="x">[.., in]</param>
    /// <returns>[.., out], in the precision's type.</returns>
    public Tensor Apply(Tensor x, Precision precision)
    {
        var product = Fused.linear(x, Value, precision.Type);
        return Adapter is { } adapter ? product + adapter.Apply(x, precision) : product;
    }

    /// <summary>x · Wᵀ of several weights, and what their adapters add: a single product where they lie end to end.</summary>
    public static Tensor[] Apply(Tensor x, Precision precision, params IReadOnlyList<Weight> weights)
    {
        var products = Fused.linears(x, [.. weights.Select(weight => weight.Value)], precision.Type);
        return [.. weights.Zip(products, (weight, product) => weight.Adapter is { } adapter ? product + adapter.Apply(x, precision) : product)];
    }

    /// <summary>Lays matrices of one width end to end in memory.</summary>
    internal static void Join(params IReadOnlyList<Weight> weights)
    {
        var joined = Fused.joined([.. weights.Select(weight => weight.Value)]);
        foreach (var (weight, value) in weights.Zip(joined))
        {
            weight.Value.Dispose();
            weight.Value = value;
        }
    }

    /// <summary>Keeps a frozen matrix in half the memory.</summary>
    internal void Store(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var narrow = Value.detach().to_type(type).DetachFromDisposeScope();
        Value.Dispose();
        Value = narrow;
    }
}

public static class PrecisionTypes
{
    extension(Precision precision)
    {
        /// <summary>The element type of matrix products.</summary>
        public ScalarType Type => precision == Precision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
    }
}

/// <summary>A network from token ids to hidden states; the vocabulary projection is apart, because only trained positions pay for it.</summary>
public abstract class Network : IDisposable
{
    /// <summary>All trainable tensors, in a fixed order.</summary>
    public abstract IReadOnlyList<Weight> Weights { get; }

    /// <summary>[V, d] A row for each token.</summary>
    public abstract Weight Embedding { get; }

    /// <summary>[V, d] The vocabulary projection; one with the embedding where these are tied.</summary>
    public abstract Tensor Head { get; }

    public Precision Precision { get; set; }

    /// <summary>A training step begins: whatever a network leaves to chance in it is decided by seed and step, so that a resumed run does the same.</summary>
    public virtual void BeginStep(long step)
    {
    }

    /// <summary>Where the sequences of the next pass lie when they are laid end to end; null where each row is one.</summary>
    public Layout? Layout { get; set; }

    /// <summary>The next passes keep as little as they can for the way back, and compute it again: <see cref="FinishBackward"/> has to be called.</summary>
    public bool Recomputes { get; set; }

    /// <summary>What is to be seen of the next pass, or null; a network tells it of each layer.</summary>
    public Inside? Inside { get; set; }

    /// <param name="tokens">[B, T] int64; rows are padded at the end.</param>
    /// <param name="positions">[N] int64 into B·T: the positions that anybody will look at.</param>
    /// <returns>[N, d] float32, normalised: times <see cref="Head"/> they are the logits.</returns>
    public abstract Tensor Hidden(Tensor tokens, Tensor positions);

    /// <summary>Takes the gradient that has come as far as the hidden states of a recomputed pass through the network.</summary>
    public virtual void FinishBackward()
    {
    }

    public long Parameters => Weights.Sum(weight => weight.Value.numel());

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        foreach (var weight in Weights)
        {
            weight.Value.Dispose();
        }
    }
}
