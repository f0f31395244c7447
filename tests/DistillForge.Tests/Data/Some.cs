using DistillForge.Data;

namespace DistillForge.Tests.Data;

/// <summary>Rows for tests, each a little different from the next.</summary>
static class Some
{
    public static string Id(int i) => Sha256.OfText($"row {i}");

    public static Prompt Prompt(int i) => new(Id(i), [Message.System("Answer."), Message.User($"Question {i}? 😀 'quoted'\0\n")], i * 10_000_000_000L, "some.jsonl", i % 3, i % 2 == 0 ? null : $"expected {i}", i % 3 == 0 ? null : "slice");

    public static Example Example(int i) => Example($"Answer {i}, and a longer text than twelve bytes: žluťoučký kůň.", i);

    public static Example Example(string completion, int i = 0) => new()
    {
        Id = Id(i),
        Prompt = [Message.User($"Question {i}?")],
        Completion = [Message.Assistant(completion)],
        Author = "teacher",
        AuthorSha256 = i % 2 == 0 ? null : new string('a', 64),
        License = "Apache-2.0",
        FinishReason = "stop",
        Sampling = "temperature=0.7",
        Seed = long.MaxValue - i,
        PromptTokens = i,
        CompletionTokens = i + 1,
        CostUsd = i / 3.0,
        Seconds = 0.25,
        Source = "some.jsonl",
        Template = "t",
        Expected = i % 2 == 0 ? $"Answer {i}" : null,
    };

    /// <param name="completion">Completion positions; the heads have 0, 1, 2, … entries.</param>
    public static TokenTrace Trace(int i, int completion = 5, int head = 3)
    {
        var random = new Random(i);
        var sizes = Enumerable.Range(0, completion).Select(t => t % (head + 1)).ToArray();
        var heads = sizes.Sum();
        return new TokenTrace
        {
            Id = Id(i),
            Scorer = "teacher",
            Vocabulary = "v",
            TokenIds = [.. Enumerable.Range(0, completion + 4).Select(_ => random.Next(50_000))],
            PromptLength = 4,
            LossMask = [.. Enumerable.Range(0, completion).Select(t => t % 2 == 0)],
            TokenLogprobs = Floats(completion),
            TokenRanks = [.. Enumerable.Range(0, completion)],
            Entropies = [.. Floats(completion).Select(value => -value)],
            HeadSizes = sizes,
            HeadIds = [.. Enumerable.Range(0, heads)],
            // As the file codes them (nats in steps of 1/1024, too), and far from a distribution, so that nothing scales them: they come back as they were.
            HeadLogprobs = [.. Enumerable.Range(0, heads).Select(_ => LogprobCode.Decode((byte)random.Next(150, 256)))],
            TailLogSums = [new TailLogSums(1, [.. Floats(completion).Select((value, t) => t == 0 ? float.NegativeInfinity : value)]), new TailLogSums(2, Floats(completion))],
            TailSamples = [new TailSamples(1, [.. Enumerable.Range(-1, 2 * completion)])],
            Capped = i % 2 == 1,
        };

        float[] Floats(int count) => [.. Enumerable.Range(0, count).Select(_ => -random.Next(10 * 1024) / 1024f)];
    }

    /// <summary>A trace whose heads are what random draws hit.</summary>
    public static TokenTrace DrawnTrace(int i)
    {
        var trace = Trace(i, completion: 4, head: 3) with { HeadSizes = [1, 2, 3, 2], TailSamples = [] };
        return trace with
        {
            HeadIds = [5, 1, 9, 2, 3, 4, 7, 8],
            HeadLogprobs = [.. Enumerable.Range(0, 8).Select(k => LogprobCode.Decode((byte)(180 + k)))],
            HeadDraws = new HeadDraws(2, [50, 20, 30, 1, 2, 47, 49, 1]),
        };
    }

    public static async IAsyncEnumerable<T> Async<T>(IEnumerable<T> rows)
    {
        foreach (var row in rows)
        {
            await Task.Yield();
            yield return row;
        }
    }

    public static async Task<List<T>> ListAsync<T>(IAsyncEnumerable<T> rows)
    {
        var list = new List<T>();
        await foreach (var row in rows)
        {
            list.Add(row);
        }

        return list;
    }

    /// <summary>Everything in it, for comparison: records of arrays compare by reference.</summary>
    public static string Text<T>(T value) => System.Text.Json.JsonSerializer.Serialize(value, Json);

    static readonly System.Text.Json.JsonSerializerOptions Json = new() { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals };
}
