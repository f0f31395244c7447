using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>The servers, of which each request takes the least busy one that can take it now.</summary>
sealed class EndpointPool : IDisposable
{
    // How often somebody looks whether a server is given up, while all of them rest.
    const double LookSeconds = 1;

    readonly IReadOnlyList<Endpoint> endpoints;
    readonly TimeProvider clock;
    readonly TimeSpan outageLimit;
    // Whoever is first in line waits for a server; the others wait for him, so nobody overtakes.
    readonly SemaphoreSlim line = new(1);
    TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EndpointPool(IReadOnlyList<Endpoint> endpoints, TimeProvider clock, TimeSpan outageLimit)
        => (this.endpoints, this.clock, this.outageLimit) = (endpoints, clock, outageLimit);

    public IReadOnlyList<Endpoint> Endpoints => endpoints;

    /// <param name="avoid">An endpoint that just failed this row; taken only when it is the only one that is open.</param>
    /// <exception cref="ForgeException">All are closed, or none has answered for longer than the outage limit.</exception>
    public async Task<(Endpoint Endpoint, int Entered)> EnterAsync(double estimatedTokens, Endpoint? avoid, CancellationToken cancellationToken)
    {
        await line.WaitAsync(cancellationToken);
        try
        {
            while (true)
            {
                var change = Volatile.Read(ref changed).Task;
                ThrowIfGone();
                if (TryEnter(estimatedTokens, avoid, out var wait) is { Endpoint: not null } taken)
                {
                    return taken;
                }

                // A timer that fires a little early would only spin.
                await WaitAsync(change, TimeSpan.FromSeconds(Math.Clamp(wait, 0.001, LookSeconds)), cancellationToken);
            }
        }
        finally
        {
            line.Release();
        }
    }

    public ApiReply? Leave((Endpoint Endpoint, int Entered) taken, ApiReply? reply, double estimatedTokens, double usedTokens)
    {
        var understood = taken.Endpoint.Leave(taken.Entered, reply, estimatedTokens, usedTokens);
        Interlocked.Exchange(ref changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        return understood;
    }

    public void Dispose()
    {
        foreach (var endpoint in endpoints)
        {
            endpoint.Dispose();
        }

        line.Dispose();
    }

    (Endpoint Endpoint, int Entered) TryEnter(double estimatedTokens, Endpoint? avoid, out double wait)
    {
        wait = double.PositiveInfinity;
        foreach (var endpoint in endpoints.OrderBy(endpoint => endpoint == avoid).ThenBy(endpoint => endpoint.Load))
        {
            if (endpoint.TryEnter(estimatedTokens, out var entered) is not { } seconds)
            {
                return (endpoint, entered);
            }

            wait = Math.Min(wait, seconds);
        }

        return default;
    }

    void ThrowIfGone()
    {
        if (endpoints.All(endpoint => endpoint.Closed is not null))
        {
            throw Gone("closed");
        }

        if (endpoints.Where(endpoint => endpoint.Closed is null).All(endpoint => endpoint.SilentFor > outageLimit.TotalSeconds))
        {
            throw Gone("silent");
        }
    }

    /// <summary>Why nothing more can be asked, endpoint by endpoint.</summary>
    ForgeException Gone(string how)
    {
        var mend = how == "silent" || endpoints.Any(endpoint => endpoint.Closed is { Code: "no-quota" });
        return new ForgeException(
            how == "silent" ? $"The teacher has not answered for {outageLimit.TotalMinutes:0.#} minutes; its address" : "No server takes requests any more; the list",
            [.. endpoints.Select(endpoint => new Problem(endpoint.Name, (endpoint.Closed ?? endpoint.LastFault)?.Detail ?? "has not answered.", Advice(endpoint.Closed?.Code)))],
            mend ? ExitCode.Unavailable : ExitCode.UserCanFix);
    }

    static string Advice(string? code) => code switch
    {
        "key-refused" or "forbidden" => "Check the key and the variable that teacher.key_env names.",
        "no-quota" => "Top the account up and run again: answered rows are kept.",
        "no-such-model" => "Check teacher.api and teacher.model.",
        "redirected" => "Write the address that it redirects to, if you trust it.",
        _ => "Answered rows are kept; run again when it is back.",
    };

    async Task WaitAsync(Task change, TimeSpan pause, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(change, Task.Delay(pause, clock, timer.Token));
        await timer.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }
}
