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

    /// <param name="guide">Is disposed with this.</param>
    public TrainingRun(TrainingPlan plan, Corpus corpus, IReadOnlyList<WeightedLoss> losses, Guide guide, Device device, IReadOnlyList<WeightedPreference>? preferred = null)
    {
        this.guide = guide;
        (this.plan, this.corpus, this.device) = (plan, corpus, device);
        order = new BatchOrder(corpus.Training, plan.TokensPerBatch, plan.Seed);
        Steps = plan.Steps > 0 ? plan.Steps : Enumerable.Range(0, plan.Epochs).Sum(epoch => (long)order.Epoch(epoch).Count);
        schedule = new Schedule(plan.LearningRate, Steps, plan.WarmupFraction);
        objective = new Objective(losses);
        Network = plan.Start?.Build(device) ?? TrainingCatalog.Architectures.Create(plan.Shape.Architecture, options: null).Build(plan.Shape, plan.Seed, device);
        Network.Precision = plan.Precision;
        if (plan.Embedding is { } start)
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            Network.Embedding.Value.copy_(tensor(start.ToArray(), Network.Embedding.Value.shape).to(device));
        }

        own = plan.OnPolicy is { } onPolicy ? new OwnSamples(onPolicy, plan.Vocabulary, plan.Shape, plan.Seed) : null;
        preferences = preferred is { Count: > 0 } ? new Preferences(preferred, corpus, Network, plan.TokensPerBatch, device) : null;
        validation = new Validation(corpus, plan.TokensPerBatch, losses, guide, preferences);
        Optimizer = new AdamW([.. Network.Weights, .. guide.Projections], plan.WeightDecay);
    }

    public Network Network { get; }

    public AdamW Optimizer { get; }

    /// <summary>Of the whole run.</summary>
    public long Steps { get; }

    public TrainingCurve Curve { get; set; } = new();

    /// <summary>The batches from a step on. Step and seed alone say which rows come: nothing else has to be kept.</summary>
    /// <returns>EndsEpoch: measure now.</returns>
    public IEnumerable<(Task<Batch> Batch, bool EndsEpoch)> Batches(long from)
    {
        (Task<Batch> Batch, bool EndsEpoch)? ahead = null;
        foreach (var (rows, ends) in Order(from))
        {
            // The next batch is put together while this one is computed.
            var next = (Task.Run(() => Batch.Of([.. rows.Select(row => corpus.Training[row])], corpus.Contents)), ends);
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
    public void Step(Batch batch)
    {
        using var scope = NewDisposeScope();
        batch = own?.Applies(Optimizer.StepsDone) == true ? own.Draw(batch.Source, Network, Optimizer.StepsDone, corpus.Contents) : batch;
        var (tokens, positions, targets) = BatchTensors.Of(batch, device);
        var progress = Optimizer.StepsDone / Math.Max(1.0, Steps - 1);
        Network.BeginStep(Optimizer.StepsDone);
        var (hidden, wanted, beside) = guide.Read(Network, tokens, positions, targets, progress);   // [N, d]
        beside = preferences?.Measure(Network, batch, hidden, beside, progress, (double)batch.Trained / batch.Rows) ?? beside;
        var loss = objective.Backward(hidden, Network.Head, wanted, 1.0 / batch.Trained, plan.Precision, progress, beside) / batch.Trained;
        var learningRate = schedule.At(Optimizer.StepsDone);
        var norm = Optimizer.Step(learningRate, plan.Clip);
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            throw new ForgeException(new Problem("train.learning_rate", $"is {plan.LearningRate}, and at step {Optimizer.StepsDone + 1} the loss was {loss} with a gradient of {norm}: training diverged.", "Lower it, or raise train.warmup."));
        }

        Curve.Loss.Add(loss);
        Curve.LearningRate.Add(learningRate);
        Curve.GradientNorm.Add(norm);
        Curve.Tokens += batch.Real;
        Curve.TrainedTokens += batch.Trained;
    }

    /// <summary>Measures the held-out rows and adds the point to the curve.</summary>
    public void Validate(IProgressLog progress)
    {
        if (validation.Measure(Network, device, Optimizer.StepsDone) is { } point)
        {
            Curve.Validation.Add(point);
            progress.Say(FormattableString.Invariant($"step {point.Step:N0}: held-out loss {point.Loss:F4}{(point.Kl is { } kl ? FormattableString.Invariant($", KL to the teacher {kl:F4} nats a token") : "")}{(point.Preferred is { } share ? FormattableString.Invariant($", {share:P1} of the pairs as preferred") : "")}"));
        }
    }

    public void Dispose()
    {
        Network.Dispose();
        Optimizer.Dispose();
        guide.Dispose();
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
