using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace DistillForge.Teachers;

/// <summary>One server and what is known of its health: how much it takes, how fast, and whether it answers at all.</summary>
sealed class Endpoint : IDisposable
{
    static readonly ResiliencePropertyKey<TimeSpan> TimeLeft = new("time-left");

    readonly Lock gate = new();
    readonly TimeProvider clock;
    readonly long start;
    readonly ConcurrencyWindow window;
    readonly RateGate requests = new();
    readonly RateGate tokens = new();
    readonly LearnedPace pace = new();
    readonly ApiLimits limits;
    readonly TimeSpan pauseUnsaid;
    readonly ApiConnection connection;
    readonly CircuitBreakerStateProvider breaker = new();
    readonly ResiliencePipeline<ApiReply> pipeline;
    double pausedUntil = double.NegativeInfinity;
    double brokenUntil = double.NegativeInfinity;
    double? failingSince;
    double lastFaultAt;
    bool answered;

    public Endpoint(ApiEndpoint endpoint, ApiTeacherOptions options, string? key, Redactor redactor, TimeProvider clock)
    {
        (this.clock, start, limits) = (clock, clock.GetTimestamp(), endpoint.Limits ?? options.Limits);
        pauseUnsaid = options.RetryDelay;
        (Name, Model) = (endpoint.Address.Authority, endpoint.Model ?? options.Model);
        window = new ConcurrencyWindow(limits.MaxConcurrency);
        connection = new ApiConnection(endpoint.Address, Model, key, redactor, clock, options.MaxResponseBytes, limits.MaxConcurrency);
        Announce(0, 0);
        pipeline = Pipeline(options);
    }

    /// <summary>Host and port.</summary>
    public string Name { get; }

    public string Model { get; }

    /// <summary>Why it is not asked any more; null while it is.</summary>
    public ApiReply? Closed { get; private set; }

    /// <summary>The last reply that was no answer.</summary>
    public ApiReply? LastFault { get; private set; }

    /// <summary>How long it has been asked without an answer, in seconds; the time for which it asked for patience is not counted.</summary>
    public double SilentFor => failingSince is { } since ? lastFaultAt - since : 0;

    public int InFlight => window.InFlight;

    public double Load => (double)window.InFlight / window.Limit;

    public double Now => clock.GetElapsedTime(start).TotalSeconds;

    /// <param name="entered">To be handed to <see cref="Leave"/>.</param>
    /// <returns>Null: taken. Otherwise the seconds until it is worth another try; infinite when only a reply can change that.</returns>
    public double? TryEnter(double estimatedTokens, out int entered)
    {
        entered = 0;
        lock (gate)
        {
            if (Closed is not null || !window.HasRoom || (IsOnTrial && window.InFlight > 0))
            {
                return double.PositiveInfinity;
            }

            var now = Now;
            var wait = Math.Max(Math.Max(requests.Wait(now), tokens.Wait(now)), Math.Max(Math.Max(pausedUntil, brokenUntil) - now, pace.Wait(now)));
            if (wait > 0)
            {
                return wait;
            }

            entered = window.Enter();
            pace.Pass(now);
            requests.Pass(now, 1);
            tokens.Pass(now, estimatedTokens);
            return null;
        }
    }

    /// <summary>Sends what <see cref="TryEnter"/> let in; always followed by <see cref="Leave"/>.</summary>
    /// <param name="timeLeft">Of the row.</param>
    public async Task<ApiReply> SendAsync(BinaryData body, TimeSpan timeLeft, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(TimeLeft, timeLeft);
        var begun = clock.GetTimestamp();
        try
        {
            return await pipeline.ExecuteAsync(static async (context, call) => await call.connection.SendAsync(call.body, context.CancellationToken), context, (connection, body));
        }
        catch (TimeoutRejectedException)
        {
            return ApiReply.Faulty("timed-out", $"no answer in {clock.GetElapsedTime(begun).TotalSeconds:0.#} s", mayHaveCost: true) with { Elapsed = clock.GetElapsedTime(begun) };
        }
        catch (BrokenCircuitException broken)
        {
            return new ApiReply(ReplyKind.Unreachable, "resting", "it failed too often and is left alone for a while", broken.RetryAfter);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <param name="reply">Null when the request was cancelled.</param>
    /// <returns>The reply as it is to be understood, knowing this endpoint.</returns>
    public ApiReply? Leave(int entered, ApiReply? reply, double estimatedTokens, double usedTokens)
    {
        lock (gate)
        {
            if (reply is null)
            {
                window.Leave(entered, complained: false);
                return null;
            }

            Hear(reply, Now);
            // Where a pace is known, a refusal is the pace's fault: fewer at once would only leave the server idle while they wait.
            window.Leave(entered, complained: reply.Code == "timed-out" || (reply.Kind == ReplyKind.Throttled && !pace.IsKnown));

            // Some servers call a prompt that they dislike forbidden; a key that worked before is not what is wrong.
            if (reply.Code == "forbidden")
            {
                reply = reply with { Kind = answered ? ReplyKind.Refused : ReplyKind.Closed };
            }

            tokens.Correct(usedTokens - estimatedTokens);
            Announce(reply.RequestsPerMinute, reply.TokensPerMinute);
            Note(reply);
            return reply;
        }
    }

    public void Dispose() => connection.Dispose();

    // After a break one request tries whether the server is back.
    bool IsOnTrial => breaker.CircuitState is CircuitState.Open or CircuitState.HalfOpen;

    void Hear(ApiReply reply, double now)
    {
        if (reply.Kind is ReplyKind.Throttled or ReplyKind.Answered or ReplyKind.Refused or ReplyKind.Faulty)
        {
            pace.Hear(now, taken: reply.Kind != ReplyKind.Throttled, reply.Code == "timed-out" ? null : reply.Elapsed.TotalSeconds);
        }
    }

    void Note(ApiReply reply)
    {
        var now = Now;
        if (reply.Kind is ReplyKind.Answered or ReplyKind.Refused)
        {
            (answered, failingSince) = (true, null);
            return;
        }

        (LastFault, lastFaultAt) = (reply, now);
        failingSince ??= now;
        Closed ??= reply.Kind == ReplyKind.Closed ? reply : null;
        if (reply.Kind == ReplyKind.Throttled)
        {
            failingSince = reply.RetryAfter is { } patience ? Math.Max(failingSince.Value, now + patience.TotalSeconds) : failingSince;
            if (window.Limit == 1 || pace.IsUsedUp(now))
            {
                // Even one at a time, or one after the other, is too much: the limit is used up, and asking on only adds to it.
                pausedUntil = Math.Max(pausedUntil, now + (reply.RetryAfter ?? pauseUnsaid).TotalSeconds);
            }
        }
    }

    // Polly takes 0 and less for no limit at all.
    static TimeSpan Within(TimeSpan left, TimeSpan most) => TimeSpan.FromTicks(Math.Clamp(left.Ticks, Math.Min(TimeSpan.TicksPerSecond / 10, most.Ticks), most.Ticks));

    // What the user wrote counts; where nothing is written, what the server says, less a little for its clock.
    void Announce(double requestsPerMinute, double tokensPerMinute)
    {
        requests.PerSecond = Rate(limits.RequestsPerMinute, requestsPerMinute, requests.PerSecond);
        tokens.PerSecond = Rate(limits.TokensPerMinute, tokensPerMinute, tokens.PerSecond);
    }

    static double Rate(double written, double announced, double before) => written > 0 ? written / 60 : announced > 0 ? announced / 60 : before;

    ResiliencePipeline<ApiReply> Pipeline(ApiTeacherOptions options) => new ResiliencePipelineBuilder<ApiReply> { TimeProvider = clock }
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions<ApiReply>
        {
            FailureRatio = 0.6,
            MinimumThroughput = 12,
            SamplingDuration = TimeSpan.FromSeconds(20),
            BreakDurationGenerator = arguments => ValueTask.FromResult(TimeSpan.FromSeconds(Math.Min(60, options.BreakDuration.TotalSeconds * Math.Pow(2, Math.Min(10, arguments.HalfOpenAttempts))))),
            StateProvider = breaker,
            ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Exception is TimeoutRejectedException || arguments.Outcome.Result is { Kind: ReplyKind.Faulty or ReplyKind.Unreachable }),
            OnOpened = arguments =>
            {
                lock (gate)
                {
                    brokenUntil = Now + arguments.BreakDuration.TotalSeconds;
                }

                return ValueTask.CompletedTask;
            },
        })
        .AddTimeout(new TimeoutStrategyOptions
        {
            TimeoutGenerator = arguments => ValueTask.FromResult(Within(arguments.Context.Properties.GetValue(TimeLeft, options.AttemptTimeout), options.AttemptTimeout)),
        })
        .Build();
}
