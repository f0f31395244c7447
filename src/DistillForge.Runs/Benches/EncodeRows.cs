using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Data.Prompts;
using DistillForge.Llama;

namespace DistillForge.Runs.Benches;

/// <summary>What the encode bench measures on: a teacher, and questions to it.</summary>
/// <param name="Gguf">The teacher.</param>
/// <param name="Data">Turns (.txt), JSON lines, CSV or a prompt template (.yaml).</param>
/// <param name="Prompts">At most so many.</param>
/// <param name="Samples">Answers a prompt.</param>
sealed record EncodeRows(string Gguf, string Data, int Prompts = EncodeRows.FewPrompts, int Samples = 1)
{
    const int FewPrompts = 800;
    const int LongestAnswer = 64;

    /// <summary>What the request names; else a real chat model over real dialogues where they lie beside the project; else what is committed.</summary>
    public static EncodeRows Of(BenchRequest request, IProgressLog log)
    {
        var shared = Environment.GetEnvironmentVariable("DISTILLFORGE_SHARED") is { Length: > 0 } given ? given : Path.Combine(Home.Root, "..", "shared");
        var model = Path.GetFullPath(Path.Combine(shared, "models", "cardputer-chat-3m", "cardputer-chat-3m-f32.gguf"));
        var data = Path.GetFullPath(Path.Combine(shared, "data", "soda-chat", "chat_val.txt"));
        if (request.Model is null && request.Data is null && !(File.Exists(model) && File.Exists(data)))
        {
            log.Say($"{model} and {data} are not here: measuring models/home-teacher.gguf over prompts/home.prompt.yaml, a sharper teacher of a smaller vocabulary.");
            return new EncodeRows(Path.Combine(Home.Root, "models", "home-teacher.gguf"), Path.Combine(Home.Root, "prompts", "home.prompt.yaml"));
        }

        return new EncodeRows(request.Model ?? model, request.Data ?? data);
    }

    /// <summary>The teacher's own answers at temperature 1.</summary>
    /// <param name="capture">Null captures as it is by default.</param>
    public async Task<List<TokenTrace>> AnswerAsync(LlamaModel teacher, IProgressLog log, CancellationToken cancellationToken, Want.Head? capture = null)
    {
        var sampling = new Sampling(MaxTokens: LongestAnswer, Capture: capture ?? new Want.Head());
        var prompts = await PromptsAsync(cancellationToken);
        var asked = prompts.SelectMany(messages => Enumerable.Range(0, Samples).Select(sample =>
        {
            var seed = Seeds.Derive(7, "encode", $"{sample}");
            return new Prompt(RowId.For(messages, teacher.Sha256, sampling.Describe(), seed), messages, seed);
        })).DistinctBy(prompt => prompt.Id).ToList();
        var traces = new List<TokenTrace>();
        await foreach (var (prompt, trace) in InFlight.RunAsync(asked, teacher.Parallel * 2, prompt => TryAsync(teacher, prompt, sampling, cancellationToken)))
        {
            log.Report("answers", traces.Count, asked.Count, "rows");
            if (trace is not null)
            {
                traces.Add(trace with { Id = prompt.Id });
            }
        }

        return traces.Count > 0 ? traces : throw new ForgeException(new Problem(Data, "got no answer.", "Give --data with questions that the model can answer."));
    }

    static async Task<TokenTrace?> TryAsync(LlamaModel teacher, Prompt prompt, Sampling sampling, CancellationToken cancellationToken)
    {
        try
        {
            return (await teacher.CompleteAsync(prompt, sampling, cancellationToken)).Trace;
        }
        catch (CompletionFailedException)
        {
            // A question that is too long for the model says nothing about codings.
            return null;
        }
    }

    async Task<List<IReadOnlyList<Message>>> PromptsAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Data))
        {
            throw new ForgeException(new Problem(Data, "does not exist.", "Give --data with a file of turns (.txt), JSON lines, CSV or a prompt template (.yaml)."));
        }

        if (Path.GetExtension(Data) is ".yaml" or ".yml")
        {
            return [.. PromptTemplate.Load(Data).Take(7, Prompts).Select(draw => draw.Messages)];
        }

        var file = new RecipeFile(Data, Data);
        var source = Path.GetExtension(Data) switch
        {
            ".jsonl" => new PromptSource { Jsonl = file, Count = Prompts },
            ".csv" => new PromptSource { Csv = file, Count = Prompts },
            _ => new PromptSource { Turns = file, Count = Prompts },
        };
        return await Import.PromptsAsync(source, cancellationToken).Select(row => row.Prompt).ToListAsync(cancellationToken);
    }
}

/// <summary>Asks a model several things at a time.</summary>
static class InFlight
{
    /// <summary>In the order asked.</summary>
    public static async IAsyncEnumerable<(T Asked, TAnswer Answer)> RunAsync<T, TAnswer>(IEnumerable<T> all, int atOnce, Func<T, Task<TAnswer>> ask)
    {
        var running = new Queue<(T Asked, Task<TAnswer> Answer)>();
        foreach (var one in all)
        {
            running.Enqueue((one, ask(one)));
            if (running.Count >= atOnce)
            {
                var first = running.Dequeue();
                yield return (first.Asked, await first.Answer);
            }
        }

        while (running.TryDequeue(out var next))
        {
            yield return (next.Asked, await next.Answer);
        }
    }
}
