using System.Text;
using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Teachers;

/// <summary>
/// A model behind an OpenAI-compatible API as a teacher: OpenAI, vLLM, llama-server, Ollama, … It asks as many prompts at once as the servers
/// take, waits out their limits and outages, keeps every answer that was paid for, and stops when the budget is used up.
/// </summary>
public sealed class ApiTeacher : ITeacher, IDisposable
{
    readonly ApiTeacherOptions options;
    readonly EndpointPool pool;
    readonly RequestSender sender;
    readonly RequestWriter writer;
    readonly Redactor redactor;
    readonly RequestCache? cache;
    readonly AnswerWriter answers;
    readonly TraceMapping? mapping;
    readonly Probing probing;
    readonly SemaphoreSlim oneProbe = new(1);
    (ApiProbe Probe, ApiDialect Dialect)? known;

    /// <param name="budget">Shared by all teachers of a run; null counts nothing.</param>
    /// <param name="prices">Of models; what has none costs nothing, unless the budget has <c>max_cost_usd</c>.</param>
    /// <param name="dialogue">Of the vocabulary that log-probabilities are mapped to; without one rows have no trace.</param>
    /// <exception cref="ForgeException">The options do not fit, a key is missing, or a model that costs has no price: all of it.</exception>
    public ApiTeacher(ApiTeacherOptions options, IKeySource keys, TimeProvider clock, BudgetMeter? budget = null, PriceTable? prices = null, Dialogue? dialogue = null, IProgressLog? progress = null)
    {
        this.options = options;
        budget ??= BudgetMeter.Unlimited(clock);
        var price = (prices ?? PriceTable.Empty).Find(options.Model);
        var found = Check(options, keys, budget, price);
        redactor = new Redactor(found.Values);
        pool = new EndpointPool([.. options.Endpoints.Select(endpoint => new Endpoint(endpoint, options, endpoint.KeyName is { } name ? found[name] : null, redactor, clock))], clock, options.OutageLimit);
        Usage = new ApiUsage(progress ?? SilentProgress.Instance);
        sender = new RequestSender(pool, budget, price, options, Usage, clock);
        writer = new RequestWriter(options);
        cache = options.CacheFolder is { } folder ? new RequestCache(folder, options.MaxResponseBytes) : null;
        mapping = dialogue is not null && options.Sampling.Capture is { } want ? new TraceMapping(dialogue, want, Identity) : null;
        answers = new AnswerWriter(options, dialogue, mapping, redactor, Usage);
        probing = new Probing(sender, pool, writer, options, mapping, redactor, progress ?? SilentProgress.Instance, clock);
    }

    public string Identity => options.Identity;

    public ApiUsage Usage { get; }

    /// <summary>Prompts in flight at most, those that wait for a server included.</summary>
    int Seats => 4 * options.Endpoints.Sum(endpoint => (endpoint.Limits ?? options.Limits).MaxConcurrency);

    /// <summary>One small request, once: whether the teacher is there, and whether it gives log-probabilities that can be used.</summary>
    /// <exception cref="ForgeException">It is unavailable, or refuses what the recipe asks for.</exception>
    public async Task<ApiProbe> ProbeAsync(CancellationToken cancellationToken) => (await KnowAsync(cancellationToken)).Probe;

    /// <exception cref="BudgetExhaustedException">After the last answer that the budget allowed.</exception>
    public IAsyncEnumerable<Answer> AnswerAsync(IAsyncEnumerable<Prompt> prompts, CancellationToken cancellationToken)
        => AnswerFlight.RunAsync(prompts, Seats, options.SamplesPerRequest, AskAsync, cancellationToken);

    public void Dispose()
    {
        pool.Dispose();
        oneProbe.Dispose();
    }

    static Dictionary<string, string> Check(ApiTeacherOptions options, IKeySource keys, BudgetMeter budget, Price? price)
    {
        var problems = options.Check().ToList();
        var found = new Dictionary<string, string>();
        foreach (var name in options.Endpoints.Select(endpoint => endpoint.KeyName).OfType<string>().Distinct())
        {
            if (keys.Find(name) is { Length: > 0 } key)
            {
                found[name] = key;
            }
            else
            {
                problems.Add(Keys.Missing("teacher.key_env", name));
            }
        }

        // A header takes printable ASCII; the key itself is not shown.
        problems.AddRange(found.Where(pair => pair.Value.Any(c => c is <= ' ' or > '~')).Select(pair => new Problem("teacher.key_env", $"{pair.Key} holds a character that no key has.", "Set it again, without line breaks and spaces.")));
        if (budget.Budget.MaxCostUsd is not null && price is null)
        {
            problems.Add(PriceTable.Missing(options.Model));
        }

        return problems.Count == 0 ? found : throw new ForgeException("The API teacher", problems);
    }

    async Task<(ApiProbe Probe, ApiDialect Dialect)> KnowAsync(CancellationToken cancellationToken)
    {
        await oneProbe.WaitAsync(cancellationToken);
        try
        {
            return known ??= await probing.AskAsync(cancellationToken);
        }
        finally
        {
            oneProbe.Release();
        }
    }

    // What fails is said at once; what was paid for before is taken from the cache; only the rest is asked.
    async Task AskAsync(IReadOnlyList<Prompt> prompts, Action<Answer> answered, CancellationToken noMore, CancellationToken cancellationToken)
    {
        var open = new Queue<AskedPrompt>();
        foreach (var prompt in prompts)
        {
            var (asked, failure) = answers.Prepare(prompt);
            if (failure is not null)
            {
                answered(Answer.Of(failure));
            }
            else if (FromCache(asked!) is { } paid)
            {
                answered(paid);
            }
            else
            {
                open.Enqueue(asked!);
            }
        }

        while (open.Count > 0)
        {
            await SendAsync(open, answered, noMore, cancellationToken);
        }
    }

    async Task SendAsync(Queue<AskedPrompt> open, Action<Answer> answered, CancellationToken noMore, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(noMore, cancellationToken);
        var (_, dialect) = await KnowAsync(waiting.Token);
        var (first, count) = (open.Peek().Prompt, open.Count);
        var prompt = writer.MostPromptTokens(first.Messages);
        var request = new RequestSender.Request(
            endpoint => writer.Write(endpoint.Model, first.Messages, first.Seed, count, dialect),
            prompt,
            (long)options.Sampling.MaxTokens * count,
            prompt / 3.5 + Usage.LikelyCompletion(options.Sampling.MaxTokens) * count,
            cancellationToken);
        var reply = await sender.SendAsync(request, waiting.Token);
        if (reply.Kind != ReplyKind.Answered)
        {
            while (open.TryDequeue(out var asked))
            {
                answered(Answer.Of(new Failure(asked.Prompt.Id, reply.Code, request.Attempts > 1 ? $"{reply.Detail} (attempt {request.Attempts})" : reply.Detail)));
            }

            return;
        }

        // A server that knows no n gives one choice: the rest is asked again.
        foreach (var choice in PaidChoice.Of(reply, count))
        {
            var asked = open.Dequeue();
            if (cache is not null && !redactor.HoldsKey(Encoding.UTF8.GetString(choice.Body)))
            {
                cache.Put(answers.CacheKey(asked.Prompt), new PaidAnswer(choice.Body, choice.CostUsd, choice.Seconds));
            }

            answered(answers.Write(asked, choice));
        }
    }

    Answer? FromCache(AskedPrompt asked)
    {
        if (cache?.Find(answers.CacheKey(asked.Prompt)) is not { } paid || PaidChoice.Of(paid) is not { } choice)
        {
            return null;
        }

        Usage.CountCacheHit();
        return answers.Write(asked, choice);
    }
}
