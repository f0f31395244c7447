namespace DistillForge.Training;

/// <summary>
/// Losses on pairs in a training run. The model that the student starts from reads all pairs once, before the first step; its numbers are kept
/// and it need not be. No logits are kept either: a pair's gradient is that of a cross-entropy with a weight for each answer.
/// </summary>
sealed class Preferences
{
    /// <summary>Name among what is measured on held-out rows: the share of pairs whose margin is above 0.</summary>
    public const string Measured = "preferred";

    readonly IReadOnlyList<WeightedPreference> losses;
    readonly Device device;
    readonly Dictionary<Row, (float Chosen, float Rejected)> start = [];

    /// <param name="network">As it starts.</param>
    public Preferences(IReadOnlyList<WeightedPreference> losses, Corpus corpus, Network network, int tokensPerBatch, Device device)
    {
        (this.losses, this.device) = (losses, device);
        using var quiet = no_grad();
        foreach (var rows in new[] { corpus.Training, corpus.Validation })
        {
            foreach (var numbers in new BatchOrder(rows, tokensPerBatch, seed: 0).Sorted())
            {
                Read(network, Batch.Of([.. numbers.Select(row => rows[row])], TraceContents.Unscored));
            }
        }
    }

    /// <summary>The weighted sum over the batch's pairs.</summary>
    /// <param name="hidden">[N, d] Of the chosen answers, with its graph.</param>
    /// <param name="beside">Is added.</param>
    /// <param name="tokensPerPair">Trained tokens over pairs of the whole step: what is divided by its trained tokens becomes an average over its pairs, however it is split.</param>
    /// <returns>A scalar with a gradient.</returns>
    public Tensor Measure(Network network, Batch batch, Tensor hidden, Tensor? beside, double progress, double tokensPerPair)
    {
        using var scope = NewDisposeScope();
        var worse = Hidden(network, batch.Rejected!);
        var (chosen, rejected) = (Answers.Of(network, batch, hidden, device), Answers.Of(network, batch.Rejected!, worse, device));
        var (a, b) = (chosen.LogProbabilities(hidden).requires_grad_(), rejected.LogProbabilities(worse).requires_grad_());
        var value = Value(batch, a, b, progress) * tokensPerPair;
        value.backward();
        // Straight through: the value of the one, the gradient of the other.
        var gradient = chosen.Weighted(hidden, a.grad!) + rejected.Weighted(worse, b.grad!);
        var sum = gradient + (value - gradient).detach();
        return (beside is null ? sum : sum + beside).MoveToOuterDisposeScope();
    }

    /// <summary>Adds what held-out pairs say, without a gradient; scheduled weights as at the end.</summary>
    public void Measure(Network network, Batch batch, Tensor hidden, PairSums sums)
    {
        using var scope = NewDisposeScope();
        var worse = Hidden(network, batch.Rejected!);
        var (a, b) = (Answers.Of(network, batch, hidden, device).LogProbabilities(hidden), Answers.Of(network, batch.Rejected!, worse, device).LogProbabilities(worse));
        var (chosen, rejected) = Gains(batch, a, b);
        sums.Weighted += Value(batch, a, b, progress: 1).item<float>();
        sums.Preferred += (chosen - rejected).gt(0).sum().item<long>();
        sums.Count += batch.Source.Count;
    }

    Tensor Value(Batch batch, Tensor chosen, Tensor rejected, double progress)
    {
        var (a, b) = Gains(batch, chosen, rejected);
        return losses.Select(term => term.Loss.PerPair(a, b).sum() * term.Weight.At(progress)).Aggregate((sum, x) => sum + x);
    }

    (Tensor Chosen, Tensor Rejected) Gains(Batch batch, Tensor chosen, Tensor rejected)
    {
        var before = batch.Source.Select(row => start[row]).ToArray();
        return (chosen - tensor(before.Select(pair => pair.Chosen).ToArray(), [before.Length]).to(device), rejected - tensor(before.Select(pair => pair.Rejected).ToArray(), [before.Length]).to(device));
    }

    void Read(Network network, Batch batch)
    {
        using var scope = NewDisposeScope();
        var (hidden, worse) = (Hidden(network, batch), Hidden(network, batch.Rejected!));
        var chosen = Answers.Of(network, batch, hidden, device).LogProbabilities(hidden).cpu().data<float>().ToArray();
        var rejected = Answers.Of(network, batch.Rejected!, worse, device).LogProbabilities(worse).cpu().data<float>().ToArray();
        for (var i = 0; i < batch.Source.Count; i++)
        {
            start[batch.Source[i]] = (chosen[i], rejected[i]);
        }
    }

    // A pass beside the batch's own: its rows lie as they lie, and however that one is kept, nothing is computed again here.
    Tensor Hidden(Network network, Batch batch)
    {
        var (tokens, positions, _) = BatchTensors.Of(batch, device);
        var (layout, recomputes) = (network.Layout, network.Recomputes);
        (network.Layout, network.Recomputes) = (BatchTensors.LayoutOf(batch, device), false);
        var hidden = network.Hidden(tokens, positions);
        (network.Layout, network.Recomputes) = (layout, recomputes);
        return hidden;
    }

    /// <summary>The realised tokens of a batch and which answer each belongs to.</summary>
    /// <param name="Ids">[N, 1]</param>
    /// <param name="Row">[N] 0 … S − 1.</param>
    sealed record Answers(Tensor Ids, Tensor Row, long Count, Tensor Head, ScalarType Type)
    {
        public static Answers Of(Network network, Batch batch, Tensor hidden, Device device)
        {
            long[] rows = [.. batch.Source.SelectMany((row, i) => Enumerable.Repeat((long)i, row.Trained.Length))];
            return new Answers(tensor(batch.TokenIds, [batch.Trained, 1]).to(device), tensor(rows, [rows.Length]).to(device), batch.Source.Count, network.Head, hidden.dtype == ScalarType.Float32 ? network.Precision.Type : hidden.dtype);
        }

        /// <returns>[S] Nats, without a graph.</returns>
        public Tensor LogProbabilities(Tensor hidden)
        {
            using var quiet = no_grad();
            var surprisals = Fused.linear_sparse_cross_entropy(hidden, Head, Ids, ones([Ids.shape[0], 1], device: hidden.device), type: Type).surprisals.squeeze(1);
            return zeros([Count], device: hidden.device).index_add(0, Row, surprisals, -1);
        }

        /// <summary>Σ weight · log π over the answers, with its graph.</summary>
        /// <param name="weights">[S]</param>
        public Tensor Weighted(Tensor hidden, Tensor weights)
            => Fused.linear_sparse_cross_entropy(hidden, Head, Ids, -weights.index_select(0, Row).unsqueeze(1), type: Type).sum;
    }
}

/// <summary>Sums over held-out pairs.</summary>
sealed class PairSums
{
    public double Weighted { get; set; }

    public long Preferred { get; set; }

    public long Count { get; set; }
}
