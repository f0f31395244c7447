namespace DistillForge.Training;

/// <summary>
/// What a network lets be seen while it reads a batch: residual streams after chosen layers, and queries, keys and values of chosen layers.
/// A network writes into it where it is asked to; whoever asked disposes it.
/// </summary>
public sealed class Inside : IDisposable
{
    readonly Dictionary<int, Tensor> states = [];
    readonly Dictionary<int, Tensor> normed = [];
    readonly Dictionary<int, List<AttentionInside>> attention = [];

    public Inside(InsideWanted wanted) => Wanted = wanted;

    public InsideWanted Wanted { get; }

    /// <summary>Is shown, in passing, what flows through the layers: how much each part does can be measured without keeping any of it.</summary>
    public Action<int, Flow, Tensor>? Watch { get; init; }

    /// <summary>[N, d] The residual stream behind layer 1 … L at the trained positions, before the last norm.</summary>
    public Tensor State(int layer) => states[layer];

    /// <summary>[N, d] The same under the network's last norm: times the head, logits.</summary>
    public Tensor Normed(int layer) => normed[layer];

    /// <summary>Of sequences that have a line each.</summary>
    public AttentionInside Attention(int layer) => attention[layer].Single();

    /// <summary>Of sequences that are packed: one a rectangle of like lengths, in the order of <see cref="Layout"/>; else one.</summary>
    public IReadOnlyList<AttentionInside> Rectangles(int layer) => attention[layer];

    /// <summary>Everything that was seen, in a fixed order.</summary>
    internal IReadOnlyList<Tensor> All =>
    [
        .. states.OrderBy(pair => pair.Key).Select(pair => pair.Value),
        .. normed.OrderBy(pair => pair.Key).Select(pair => pair.Value),
        .. attention.OrderBy(pair => pair.Key).SelectMany(pair => pair.Value).SelectMany(inside => new[] { inside.Queries, inside.Keys, inside.Values }),
    ];

    /// <summary>What was seen of some layers, in the order of <see cref="All"/>.</summary>
    internal IReadOnlyList<Tensor> Of(InsideWanted some) =>
    [
        .. some.States.Order().Select(layer => states[layer]),
        .. some.Normed.Order().Select(layer => normed[layer]),
        .. some.Attention.Order().SelectMany(layer => attention[layer]).SelectMany(inside => new[] { inside.Queries, inside.Keys, inside.Values }),
    ];

    /// <summary>The same places, each tensor put through a function.</summary>
    internal void CopyTo(Inside other, Func<Tensor, Tensor> change)
    {
        foreach (var (layer, state) in states)
        {
            other.Set(layer, change(state), normed.TryGetValue(layer, out var under) ? change(under) : null);
        }

        foreach (var (layer, inside) in attention.SelectMany(pair => pair.Value.Select(inside => (pair.Key, inside))))
        {
            other.Set(layer, new AttentionInside(change(inside.Queries), change(inside.Keys), change(inside.Values)));
        }
    }

    /// <summary>For tests, and for networks: what stands behind a layer.</summary>
    public void Set(int layer, Tensor state, Tensor? underNorm = null)
    {
        states[layer] = Keep(state);
        if (underNorm is not null)
        {
            normed[layer] = Keep(underNorm);
        }
    }

    /// <summary>For tests, and for networks, which say so once a rectangle.</summary>
    public void Set(int layer, AttentionInside value)
    {
        attention.TryAdd(layer, []);
        attention[layer].Add(new(Keep(value.Queries), Keep(value.Keys), Keep(value.Values)));
    }

    /// <summary>Called by a network behind each layer.</summary>
    /// <param name="layer">1 … L.</param>
    /// <param name="x">[B, T, d], or [N, d] where only the trained positions go on.</param>
    /// <param name="positions">[N] into B·T.</param>
    /// <param name="norm">The last norm.</param>
    internal void SeeState(int layer, Tensor x, Tensor positions, Func<Tensor, Tensor> norm)
    {
        if (Wanted.States.Contains(layer))
        {
            var chosen = x.dim() == 2 ? x.clone() : x.flatten(0, 1).index_select(0, positions);
            Set(layer, chosen, Wanted.Normed.Contains(layer) ? norm(chosen) : null);
        }
    }

    /// <summary>Called by a network within each layer.</summary>
    /// <param name="queries">[B, H, T, h]</param>
    /// <param name="keys">[B, G, T, h]</param>
    /// <param name="values">[B, G, T, h]</param>
    internal void SeeAttention(int layer, Tensor queries, Tensor keys, Tensor values)
    {
        if (Wanted.Attention.Contains(layer))
        {
            Set(layer, new AttentionInside(queries.clone(), keys.clone(), values.clone()));
        }
    }

    public void Dispose()
    {
        foreach (var tensor in All)
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

    /// <summary>Of one layer alone.</summary>
    public InsideWanted At(int layer)
    {
        HashSet<int> Only(IReadOnlySet<int> layers) => layers.Contains(layer) ? [layer] : [];
        return new(Only(States), Only(Normed), Only(Attention));
    }

    public InsideWanted And(InsideWanted other)
        => new(States.Union(other.States).ToHashSet(), Normed.Union(other.Normed).ToHashSet(), Attention.Union(other.Attention).ToHashSet());
}
