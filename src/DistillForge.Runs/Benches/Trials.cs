using DistillForge.Core;

namespace DistillForge.Runs.Benches;

/// <summary>Trains: what a trial says, on one thread.</summary>
/// <returns>Its figures; <see cref="Trials.Tuning"/> is among them.</returns>
delegate Task<IReadOnlyDictionary<string, double>> TrialWork(Trial trial, CancellationToken cancellationToken);

/// <summary>Many small trainings side by side, one thread each: every method first tries each learning rate once, then takes its best with every seed.</summary>
/// <param name="jobs">Trainings at a time.</param>
/// <param name="limit">When no more is trained; what is done by then counts. Null: no limit.</param>
sealed class Trials(TrialBook book, string setup, int jobs, TimeSpan? limit, IProgressLog log)
{
    /// <summary>The figure that chooses a learning rate: the lowest wins. It is measured on other rows than those that are reported.</summary>
    public const string Tuning = "tuning";

    int done;
    int asked;

    /// <returns>Of each method, the trials of its best rate: one a seed, fewer where time ran out.</returns>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<Trial>>> RunAsync(IReadOnlyList<string> methods, IReadOnlyList<double> rates, int seeds, TrialWork work, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (limit is { } time)
        {
            limited.CancelAfter(time);
        }

        asked = methods.Count * ((rates.Count > 1 ? rates.Count : 0) + seeds);
        // First come, first served: every method tries its rates before any method's seeds are queued.
        using var slots = new SemaphoreSlim(jobs);
        async Task<Trial?> Train(Trial trial) => await TryAsync(trial, slots, work, limited.Token, cancellationToken);
        var all = await Task.WhenAll(methods.Select(async method => (Method: method, Trials: await MethodAsync(method, rates, seeds, Train))));
        cancellationToken.ThrowIfCancellationRequested();
        return all.ToDictionary(one => one.Method, one => one.Trials);
    }

    async Task<IReadOnlyList<Trial>> MethodAsync(string method, IReadOnlyList<double> rates, int seeds, Func<Trial, Task<Trial?>> train)
    {
        var rate = rates[0];
        if (rates.Count > 1)
        {
            var tried = await Task.WhenAll(rates.Select(rate => train(new Trial(setup, method, rate, 0))));
            if (tried.OfType<Trial>().MinBy(trial => trial.Figures[Tuning]) is not { } best)
            {
                return [];
            }

            rate = best.Rate;
        }

        return [.. (await Task.WhenAll(Enumerable.Range(1, seeds).Select(seed => train(new Trial(setup, method, rate, seed))))).OfType<Trial>()];
    }

    async Task<Trial?> TryAsync(Trial trial, SemaphoreSlim slots, TrialWork work, CancellationToken limited, CancellationToken cancellationToken)
    {
        try
        {
            await slots.WaitAsync(limited);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return book.Find(trial);
        }

        try
        {
            var finished = book.Find(trial) ?? await TrainAsync(trial, work, limited);
            log.Report("trainings", Interlocked.Increment(ref done), asked, "trainings");
            return finished;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            slots.Release();
        }
    }

    async Task<Trial> TrainAsync(Trial trial, TrialWork work, CancellationToken limited)
    {
        var finished = trial with { Figures = await work(trial, limited) };
        book.Add(finished);
        log.Say(FormattableString.Invariant($"{trial.Method}, rate {trial.Rate}, seed {trial.Seed}: {string.Join(", ", finished.Figures.Select(figure => FormattableString.Invariant($"{figure.Key} {figure.Value:G5}")))}"));
        return finished;
    }
}
