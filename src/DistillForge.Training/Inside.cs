namespace DistillForge.Training;

/// <summary>
/// What a network lets be seen while it reads a batch: residual streams after chosen layers, and queries, keys and values of chosen layers.
/// A network writes into it where it is asked to; whoever asked disposes it.
/// </summary>
public sealed class Inside : IDisposable
{
    readonly Dictionary<int, Tensor> states = [];
    readonly Dictionary<int, Tensor> normed = [];
    readonly Dictionary<int, AttentionInside> attention = [];
    readonly InsideWanted wanted;

    public Inside(InsideWanted wanted) => this.wanted = wanted;

    /// <summary>Is shown, in passing, what flows through the layers: how much each part does can be measured without keeping any of it.</summary>
    public Action<int, Flow, Tensor>? Watch { get; init; }

    /// <summary>[N, d] The residual stream behind layer 1 … L at the trained positions, before the last norm.</summary>
    public Tensor State(int layer) => states[layer];

    /// <summary>[N, d] The same under the network's last norm: times the head, logits.</summary>
    public Tensor Normed(int layer) => normed[layer];

    public AttentionInside Attention(int layer) => attention[layer];

    /// <summary>For tests, and for networks: what stands behind a layer.</summary>
    public void Set(int layer, Tensor state, Tensor? underNorm = null)
    {
        states[layer] = Keep(state);
        if (underNorm is not null)
        {
            normed[layer] = Keep(underNorm);
        }
    }

    /// <summary>For tests, and for networks.</summary>
    public void Set(int layer, AttentionInside value) => attention[layer] = new(Keep(value.Queries), Keep(value.Keys), Keep(value.Values));

    /// <summary>Called by a network behind each layer.</summary>
    /// <param name="layer">1 … L.</param>
    /// <param name="x">[B, T, d], or [N, d] where only the trained positions go on.</param>
    /// <param name="positions">[N] into B·T.</param>
    /// <param name="norm">The last norm.</param>
    internal void SeeState(int layer, Tensor x, Tensor positions, Func<Tensor, Tensor> norm)
    {
        if (wanted.States.Contains(layer))
        {
            var chosen = x.dim() == 2 ? x.clone() : x.flatten(0, 1).index_select(0, positions);
            Set(layer, chosen, wanted.Normed.Contains(layer) ? norm(chosen) : null);
        }
    }

    /// <summary>Called by a network within each layer.</summary>
    /// <param name="queries">[B, H, T, h]</param>
    /// <param name="keys">[B, G, T, h]</param>
    /// <param name="values">[B, G, T, h]</param>
    internal void SeeAttention(int layer, Tensor queries, Tensor keys, Tensor values)
    {
        if (wanted.Attention.Contains(layer))
        {
            Set(layer, new AttentionInside(queries.clone(), keys.clone(), values.clone()));
        }
    }

    public void Dispose()
    {
        foreach (var tensor in states.Values.Concat(normed.Values).Concat(attention.Values.SelectMany(inside => new[] { inside.Queries, inside.Keys, inside.Values })))
        {
            tensor.Dispose();
        }
    }

    // A network's own scope ends before anybody looks.
    static Tensor Keep(Tensor tensor) => tensor.DetachFromDisposeScope();
}

/// <summary>What flows where, for <see cref="Inside.Watch"/>.</summary>
public enum Flow
{
    /// <summary>[.., d] The residual stream: of layer 0 the embedding, else behind the layer.</summary>
    Stream,

    /// <summary>[.., H·h] What the heads found, before they are joined.</summary>
    Heads,

    /// <summary>[.., F] The feed-forward layer's neurons, activated.</summary>
    Neurons,
}

/// <summary>Of one layer, after rotation, before the softmax.</summary>
/// <param name="Queries">[B, H, T, h]</param>
/// <param name="Keys">[B, G, T, h]</param>
/// <param name="Values">[B, G, T, h]</param>
public sealed record AttentionInside(Tensor Queries, Tensor Keys, Tensor Values);

/// <summary>Which layers, from 1, are to be seen.</summary>
/// <param name="States">Residual streams.</param>
/// <param name="Normed">Of those, the ones that are wanted under the last norm as well.</param>
/// <param name="Attention">Queries, keys and values.</param>
public sealed record InsideWanted(IReadOnlySet<int> States, IReadOnlySet<int> Normed, IReadOnlySet<int> Attention)
{
    public static InsideWanted Nothing { get; } = new(new HashSet<int>(), new HashSet<int>(), new HashSet<int>());

    public bool IsNothing => States.Count == 0 && Attention.Count == 0;

    public static InsideWanted Of(IEnumerable<int> states, IEnumerable<int>? normed = null, IEnumerable<int>? attention = null)
        => new(states.Concat(normed ?? []).ToHashSet(), (normed ?? []).ToHashSet(), (attention ?? []).ToHashSet());

    public InsideWanted And(InsideWanted other)
        => new(States.Union(other.States).ToHashSet(), Normed.Union(other.Normed).ToHashSet(), Attention.Union(other.Attention).ToHashSet());
}
