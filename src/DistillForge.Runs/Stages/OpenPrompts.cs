using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DistillForge.Core;

namespace DistillForge.Runs.Stages;

/// <summary>Prompts without an answer, given out so that each turn of a conversation comes after the answer to the one before.</summary>
/// <remarks>One reader of <see cref="AskAsync"/>; <see cref="Answered"/> is called by one thread at a time.</remarks>
sealed class OpenPrompts
{
    readonly Queue<Prompt> first = new();
    readonly Channel<Prompt> later = Channel.CreateUnbounded<Prompt>();
    readonly Dictionary<string, List<Prompt>> waiting = [];
    int left;

    /// <param name="before">The answers of earlier sessions that a turn follows, by row id.</param>
    /// <param name="failed">Rows without an answer; the turns after them cannot be asked.</param>
    public OpenPrompts(IReadOnlyCollection<Prompt> open, IReadOnlyDictionary<string, Example> before, IReadOnlySet<string> failed)
    {
        left = open.Count;
        var orphans = new List<Prompt>();
        foreach (var prompt in open)
        {
            if (prompt.After is not { } after)
            {
                first.Enqueue(prompt);
            }
            else if (before.TryGetValue(after, out var example))
            {
                first.Enqueue(Following(prompt, example));
            }
            else if (failed.Contains(after))
            {
                orphans.Add(prompt);
            }
            else if (waiting.TryGetValue(after, out var others))
            {
                others.Add(prompt);
            }
            else
            {
                waiting[after] = [prompt];
            }
        }

        Lost = [.. orphans.SelectMany(Lose)];
        CloseWhenDone();
    }

    /// <summary>Prompts that can never be asked, because the turn before them failed in an earlier session.</summary>
    public IReadOnlyList<Failure> Lost { get; }

    /// <summary>Ends when every prompt is answered. A conversation that goes on comes before a new one: its tokens may still lie in a cache.</summary>
    public async IAsyncEnumerable<Prompt> AskAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        do
        {
            while (later.Reader.TryRead(out var prompt) || first.TryDequeue(out prompt))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return prompt;
            }
        }
        while (await later.Reader.WaitToReadAsync(cancellationToken));
    }

    /// <summary>Notes an answer and lets the turn after it go.</summary>
    /// <returns>The turns that can never be asked now.</returns>
    public IReadOnlyList<Failure> Answered(Answer answer)
    {
        left--;
        List<Failure> lost = [];
        if (answer.Example is { } example && waiting.Remove(answer.Id, out var next))
        {
            next.ForEach(prompt => later.Writer.TryWrite(Following(prompt, example)));
        }
        else
        {
            lost.AddRange(LoseAfter(answer.Id));
        }

        CloseWhenDone();
        return lost;
    }

    /// <summary>The conversation so far, with the answers, and the turn that comes now.</summary>
    public static Prompt Following(Prompt prompt, Example before)
        => prompt with { Messages = [.. before.Prompt, .. before.Completion, prompt.Messages[^1]] };

    IEnumerable<Failure> Lose(Prompt prompt)
    {
        left--;
        return [new Failure(prompt.Id, "turn-before-failed", $"the answer to the turn before it failed (row {prompt.After![..12]})"), .. LoseAfter(prompt.Id)];
    }

    List<Failure> LoseAfter(string id) => waiting.Remove(id, out var next) ? [.. next.SelectMany(Lose)] : [];

    void CloseWhenDone()
    {
        if (left == 0)
        {
            later.Writer.TryComplete();
        }
    }
}
