using DistillForge.Core;
using Polly;
using Polly.Retry;

namespace DistillForge.Teachers;

/// <summary>
/// Sends one request until it is answered or has failed for good. A fault of the server uses up one of the row's retries; its asking for
/// patience, or being out of reach, does not.
/// </summary>
sealed class RequestSender
{
    static readonly ResiliencePropertyKey<Request> Key = new("request");

    readonly EndpointPool pool;
    readonly BudgetMeter budget;
    readonly ApiTeacherOptions options;
    readonly ApiUsage usage;
    readonly Price? price;
    readonly ResiliencePipeline<ApiReply> pipeline;

    public RequestSender(EndpointPool pool, BudgetMeter budget, Price? price, ApiTeacherOptions options, ApiUsage usage, TimeProvider clock)
    {
        (this.pool, this.budget, this.price, this.options, this.usage) = (pool, budget, price, options, usage);
        pipeline = Pipeline(clock);
    }

    /// <summary>A request and how far it has come.</summary>
    /// <param name="Body">For an endpoint: each may know the model by another name.</param>
    /// <param name="MostPromptTokens">It cannot take more.</param>
    /// <param name="LikelyTokens">For rate limits.</param>
    internal sealed record Request(Func<Endpoint, BinaryData> Body, long MostPromptTokens, long MostCompletionTokens, double LikelyTokens, CancellationToken Sent)
    {
        public TimeSpan Worked { get; set; }

        public Endpoint? Avoid { get; set; }

        public int Attempts { get; set; }
    }

    /// <param name="waiting">Ends all waiting; what was sent may still be answered, until <see cref="Request.Sent"/> is cancelled.</param>
    /// <returns>Answered, Refused, or Faulty when all retries are used up.</returns>
    /// <exception cref="BudgetExhaustedException">It was not sent, or not again.</exception>
    /// <exception cref="ForgeException">No server takes requests any more.</exception>
    public async Task<ApiReply> SendAsync(Request request, CancellationToken waiting)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(waiting, request.Sent, budget.TimeUp);
        var context = ResilienceContextPool.Shared.Get(linked.Token);
        context.Properties.Set(Key, request);
        try
        {
            var reply = await pipeline.ExecuteAsync(static async (context, sender) => await sender.AttemptAsync(context.Properties.GetValue(Key, null!), context.CancellationToken), context, this);
            if (reply.Kind is not (ReplyKind.Answered or ReplyKind.Refused))
            {
                // Polly hands out the last fault when it may not wait any more: the row has not failed, it has no answer yet.
                linked.Token.ThrowIfCancellationRequested();
            }

            return reply;
        }
        catch (OperationCanceledException) when (budget.TimeUp.IsCancellationRequested && !waiting.IsCancellationRequested && !request.Sent.IsCancellationRequested)
        {
            throw budget.TimeIsUp();
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>Sends it once.</summary>
    public async Task<ApiReply> AttemptAsync(Request request, CancellationToken waiting)
    {
        var taken = await pool.EnterAsync(request.LikelyTokens, request.Avoid, waiting);
        var endpoint = taken.Endpoint;
        ApiReply? reply = null;
        var used = 0.0;
        try
        {
            using var reservation = await budget.ReserveAsync(Cost(request.MostPromptTokens, request.MostCompletionTokens, 0), request.MostPromptTokens + request.MostCompletionTokens, waiting);
            request.Attempts++;
            reply = await endpoint.SendAsync(request.Body(endpoint), options.TotalTimeout - request.Worked, request.Sent);
            request.Worked += reply.Elapsed;
            (reply, used) = Settle(request, reply, reservation);
        }
        finally
        {
            reply = pool.Leave(taken, reply, request.LikelyTokens, used);
        }

        request.Avoid = reply!.Kind is ReplyKind.Faulty or ReplyKind.Unreachable or ReplyKind.Throttled ? endpoint : null;
        usage.Count(reply, endpoint);
        return reply;
    }

    // What the server says that it used; where it does not say, or says the impossible, the most that it can have been.
    (ApiReply Reply, double Used) Settle(Request request, ApiReply reply, BudgetMeter.Reservation reservation)
    {
        if (reply.Answer is not { } answer)
        {
            if (!reply.MayHaveCost)
            {
                reservation.Settle(0, 0);
            }

            return (reply, reply.MayHaveCost ? request.LikelyTokens : 0);
        }

        var prompt = Believable(answer.PromptTokens, request.MostPromptTokens);
        var completion = Believable(answer.CompletionTokens, request.MostCompletionTokens);
        var cost = Cost(prompt, completion, Math.Min(prompt, answer.CachedTokens));
        reservation.Settle(cost, prompt + completion);
        return (reply with { Answer = answer with { PromptTokens = prompt, CompletionTokens = completion }, CostUsd = cost }, prompt + completion);
    }

    // Some servers put more into the prompt (a system message of their own), or think longer than they may.
    static long Believable(long said, long most) => said >= 0 && said <= 4 * most + 10_000 ? said : most;

    double Cost(long prompt, long completion, long cached) => price?.Of(prompt, completion, cached) ?? 0;

    ResiliencePipeline<ApiReply> Pipeline(TimeProvider clock)
    {
        var builder = new ResiliencePipelineBuilder<ApiReply> { TimeProvider = clock };
        var chance = new Chance(Seeds.Source(options.Seed, "jitter"));
        if (options.Retries > 0)
        {
            builder.AddRetry(Retry(options.Retries, chance, (request, reply) => reply.Kind == ReplyKind.Faulty && request.Worked < options.TotalTimeout));
        }

        return builder
            .AddRetry(Retry(int.MaxValue, chance, (_, reply) => reply.Kind is ReplyKind.Throttled or ReplyKind.Unreachable or ReplyKind.Closed))
            .Build();
    }

    RetryStrategyOptions<ApiReply> Retry(int most, Chance chance, Func<Request, ApiReply, bool> again) => new()
    {
        MaxRetryAttempts = most,
        Delay = options.RetryDelay,
        MaxDelay = options.MaxRetryDelay,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Randomizer = chance.Next,
        ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is { } reply && again(arguments.Context.Properties.GetValue(Key, null!), reply)),
        DelayGenerator = arguments => ValueTask.FromResult(arguments.Outcome.Result switch
        {
            // Another server may be asked at once.
            { Kind: ReplyKind.Closed } => TimeSpan.Zero,
            // Never earlier than asked for; a little later each, so that they do not all come back at once.
            { RetryAfter: { } patience } => patience + TimeSpan.FromSeconds(Math.Min(5, 0.1 * patience.TotalSeconds) * chance.Next()) + TimeSpan.FromMilliseconds(1),
            _ => default(TimeSpan?),
        }),
        OnRetry = arguments =>
        {
            var request = arguments.Context.Properties.GetValue(Key, null!);
            if (arguments.Outcome.Result?.Kind == ReplyKind.Faulty)
            {
                request.Worked += arguments.RetryDelay;
            }

            usage.CountRetry();
            return ValueTask.CompletedTask;
        },
    };

    /// <summary>Seeded, and asked from many threads.</summary>
    sealed class Chance(Random random)
    {
        public double Next()
        {
            lock (random)
            {
                return random.NextDouble();
            }
        }
    }
}
