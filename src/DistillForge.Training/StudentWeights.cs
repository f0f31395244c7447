using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>Which weights a finished checkpoint holds; part of <c>training.json</c>.</summary>
/// <param name="Step">After which step.</param>
/// <param name="Kept">The last ones, or those that the held-out rows liked best.</param>
/// <param name="Ema">Decay of their moving average; 0: the weights themselves.</param>
public sealed record ExportedWeights(long Step, KeptWeights Kept, double Ema)
{
    public override string ToString() => FormattableString.Invariant($"weights after step {Step:N0}{(Kept == KeptWeights.Best ? ", the best on held-out rows" : "")}{(Ema > 0 ? $", as a moving average (decay {Ema})" : "")}");
}

/// <summary>
/// The weights of a student that may leave: those of the last step or their exponential moving average, and the best so far. What is
/// measured on held-out rows is what would leave.
/// </summary>
sealed class StudentWeights : IDisposable
{
    readonly Network network;
    readonly double decay;
    readonly KeptWeights kept;

    public StudentWeights(Network network, double decay, KeptWeights kept)
    {
        (this.network, this.decay, this.kept) = (network, decay, kept);
        Average = decay > 0 ? Copy() : null;
    }

    /// <summary>In the order of the network's weights; null where none is kept.</summary>
    public Tensor[]? Average { get; private set; }

    /// <summary>Null until held-out rows were measured, or where the last ones leave.</summary>
    public Tensor[]? Best { get; private set; }

    /// <summary>After a step. Early on the average forgets faster, so that the random start does not stay in it.</summary>
    /// <param name="step">Steps done.</param>
    public void Follow(long step)
    {
        if (Average is null)
        {
            return;
        }

        using var quiet = no_grad();
        var share = 1 - Math.Min(decay, step / (step + 9.0));
        for (var i = 0; i < Average.Length; i++)
        {
            Average[i].lerp_(network.Weights[i].Value, share);
        }
    }

    /// <summary>Does something while the network holds what would leave now.</summary>
    public T Exported<T>(Func<T> measure)
    {
        if (Average is null)
        {
            return measure();
        }

        var own = Copy();
        Put(Average);
        var result = measure();
        Put(own);
        Dispose(own);
        return result;
    }

    /// <summary>The held-out rows like what would leave now better than all before.</summary>
    public void Keep()
    {
        if (kept == KeptWeights.Best)
        {
            Dispose(Best);
            Best = Exported(Copy);
        }
    }

    /// <summary>The network gets what leaves, for good.</summary>
    public void Export()
    {
        if ((Best ?? Average) is { } leaves)
        {
            Put(leaves);
        }
    }

    /// <summary>From a checkpoint.</summary>
    /// <returns>To be filled.</returns>
    public Tensor[] RestoreBest() => Best ??= Copy();

    public void Dispose()
    {
        Dispose(Average);
        Dispose(Best);
    }

    void Put(Tensor[] values)
    {
        using var quiet = no_grad();
        for (var i = 0; i < values.Length; i++)
        {
            network.Weights[i].Value.copy_(values[i]);
        }
    }

    Tensor[] Copy()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return [.. network.Weights.Select(weight => weight.Value.detach().clone().DetachFromDisposeScope())];
    }

    static void Dispose(Tensor[]? values)
    {
        foreach (var value in values ?? [])
        {
            value.Dispose();
        }
    }
}
