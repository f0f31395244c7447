using System.Runtime.CompilerServices;

namespace DistillForge.Evaluation;

/// <summary>Work that runs side by side and comes back in order, so that a model can batch it and rows stay paired.</summary>
static class InFlight
{
    /// <param name="atOnce">Never more at a time; a slow one lets a few later ones finish before it.</param>
    public static async IAsyncEnumerable<TResult> InOrderAsync<TItem, TResult>(
        IAsyncEnumerable<TItem> items,
        int atOnce,
        Func<TItem, CancellationToken, Task<TResult>> work,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var places = new SemaphoreSlim(atOnce);
        var running = new Queue<Task<TResult>>();
        try
        {
            await foreach (var item in items.WithCancellation(stop.Token))
            {
                running.Enqueue(RunAsync(item));
                while (running.Count >= 4 * atOnce || (running.Count > 0 && running.Peek().IsCompleted))
                {
                    yield return await running.Dequeue();
                }
            }

            while (running.Count > 0)
            {
                yield return await running.Dequeue();
            }
        }
        finally
        {
            // One failed, or nobody reads on: the others must not outlive us.
            await stop.CancelAsync();
            await Task.WhenAll(running).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        async Task<TResult> RunAsync(TItem item)
        {
            await places.WaitAsync(stop.Token);
            try
            {
                return await work(item, stop.Token);
            }
            finally
            {
                places.Release();
            }
        }
    }
}
