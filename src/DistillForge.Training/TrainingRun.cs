using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>A run in progress: network, optimizer, place in the data. One step at a time, on one thread.</summary>
sealed class TrainingRun : IDisposable
{
    readonly TrainingPlan plan;
    readonly Corpus corpus;
    readonly BatchOrder order;
    readonly Device device;
    readonly Objective objective;
    readonly Validation validation;
    readonly Schedule schedule;
    readonly Guide guide;
    readonly OwnSamples? own;
    readonly Preferences? preferences;
    readonly double uniform;

    /// <param name="guide">Is disposed with this.</param>
    public TrainingRun(TrainingPlan plan, Corpus corpus, IReadOnlyList<WeightedLoss> losses, Guide guide, Device device, IReadOnlyList<WeightedPreference>? preferred = null)
    {
        this.guide = guide;
        (this.plan, this.corpus, this.device) = (plan, corpus, device);
        order = new BatchOrder(corpus.Training, plan.TokensPerBatch, plan.Seed, plan.Packing);
        Steps = plan.Steps > 0 ? plan.Steps : Enumerable.Range(0, plan.Epochs).Sum(epoch => (long)order.Epoch(epoch).Count);
        schedule = new Schedule(plan.LearningRate, Steps, plan.WarmupFraction, plan.Schedule, plan.FinalRate, plan.DecayFraction);
        objective = new Objective(losses);
        Network = plan.Start?.Build(device) ?? TrainingCatalog.Architectures.Create(plan.Shape.Architecture, options: null).Build(plan.Shape, plan.Seed, device);
        Network.Precision = plan.Precision;
        if (plan.Embedding is { } start)
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            Network.Embedding.Value.copy_(tensor(start.ToArray(), Network.Embedding.Value.shape).to(device));
        }

        uniform = losses.Sum(term => term.Weight.Highest) * Math.Log(plan.Shape.Vocabulary);
        own = plan.OnPolicy is { } onPolicy ? new OwnSamples(onPolicy, plan.Vocabulary, plan.Shape, plan.Seed) : null;
        var most = plan.MicroBatch > 0 ? Math.Min(plan.MicroBatch, plan.TokensPerBatch) : plan.TokensPerBatch;
        preferences = preferred is { Count: > 0 } ? new Preferences(preferred, corpus, Network, most, device) : null;
        validation = new Validation(corpus, most, losses, guide, preferences);
        Optimizer = new AdamW([.. Network.Weights, .. guide.Projections], plan.WeightDecay);
        Weights = new StudentWeights(Network, plan.Ema, plan.Keep);
    }

    public Network Network { get; }

    public AdamW Optimizer { get; }

    public StudentWeights Weights { get; }

    /// <summary>Of the whole run, unless it ends early.</summary>
    public long Steps { get; }

    public TrainingCurve Curve { get; set; } = new();

    /// <summary>Floating-point operations of the last step.</summary>
    public double Operations { get; private set; }

    /// <summary>No step is left, or held-out rows said that it is enough.</summary>
    public bool IsDone => Optimizer.StepsDone == Steps || Curve.Ended is not null;

    /// <summary>The batches from a step on, each in the parts that are computed one by one. Step and seed alone say which rows come: nothing else has to be kept.</summary>
    /// <returns>EndsEpoch: measure now.</returns>
    public IEnumerable<(Task<Batch[]> Parts, bool EndsEpoch)> Batches(long from)
    {
        (Task<Batch[]> Parts, bool EndsEpoch)? ahead = null;
        foreach (var (rows, ends) in Order(from))
        {
            // The next batch is put together while this one is computed.
            var next = (Task.Run(() => Parts([.. rows.Select(row => corpus.Training[row])])), ends);
            if (ahead is { } ready)
            {
                yield return ready;
            }

            ahead = next;
        }

        if (ahead is { } last)
        {
            yield return last;
        }
    }

    /// <summary>Forward, backward, update.</summary>
    /// <returns>Null, or why the run cannot go on.</returns>
    public Divergence? Step(Batch[] parts)
    {
        var step = Optimizer.StepsDone;
        if (own?.Applies(step) == true)
        {
            var drawn = own.Draw([.. parts.SelectMany(part => part.Source)], Network, step, corpus.Contents);
            parts = [.. MicroBatches.Of(drawn.Source, plan.MicroBatch, plan.Packing).Select(rows => Batch.Of(rows, corpus.Contents, ownSamples: true, plan.Packing))];
        }

        Network.BeginStep(step);
        var trained = parts.Sum(part => (long)part.Trained);
        var perPair = trained / (double)parts.Sum(part => part.Source.Count);
        var loss = parts.Sum(part => Backward(part, 1.0 / trained, perPair)) / trained;
        var learningRate = schedule.At(step);
        var norm = Optimizer.Step(learningRate, plan.Clip);
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            return Diverged(step + 1, FormattableString.Invariant($"the loss was {loss} with a gradient of {norm}"), loss, norm, learningRate, parts);
        }

        Weights.Follow(Optimizer.StepsDone);
        Curve.Loss.Add(loss);
        Curve.LearningRate.Add(learningRate);
        Curve.GradientNorm.Add(norm);
        Curve.Tokens += parts.Sum(part => part.Real);
        Curve.TrainedTokens += trained;
        Operations = parts.Sum(part => StepCost.Operations(plan.Shape, part.Real, part.Trained, part.Source.Max(row => row.Length)));
        return Divergence.RunsAway(Curve.Loss, uniform)
            ? Diverged(step + 1, FormattableString.Invariant($"the loss had risen to {loss:G4} nats a token, from {Curve.Loss[0]:G4} at the start and above the {uniform:G4} of a student that knows nothing"), loss, norm, learningRate, parts)
            : null;
    }

    /// <summary>Measures the held-out rows where it is time, keeps the best weights, and finds out whether that is enough.</summary>
    /// <returns>What was measured, if anything was.</returns>
    public ValidationPoint? Validate(bool endsEpoch, IProgressLog progress)
    {
        var done = Optimizer.StepsDone;
        var isTime = plan.ValidateEvery > 0 ? done % plan.ValidateEvery == 0 : endsEpoch;
        if ((!isTime && done < Steps) || Weights.Exported(() => validation.Measure(Network, device, done)) is not { } point)
        {
            return null;
        }

        Curve.Validation.Add(point);
        progress.Say(FormattableString.Invariant($"step {point.Step:N0}: held-out loss {point.Loss:F4}{(point.Kl is { } kl ? FormattableString.Invariant($", KL to the teacher {kl:F4} nats a token") : "")}{(point.Preferred is { } share ? FormattableString.Invariant($", {share:P1} of the pairs as preferred") : "")}"));
        var best = Curve.Best!;
        if (best == point)
        {
            Weights.Keep();
        }

        var since = Curve.Validation.Count - 1 - Curve.Validation.IndexOf(best);
        Curve.Ended = done == Steps ? null
            : plan.Patience > 0 && since >= plan.Patience ? FormattableString.Invariant($"{since} measurements in a row were no better than that after step {best.Step:N0}")
            : plan.EndsAfter?.Invoke(Curve.Validation);
        return point;
    }

    /// <summary>Nothing is left to do: the network gets the weights that leave.</summary>
    public void Finish()
    {
        Curve.Exported = new ExportedWeights(plan.Keep == KeptWeights.Best && Curve.Best is { } best ? best.Step : Optimizer.StepsDone, plan.Keep, plan.Ema);
        Weights.Export();
    }

    public void Dispose()
    {
        Network.Dispose();
        Optimizer.Dispose();
        Weights.Dispose();
        guide.Dispose();
    }

    Divergence Diverged(long step, string what, double loss, double norm, double learningRate, Batch[] parts)
    {
        using var quiet = no_grad();
        var rows = parts.SelectMany(part => part.Source).Select(row => (row, Loss: LossOf(row, parts[0].AreOwnSamples)));
        return new Divergence(step, what, loss, norm, learningRate, [.. rows.OrderByDescending(row => double.IsNaN(row.Loss) ? double.PositiveInfinity : row.Loss)]);
    }

    // Nats a trained token, of the row by itself.
    double LossOf(Row row, bool own)
    {
        using var scope = NewDisposeScope();
        var (tokens, positions, targets) = BatchTensors.Of(Batch.Of([row], corpus.Contents, own), device);
        var sums = objective.Measure(Network.Hidden(tokens, positions), Network.Head, guide.Targets(tokens, positions, targets), plan.Precision);
        return objective.Losses.Select((term, i) => term.Weight.At(1) * sums[i]).Sum() / row.Trained.Length;
    }

    Batch[] Parts(Row[] rows) => [.. MicroBatches.Of(rows, plan.MicroBatch, plan.Packing).Select(part => Batch.Of(part, corpus.Contents, packed: plan.Packing))];

    // The sum over the part's trained tokens.
    double Backward(Batch batch, double scale, double tokensPerPair)
    {
        using var scope = NewDisposeScope();
        var (tokens, positions, targets) = BatchTensors.Of(batch, device);
        var progress = Optimizer.StepsDone / Math.Max(1.0, Steps - 1);
        guide.Layout = Network.Layout = BatchTensors.LayoutOf(batch, device);
        Network.Recomputes = plan.GradientCheckpointing;
        var (hidden, wanted, beside) = guide.Read(Network, tokens, positions, targets, progress);   // [N, d]
        beside = preferences?.Measure(Network, batch, hidden, beside, progress, tokensPerPair) ?? beside;
        var loss = objective.Backward(hidden, Network.Head, wanted, scale, plan.Precision, progress, beside);
        Network.FinishBackward();
        guide.Layout = Network.Layout = null;
        Network.Recomputes = false;
        return loss;
    }

    IEnumerable<(int[] Rows, bool EndsEpoch)> Order(long from)
    {
        var step = 0L;
        for (var epoch = 0; step < Steps; epoch++)
        {
            var batches = order.Epoch(epoch);
            for (var i = 0; i < batches.Count && step < Steps; i++, step++)
            {
                if (step >= from)
                {
                    yield return (batches[i], i == batches.Count - 1);
                }
            }
        }
    }
}
