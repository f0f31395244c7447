using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>Trains a student on traces and leaves a checkpoint folder. Interrupted, it goes on where it stopped, bit for bit.</summary>
/// <param name="clock">For rates and durations only; they decide nothing.</param>
public sealed class Trainer(TimeProvider clock)
{
    /// <param name="folder">Gets <c>model.safetensors</c>, <c>config.json</c>, <c>vocabulary.gguf</c>, <c>training.json</c> and the training state.</param>
    /// <exception cref="ForgeException">The plan or the rows are unfit, or training diverged.</exception>
    /// <exception cref="OperationCanceledException">Between two steps; a checkpoint was written.</exception>
    public Task<TrainingResult> TrainAsync(TrainingPlan plan, IReadOnlyList<TokenTrace> traces, string folder, IProgressLog progress, CancellationToken cancellationToken)
        // A thread of its own: tensor scopes belong to a thread, and the work never waits.
        => Task.Factory.StartNew(() => Train(plan, traces, folder, progress, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    TrainingResult Train(TrainingPlan plan, IReadOnlyList<TokenTrace> traces, string folder, IProgressLog progress, CancellationToken cancellationToken)
    {
        WeightedLoss[] losses = [.. plan.Losses.Where(term => TrainingCatalog.Losses.Contains(term.Name)).Select(term => new WeightedLoss(term.Name, TrainingCatalog.Losses.Create(term.Name, term.Options), term.Share, term.Tokens))];
        WeightedPreference[] preferences = [.. plan.Losses.Where(term => TrainingCatalog.Preferences.Contains(term.Name)).Select(term => new WeightedPreference(term.Name, TrainingCatalog.Preferences.Create(term.Name, term.Options), term.Share))];
        WeightedRepresentation[] inner = [.. plan.Losses.Where(term => !TrainingCatalog.Losses.Contains(term.Name) && !TrainingCatalog.Preferences.Contains(term.Name)).Select(term => new WeightedRepresentation(term.Name, TrainingCatalog.Representations.Create(term.Name, term.Options), term.Share))];
        var corpus = new Corpus(traces, plan.Shape.Context, plan.ValidationShare, plan.Ensemble, plan.Rejected, plan.ValidationIds) { IsTeacherAtHand = plan.OnlineTargets, AreHeadsRanked = plan.RankedHeads };
        set_num_threads(plan.Threads > 0 ? plan.Threads : Environment.ProcessorCount);
        var device = Accelerator.Find(plan.Device);
        var asked = plan.Precision;
        plan = plan with { Precision = FastProducts.Or(asked, device) };
        var teacher = plan.Teacher is { } gguf ? FrozenTeacher.Open(gguf, plan.Vocabulary, device, plan.Precision) : null;
        Preflight.Check(plan, traces, corpus, losses, inner, teacher?.Shape, preferences);
        var fingerprint = Preflight.Fingerprint(plan, traces, [.. plan.Losses.Select(Describe)]);

        using var run = new TrainingRun(plan, corpus, losses, new Guide(teacher, plan.OnlineTargets, inner, plan.Shape, plan.Seed, device), device, preferences);
        var resume = new ResumeFolder(folder);
        if (resume.Newest(fingerprint, progress) is { } found)
        {
            run.Curve = Checkpoint.Restore(found.Folder, found.State, run.Network, run.Optimizer, run.Weights);
        }

        if (run.Curve.Exported is null)
        {
            double? peak = MachinePeak.Matters(Preflight.Operations(plan, corpus)) ? MachinePeak.Measure(plan, device) : null;
            progress.Say(Preflight.Summary(plan, corpus, run.Steps, run.Network.Parameters));
            progress.Say(Preflight.Cost(plan, corpus, peak));
            if (plan.Precision != asked)
            {
                progress.Say("trains in float32: this processor has no bfloat16 products (neither AVX512_BF16 nor AMX)");
            }

            progress.Say(Preflight.Example(plan, corpus, progress.ShowsColour));
            if (run.Optimizer.StepsDone > 0)
            {
                progress.Say($"going on after step {run.Optimizer.StepsDone:N0}");
            }

            if (Directory.Exists(Path.Combine(folder, Divergence.Folder)))
            {
                Directory.Delete(Path.Combine(folder, Divergence.Folder), recursive: true);
            }

            void Save(string where, StudentWeights? weights) => Checkpoint.Write(where, plan, fingerprint, run.Steps, run.Network, run.Optimizer, run.Curve, weights);
            using (var metrics = new Metrics(folder, run.Optimizer.StepsDone, clock))
            {
                Loop(run, plan, folder, resume, where => Save(where, run.Weights), new Meter(clock, run.Curve, run.Network.Parameters == plan.Shape.Parameters ? peak : null), metrics, progress, cancellationToken);
            }

            run.Finish();
            Save(folder, weights: null);
            Tell(run, progress);
        }

        resume.Clear();
        return new TrainingResult(plan.Shape.Parameters, run.Network.Parameters, run.Optimizer.StepsDone, run.Curve.Tokens, run.Curve.TrainedTokens, run.Curve.Seconds, run.Curve) { Precision = plan.Precision };
    }

    static void Loop(TrainingRun run, TrainingPlan plan, string folder, ResumeFolder resume, Action<string> save, Meter meter, Metrics metrics, IProgressLog progress, CancellationToken cancellationToken)
    {
        foreach (var (parts, endsEpoch) in run.Batches(from: run.Optimizer.StepsDone))
        {
            if (cancellationToken.IsCancellationRequested)
            {
                save(resume.For(run.Optimizer.StepsDone));
                resume.Trim();
                progress.Say($"stopped after step {run.Optimizer.StepsDone:N0}; the same command goes on from there");
                cancellationToken.ThrowIfCancellationRequested();
            }

            if (run.Step(parts.GetAwaiter().GetResult()) is { } diverged)
            {
                throw diverged.Save(folder, plan, run.Curve);
            }

            meter.Tick(run.Operations);
            metrics.Step(run.Curve, meter.Rate, meter.Share);
            progress.Report("train", run.Optimizer.StepsDone, run.Steps, "steps", meter.Detail);
            if (run.Validate(endsEpoch, progress) is { } point)
            {
                metrics.Measured(point);
            }

            if (run.IsDone)
            {
                return;
            }

            if (run.Optimizer.StepsDone % plan.CheckpointEvery == 0)
            {
                save(resume.For(run.Optimizer.StepsDone));
                resume.Trim();
            }
        }
    }

    static void Tell(TrainingRun run, IProgressLog progress)
    {
        if (run.Curve.Ended is { } why)
        {
            progress.Say($"ended after step {run.Optimizer.StepsDone:N0} of {run.Steps:N0}: {why}");
        }

        if (run.Curve.Exported is { } exported && exported != new ExportedWeights(run.Optimizer.StepsDone, KeptWeights.Last, 0))
        {
            progress.Say($"what leaves: {exported}");
        }
    }

    // Bound, an options record prints every value: two spellings of the same settings are one.
    static string Describe(LossTerm term)
    {
        var bound = TrainingCatalog.Losses.Contains(term.Name) ? TrainingCatalog.Losses.OptionsOf(term.Name)
            : TrainingCatalog.Preferences.Contains(term.Name) ? TrainingCatalog.Preferences.OptionsOf(term.Name)
            : TrainingCatalog.Representations.OptionsOf(term.Name);
        return FormattableString.Invariant($"{term.Name} {term.Share}{(term.Tokens is { } tokens ? $" {tokens}" : "")} {(bound is null ? "" : Printed(term.Options?.Bind(bound) ?? DefaultOptions.Create(bound)))}");
    }

    // A record prints its lists by their type.
    static string Printed(object options)
        => $"{options} {string.Join(' ', options.GetType().GetProperties().Select(property => property.GetValue(options)).OfType<System.Collections.IEnumerable>().Where(list => list is not string).Select(list => string.Join(',', list.Cast<object>())))}".TrimEnd();
}
