using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>What may be spent at most, all sessions of a run together; null is no limit.</summary>
/// <param name="MaxTokens">Of prompts and answers.</param>
/// <param name="MaxHours">While the teacher works, not while the run rests.</param>
public sealed record Budget(double? MaxCostUsd = null, long? MaxTokens = null, double? MaxHours = null)
{
    public static Budget Unlimited { get; } = new();
}

/// <summary>The budget does not suffice for another request. What was answered is safe; the rest stays unanswered until the budget is raised.</summary>
public sealed class BudgetExhaustedException(string limit, string detail, double spentUsd, long tokens, TimeSpan worked)
    : ForgeException(new Problem($"budget.{limit}", detail, $"Raise budget.{limit} and run again: answered rows are kept, and only the rest is asked."))
{
    /// <summary><c>max_cost_usd</c>, <c>max_tokens</c> or <c>max_hours</c>.</summary>
    public string Limit { get; } = limit;

    public double SpentUsd { get; } = spentUsd;

    public long Tokens { get; } = tokens;

    public TimeSpan Worked { get; } = worked;
}

/// <summary>
/// Counts what is spent and never lets it pass the budget: a request reserves the most that it could cost before it is sent, and gives back
/// the rest when its answer is there. An attempt whose answer never came stays counted in full, for it may have been charged.
/// </summary>
public sealed class BudgetMeter : IDisposable
{
    readonly Lock gate = new();
    readonly Budget budget;
    readonly TimeProvider clock;
    readonly SpendingLedger? ledger;
    readonly long start;
    readonly TimeSpan earlier;
    readonly CancellationTokenSource timeUp;
    TaskCompletionSource settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    double usd;
    long tokens;
    int open;

    /// <param name="ledger">File that carries the spending from one session of a run to the next; null forgets.</param>
    public BudgetMeter(Budget budget, TimeProvider clock, string? ledger = null)
    {
        (this.budget, this.clock, start) = (budget, clock, clock.GetTimestamp());
        if (ledger is not null)
        {
            this.ledger = SpendingLedger.Open(ledger);
            (usd, tokens, earlier) = (this.ledger.Before.Usd, this.ledger.Before.Tokens, TimeSpan.FromSeconds(this.ledger.Before.Seconds));
        }

        timeUp = budget.MaxHours is { } hours && hours < 24 * 40
            ? new CancellationTokenSource(Max(TimeSpan.FromHours(hours) - earlier, TimeSpan.Zero), clock)
            : new CancellationTokenSource();
    }

    /// <summary>Counts, and never stops anybody.</summary>
    public static BudgetMeter Unlimited(TimeProvider clock) => new(Budget.Unlimited, clock);

    public Budget Budget => budget;

    /// <summary>Settled and reserved.</summary>
    public double SpentUsd
    {
        get
        {
            lock (gate)
            {
                return usd;
            }
        }
    }

    /// <summary>Settled and reserved.</summary>
    public long Tokens
    {
        get
        {
            lock (gate)
            {
                return tokens;
            }
        }
    }

    public TimeSpan Worked => earlier + clock.GetElapsedTime(start);

    /// <summary>Cancelled when <see cref="Budget.MaxHours"/> are over: nothing new may be sent then.</summary>
    public CancellationToken TimeUp => timeUp.Token;

    /// <summary>Waits until the request fits, which it may do when others that are in flight cost less than they could.</summary>
    /// <exception cref="BudgetExhaustedException">It does not fit, and nothing is in flight that could make room.</exception>
    internal async Task<Reservation> ReserveAsync(double mostUsd, long mostTokens, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change;
            lock (gate)
            {
                if (timeUp.IsCancellationRequested)
                {
                    throw TimeIsUp();
                }

                var overCost = usd + mostUsd > budget.MaxCostUsd * (1 + 1e-12);
                if (!overCost && !(tokens + mostTokens > budget.MaxTokens))
                {
                    open++;
                    (usd, tokens) = (usd + mostUsd, tokens + mostTokens);
                    Write(mostUsd, mostTokens);
                    return new Reservation(this, mostUsd, mostTokens);
                }

                if (open == 0)
                {
                    throw overCost
                        ? Exhausted("max_cost_usd", $"is {budget.MaxCostUsd:0.######}, {usd:0.######} are spent, and the next request could cost {mostUsd:0.######}.")
                        : Exhausted("max_tokens", $"is {budget.MaxTokens:N0}, {tokens:N0} are used, and the next request could take {mostTokens:N0}.");
                }

                change = settled.Task;
            }

            await change.WaitAsync(cancellationToken);
        }
    }

    internal BudgetExhaustedException TimeIsUp() => Exhausted("max_hours", $"is {budget.MaxHours:0.###}, and the teacher has worked for {Worked.TotalHours:0.###} hours.");

    public void Dispose()
    {
        lock (gate)
        {
            Write(0, 0);
            ledger?.Dispose();
        }

        timeUp.Dispose();
    }

    void Settle(double reservedUsd, long reservedTokens, double spentUsd, long spentTokens)
    {
        TaskCompletionSource change;
        lock (gate)
        {
            open--;
            (usd, tokens) = (usd + spentUsd - reservedUsd, tokens + spentTokens - reservedTokens);
            Write(spentUsd - reservedUsd, spentTokens - reservedTokens);
            change = settled;
            settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        change.SetResult();
    }

    void Write(double changeUsd, long changeTokens) => ledger?.Add(changeUsd, changeTokens, clock.GetElapsedTime(start).TotalSeconds);

    BudgetExhaustedException Exhausted(string limit, string detail) => new(limit, detail, usd, tokens, Worked);

    static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <summary>The most that a request in flight can cost. Disposed without being settled, it stays spent.</summary>
    internal sealed class Reservation(BudgetMeter meter, double usd, long tokens) : IDisposable
    {
        int closed;

        public void Settle(double spentUsd, long spentTokens)
        {
            if (Interlocked.Exchange(ref closed, 1) == 0)
            {
                meter.Settle(usd, tokens, spentUsd, spentTokens);
            }
        }

        public void Dispose() => Settle(usd, tokens);
    }
}
