using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>What becomes of the thoughts that some servers send beside the answer (<c>reasoning_content</c>).</summary>
public enum ReasoningText
{
    Drop,

    /// <summary>Put before the answer as <c>&lt;think&gt;…&lt;/think&gt;</c>.</summary>
    Keep,
}

/// <summary>How much an endpoint may be asked.</summary>
/// <param name="RequestsPerMinute">0: as the server says in its headers, else unlimited.</param>
/// <param name="TokensPerMinute">Of prompt and answer; 0 as above.</param>
/// <param name="MaxConcurrency">Requests in flight at most; how many there are is found by trying.</param>
public sealed record ApiLimits(double RequestsPerMinute = 0, double TokensPerMinute = 0, int MaxConcurrency = 64);

/// <summary>One server.</summary>
/// <param name="Address">Base address as the OpenAI client takes it, e.g. <c>https://api.openai.com/v1</c> or <c>http://localhost:8000/v1</c>.</param>
/// <param name="KeyName">The environment variable or user secret that holds its key; null where it wants none.</param>
/// <param name="Model">Its name for the model, where that differs.</param>
/// <param name="Limits">Its own, where they differ.</param>
public sealed record ApiEndpoint(Uri Address, string? KeyName = null, string? Model = null, ApiLimits? Limits = null);

/// <summary>A teacher behind an OpenAI-compatible API: where it is, how it is asked, and how much patience there is with it.</summary>
public sealed record ApiTeacherOptions
{
    /// <summary>The model's name, as the server knows it.</summary>
    public required string Model { get; init; }

    /// <summary>Servers that give the same answers. The first one names the teacher, so adding others asks for no row again.</summary>
    public required IReadOnlyList<ApiEndpoint> Endpoints { get; init; }

    /// <summary>Who answered, as written in every row; the model's name when null.</summary>
    public string? Author { get; init; }

    public string? License { get; init; }

    public string? Terms { get; init; }

    public Sampling Sampling { get; init; } = new();

    /// <summary>Of each endpoint that has none of its own.</summary>
    public ApiLimits Limits { get; init; } = new();

    /// <summary>Of one request, from sending to the last byte.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Of one row: its attempts and the pauses between them. Time in a queue or behind a rate limit does not count.</summary>
    public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Further attempts after a fault of the server. A 429 and a server that cannot be reached are not counted.</summary>
    public int Retries { get; init; } = 6;

    /// <summary>Of the first retry; it doubles, with jitter, up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an endpoint that keeps failing is left alone at first; it doubles, up to a minute.</summary>
    public TimeSpan BreakDuration { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>No endpoint has answered for so long, and none asked for patience: the teacher is given up. Rows without an answer stay unanswered.</summary>
    public TimeSpan OutageLimit { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Prompts in a row with the same messages that share one request (<c>n</c>), which costs their prompt once.</summary>
    public int SamplesPerRequest { get; init; } = 1;

    /// <summary>Where paid answers are kept for all runs; null keeps none.</summary>
    public string? CacheFolder { get; init; }

    public ReasoningText Reasoning { get; init; } = ReasoningText.Drop;

    /// <summary>Further members of the request's JSON, e.g. <c>repetition_penalty</c> or <c>chat_template_kwargs</c> of vLLM.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Extra { get; init; }

    /// <summary>A longer answer is a fault of the server.</summary>
    public int MaxResponseBytes { get; init; } = 64 << 20;

    /// <summary>Of the jitter.</summary>
    public long Seed { get; init; }

    /// <summary>Base address and model name; and what of <see cref="Extra"/> changes the answers.</summary>
    public string Identity => Extra is { Count: > 0 }
        ? $"{Base}#{Model}#{Sha256.OfText(string.Join('\n', Extra.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value.GetRawText()}")))[..16]}"
        : $"{Base}#{Model}";

    string Base => Endpoints[0].Address.AbsoluteUri.TrimEnd('/');

    /// <summary>What does not fit, all of it; empty when all fits.</summary>
    public IEnumerable<Problem> Check()
    {
        (string Key, bool Fits, string Must)[] rules =
        [
            ("model", Model.Length > 0, "must name a model."),
            ("endpoints", Endpoints.Count > 0, "must name at least one server."),
            ("timeout_s", AttemptTimeout > TimeSpan.Zero && TotalTimeout >= AttemptTimeout, "must be above 0, and a row's total at least as long."),
            ("retries", Retries is >= 0 and <= 100, "must be 0 to 100."),
            ("retry_delay", RetryDelay > TimeSpan.Zero && MaxRetryDelay >= RetryDelay && MaxRetryDelay < TimeSpan.FromDays(1), "must be above 0, and the longest delay at least as long."),
            ("break_duration", BreakDuration >= TimeSpan.FromMilliseconds(500) && BreakDuration <= TimeSpan.FromMinutes(1), "must be half a second to a minute."),
            ("samples_per_request", SamplesPerRequest is >= 1 and <= 128, "must be 1 to 128."),
            ("max_response_bytes", MaxResponseBytes >= 1 << 10, "must be at least 1024."),
            ("max_tokens", Sampling.MaxTokens >= 1, "must be 1 or more."),
        ];
        return rules.Where(rule => !rule.Fits).Select(rule => new Problem($"teacher.{rule.Key}", rule.Must))
            .Concat(Endpoints.SelectMany(Check))
            .Concat(Unsupported());
    }

    IEnumerable<Problem> Check(ApiEndpoint endpoint)
    {
        if (!endpoint.Address.IsAbsoluteUri || endpoint.Address.Scheme is not ("http" or "https"))
        {
            yield return new Problem("teacher.api", $"is '{endpoint.Address}', no http address.", "Write the base address, e.g. http://localhost:8000/v1.");
        }
        else if (endpoint.Address.UserInfo.Length > 0 || endpoint.Address.Query.Length > 0 || endpoint.Address.Fragment.Length > 0)
        {
            // What stands there may be a secret: it is not repeated.
            yield return new Problem("teacher.api", $"has a user name, a query or a fragment (server {endpoint.Address.Host}).", "Keys come from the environment: name the variable as key_env.");
        }

        var limits = endpoint.Limits ?? Limits;
        if (!(limits.RequestsPerMinute >= 0 && limits.TokensPerMinute >= 0 && limits.MaxConcurrency is >= 1 and <= 4096))
        {
            yield return new Problem("teacher.limits", "must be 0 or more, and max_concurrency 1 to 4096.");
        }
    }

    // Better no row than rows that were drawn in another way than the recipe says.
    IEnumerable<Problem> Unsupported()
    {
        if (Sampling.Grammar is not null)
        {
            yield return new Problem("generate.grammar", "is a grammar of llama.cpp, which an API teacher does not know.", "Use json_schema, or the server's own key under extra.");
        }

        if (Sampling.StopTokens is { Count: > 0 })
        {
            yield return new Problem("generate.stop_tokens", "are ids, which an API teacher does not know.", "Use stop.");
        }
    }
}
