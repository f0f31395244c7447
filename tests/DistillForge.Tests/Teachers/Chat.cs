using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using DistillForge.Teachers;
using DistillForge.Text;

namespace DistillForge.Tests.Teachers;

/// <summary>Servers' answers, and a vocabulary to map them to.</summary>
static class Chat
{
    static readonly string[] Corpus = ["dim the bedroom lamp to 30 percent", "turn on the kitchen light", "größer, 日本語 and 🙂", "  two  spaces\n\nand\ttabs ", "it's 12:34 o'clock"];

    public static Vocabulary Vocabulary { get; } = BpeTrainer.Train([.. Corpus, .. Corpus], 300);

    public static Dialogue Dialogue { get; } = Dialogue.For(Vocabulary);

    /// <summary>Writes −∞ too.</summary>
    public static JsonSerializerOptions Lenient { get; } = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    static BpeTokenizer Tokenizer { get; } = new(Vocabulary);

    /// <summary>An answer with the log-probabilities that OpenAI would give, of a teacher that speaks <see cref="Vocabulary"/>.</summary>
    public static TestReply Scored(string text, int top = 4, string finish = "stop", Action<JsonArray>? spoil = null)
    {
        var positions = Positions(text, top);
        spoil?.Invoke(positions);
        var choice = ChatJson.Choice(0, text, finish);
        choice["logprobs"] = new JsonObject { ["content"] = positions, ["refusal"] = null };
        return new TestReply(ChatJson.Body([choice], 10, positions.Count).ToJsonString());
    }

    /// <summary>The realised token has probability a half; the ids after it share the next quarter, eighth, …</summary>
    public static JsonArray Positions(string text, int top) => [.. Tokenizer.Encode(text, parseSpecial: false).Select(id =>
    {
        var position = Token(id, 0.5);
        position["top_logprobs"] = new JsonArray([.. Enumerable.Range(0, top).Select(rank => Token((id + rank) % (Vocabulary.Size - 4), Math.Pow(0.5, rank + 1)))]);
        return (JsonNode)position;
    })];

    public static JsonObject Token(int id, double probability) => new()
    {
        ["token"] = Encoding.UTF8.GetString(Vocabulary.BytesOf(id)),
        ["logprob"] = Math.Log(probability),
        ["bytes"] = new JsonArray([.. Vocabulary.BytesOf(id).Select(value => (JsonNode)(int)value)]),
    };

    /// <summary>Quick to give up, so that tests end.</summary>
    public static ApiTeacherOptions Options(params Uri[] addresses) => new()
    {
        Model = "tiny",
        Endpoints = [.. addresses.Select(address => new ApiEndpoint(address))],
        Sampling = new Sampling(MaxTokens: 16),
        AttemptTimeout = TimeSpan.FromSeconds(20),
        RetryDelay = TimeSpan.FromMilliseconds(5),
        MaxRetryDelay = TimeSpan.FromMilliseconds(50),
        BreakDuration = TimeSpan.FromSeconds(0.5),
        OutageLimit = TimeSpan.FromSeconds(20),
    };

    public static ApiTeacher Teacher(ApiTeacherOptions options, IKeySource? keys = null, BudgetMeter? budget = null, PriceTable? prices = null, Dialogue? dialogue = null, TimeProvider? clock = null, IProgressLog? progress = null)
        => new(options, keys ?? new Keys(), clock ?? TimeProvider.System, budget, prices, dialogue, progress);

    public static async IAsyncEnumerable<Prompt> Prompts(int count, string text = "lamp {0}")
    {
        for (var i = 0; i < count; i++)
        {
            await Task.Yield();
            yield return Prompt(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, i), i);
        }
    }

    public static Prompt Prompt(string text, long seed = 0) => new($"row-{seed}", [Message.User(text)], seed, "test");

    public static async Task<List<Answer>> AskAsync(this ApiTeacher teacher, params Prompt[] prompts)
        => await teacher.AnswerAsync(prompts.ToAsyncEnumerable(), CancellationToken.None).ToListAsync();

    /// <summary>The probe asks this first; a test's own prompts are others.</summary>
    public static bool IsProbe(this TestRequest request) => request.LastMessage == "Say OK.";
}

/// <summary>Keys from a table.</summary>
sealed class TableKeys(params (string Name, string Key)[] keys) : IKeySource
{
    public string? Find(string name) => keys.FirstOrDefault(pair => pair.Name == name).Key;
}

/// <summary>The system's clock, so many times faster: an hour of patience takes seconds.</summary>
sealed class FastTime(double factor) : TimeProvider
{
    readonly DateTimeOffset startUtc = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    readonly long start = System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency;

    public override long GetTimestamp() => (long)((System.GetTimestamp() - start) * factor);

    public override DateTimeOffset GetUtcNow() => startUtc + GetElapsedTime(0);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => new FastTimer(this, System.CreateTimer(callback, state, Scale(dueTime), Scale(period)));

    sealed class FastTimer(FastTime time, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(time.Scale(dueTime), time.Scale(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }

    TimeSpan Scale(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : TimeSpan.FromTicks((long)Math.Ceiling(time.Ticks / factor));
}
