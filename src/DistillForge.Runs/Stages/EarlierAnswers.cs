using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Llama;

namespace DistillForge.Runs.Stages;

/// <summary>
/// Answers that this teacher gave to the same prompts with the same sampling, but with another capture: their tokens are read again, which
/// costs a prompt's time instead of an answer's, and the text stays what it is.
/// </summary>
sealed class EarlierAnswers(RunContext run, TeacherSource source, ReadyTeacher teacher, Asking asking)
{
    readonly string identity = run.IdentityOf(source);
    readonly string described = SamplingText.Of(run.Recipe.Generate, run.IsExact(source));

    /// <returns>The prompts that have to be asked.</returns>
    public async Task<List<Prompt>> ReuseAsync(JournalShards shards, List<Prompt> open, List<Prompt> wanted, CancellationToken cancellationToken)
    {
        var capture = run.Recipe.Generate.ToCapture();
        if (teacher.Model is not { } model || capture is null || shards.Traces.Count == 0)
        {
            return open;
        }

        var earlier = await EarlierAsync(shards, wanted, cancellationToken);
        var left = open;
        var reused = 0;
        while (earlier.Count > 0 && Match(left, earlier) is { Count: > 0 } found)
        {
            var before = await ScoreAsync(model, capture, shards, found, cancellationToken);
            reused += before.Count;
            left = [.. left.Where(prompt => !before.ContainsKey(prompt.Id)).Select(prompt => prompt.After is { } after && before.TryGetValue(after, out var example) ? OpenPrompts.Following(prompt, example) with { After = null } : prompt)];
            if (before.Count == 0)
            {
                break;
            }
        }

        await asking.FlushAsync();
        if (reused > 0)
        {
            run.Progress.Say($"  {reused:N0} answers of an earlier capture were read again instead of asked again");
        }

        return left;
    }

    // What made the text → the row that has it.
    async Task<Dictionary<string, string>> EarlierAsync(JournalShards shards, List<Prompt> wanted, CancellationToken cancellationToken)
    {
        var ids = wanted.Select(prompt => prompt.Id).ToHashSet();
        var found = new Dictionary<string, string>();
        await foreach (var example in ExamplesFile.ReadAsync(shards.Examples, cancellationToken))
        {
            if (!ids.Contains(example.Id) && example.AuthorSha256 == identity && example.Sampling == described)
            {
                found[Key(example.Prompt, example.Seed)] = example.Id;
            }
        }

        return found;
    }

    Dictionary<string, Prompt> Match(List<Prompt> open, Dictionary<string, string> earlier)
    {
        var found = new Dictionary<string, Prompt>();
        foreach (var prompt in open.Where(prompt => prompt.After is null))
        {
            if (earlier.Remove(Key(prompt.Messages, prompt.Seed), out var row))
            {
                found[row] = prompt;
            }
        }

        return found;
    }

    // Rows without a trace have no tokens to read, and are asked again.
    async Task<Dictionary<string, Example>> ScoreAsync(LlamaModel model, Want.Head capture, JournalShards shards, Dictionary<string, Prompt> found, CancellationToken cancellationToken)
    {
        var examples = await ExamplesFile.ReadAsync(shards.Examples, cancellationToken).Where(example => found.ContainsKey(example.Id)).ToDictionaryAsync(example => example.Id, cancellationToken: cancellationToken);
        var traces = TracesFile.ReadAsync(shards.Traces, cancellationToken).Where(trace => found.ContainsKey(trace.Id) && trace.Vocabulary == model.Vocabulary);
        var scored = new Dictionary<string, Example>();
        await foreach (var (old, trace) in InOrder(traces, old => model.ScoreAsync(new TokenSequence(old.Vocabulary, old.TokenIds, old.PromptLength), capture, cancellationToken), 2 * model.Parallel))
        {
            var prompt = found[old.Id];
            var example = examples[old.Id] with { Id = prompt.Id, Source = prompt.Source, Expected = prompt.Expected, Category = prompt.Category };
            scored[prompt.Id] = example;
            await asking.AddAsync(Answer.Of(example with { Trace = trace with { Id = prompt.Id, LossMask = old.LossMask } }), cancellationToken);
        }

        return scored;
    }

    static async IAsyncEnumerable<(TokenTrace Old, TokenTrace New)> InOrder(IAsyncEnumerable<TokenTrace> traces, Func<TokenTrace, Task<TokenTrace>> score, int inFlight)
    {
        var flight = new Queue<(TokenTrace Old, Task<TokenTrace> New)>();
        await foreach (var trace in traces)
        {
            flight.Enqueue((trace, score(trace)));
            if (flight.Count >= inFlight)
            {
                var first = flight.Dequeue();
                yield return (first.Old, await first.New);
            }
        }

        while (flight.TryDequeue(out var next))
        {
            yield return (next.Old, await next.New);
        }
    }

    string Key(IReadOnlyList<Message> messages, long seed) => RowId.For(messages, identity, described, seed);
}
