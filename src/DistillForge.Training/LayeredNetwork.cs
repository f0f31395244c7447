namespace DistillForge.Training;

/// <summary>
/// A network that is a row of layers between an embedding and a norm. It reads them in turn; or it keeps only what lies between them, and
/// computes each again on the way back. Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016.
/// </summary>
abstract class LayeredNetwork : Network
{
    Pass? kept;

    protected abstract int Depth { get; }

    /// <param name="tokens">[B, T]</param>
    /// <returns>[B, T, d] float32: the residual stream.</returns>
    protected abstract Tensor Enter(Tensor tokens);

    /// <param name="layer">From 0.</param>
    /// <param name="positions">[N] to go on with, or null for all.</param>
    /// <returns>[B, T, d], or [N, d].</returns>
    protected abstract Tensor Layer(int layer, Tensor x, Tensor? positions);

    /// <summary>The last norm.</summary>
    protected abstract Tensor Leave(Tensor x);

    public sealed override Tensor Hidden(Tensor tokens, Tensor positions)
    {
        if (Recomputes)
        {
            return Remember(tokens, positions);
        }

        using var scope = NewDisposeScope();
        var x = Enter(tokens);
        Inside?.Watch?.Invoke(0, Flow.Stream, x);
        for (var layer = 0; layer < Depth; layer++)
        {
            x = Layer(layer, x, Wanted(layer, positions));
            Inside?.SeeState(layer + 1, x, positions, Leave);
            Inside?.Watch?.Invoke(layer + 1, Flow.Stream, x);
        }

        return Leave(x).MoveToOuterDisposeScope();
    }

    public sealed override void FinishBackward()
    {
        if (kept is not { } pass)
        {
            return;
        }

        kept = null;
        using var scope = NewDisposeScope();
        using var seen = pass.Seen;
        var gradient = pass.Hidden.grad!;
        for (var layer = Depth - 1; layer >= 0; layer--)
        {
            using var inner = NewDisposeScope();
            using var again = new Inside(pass.Seen.Wanted.At(layer + 1));
            var x = pass.Streams[layer].requires_grad_();
            Inside = again;
            var y = Layer(layer, x, Wanted(layer, pass.Positions));
            again.SeeState(layer + 1, y, pass.Positions, Leave);
            Inside = null;
            Backward(layer == Depth - 1 ? Leave(y) : y, gradient, again, pass.Seen);
            gradient = x.grad!.MoveToOuterDisposeScope();
            x.Dispose();
        }

        var embedded = Enter(pass.Tokens);
        if (embedded.requires_grad)
        {
            embedded.backward([gradient]);
        }
    }

    // What was seen of a layer has a gradient of its own: inner products have both.
    static void Backward(Tensor y, Tensor gradient, Inside again, Inside seen)
    {
        var parts = seen.Of(again.Wanted).Zip(again.All).Where(pair => pair.First.grad is not null).Select(pair => (pair.Second * pair.First.grad!).sum()).ToList();
        if (parts.Count == 0)
        {
            y.backward([gradient]);
            return;
        }

        parts.Aggregate((y * gradient).sum(), (sum, part) => sum + part).backward();
    }

    Tensor Remember(Tensor tokens, Tensor positions)
    {
        using var scope = NewDisposeScope();
        var streams = new Tensor[Depth];
        var (asked, seen) = (Inside, new Inside(Inside?.Wanted ?? InsideWanted.Nothing));
        using (no_grad())
        {
            Inside = seen;
            var x = Enter(tokens);
            for (var layer = 0; layer < Depth; layer++)
            {
                streams[layer] = x.MoveToOuterDisposeScope();
                x = Layer(layer, x, Wanted(layer, positions));
                seen.SeeState(layer + 1, x, positions, Leave);
            }

            Inside = asked;
            kept = new Pass(tokens, positions, streams, Leave(x).detach().MoveToOuterDisposeScope(), seen);
        }

        // Losses look at views of leaves, and may let go of them: the gradient comes to the leaves, which are kept.
        foreach (var leaf in seen.All)
        {
            leaf.requires_grad_();
        }

        if (asked is not null)
        {
            seen.CopyTo(asked, leaf => leaf.view(leaf.shape));
        }

        return kept.Hidden.requires_grad_();
    }

    // Beyond the last attention no position looks at another: only those that count go on.
    Tensor? Wanted(int layer, Tensor positions) => layer == Depth - 1 ? positions : null;

    /// <param name="Streams">What goes into each layer.</param>
    /// <param name="Hidden">A leaf: the way back begins again where its gradient is known.</param>
    /// <param name="Seen">Leaves likewise: what losses looked at.</param>
    sealed record Pass(Tensor Tokens, Tensor Positions, Tensor[] Streams, Tensor Hidden, Inside Seen);
}
