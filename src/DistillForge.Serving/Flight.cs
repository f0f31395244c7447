using System.Threading.Channels;

namespace DistillForge.Serving;

/// <summary>One answer of a request: what is continued and how.</summary>
sealed record Asked(int Index, int[] Prompt, Sampling Sampling, long Seed);

/// <summary>What happened to one answer: a part came, or it ended.</summary>
sealed record News(int Index, CompletionPart? Part, Completion? Ended);

/// <summary>The answers of one request, drawn side by side; their parts come as they grow.</summary>
static class Flight
{
    /// <summary>Every part of every answer, and each answer's end; together what came together. The first failure ends them all.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<News>> RunAsync(IServedModel model, IReadOnlyList<Asked> asked, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var news = Channel.CreateUnbounded<News>(new UnboundedChannelOptions { SingleReader = true });
        var tasks = asked.Select(one => AnswerAsync(model, one, news.Writer, together.Token)).ToArray();
        try
        {
            for (var left = asked.Count; left > 0 && await news.Reader.WaitToReadAsync(cancellationToken);)
            {
                var come = new List<News>();
                while (news.Reader.TryRead(out var next))
                {
                    left -= next.Ended is null ? 0 : 1;
                    come.Add(next);
                }

                yield return come;
            }
        }
        finally
        {
            await together.CancelAsync();
            await Task.WhenAll(tasks);
        }
    }

    /// <summary>The answers as wholes, in the order in which they were asked for.</summary>
    /// <param name="inParts">Also their parts, which tell each token's log-probability.</param>
    public static Task<IReadOnlyList<Answered>> CollectAsync(IServedModel model, IReadOnlyList<Asked> asked, bool inParts, CancellationToken cancellationToken)
        => inParts ? PartsAsync(model, asked, cancellationToken) : WholeAsync(model, asked, cancellationToken);

    static async Task<IReadOnlyList<Answered>> PartsAsync(IServedModel model, IReadOnlyList<Asked> asked, CancellationToken cancellationToken)
    {
        var answers = asked.ToDictionary(one => one.Index, _ => new Answered());
        await foreach (var come in RunAsync(model, asked, cancellationToken))
        {
            foreach (var (index, part, ended) in come)
            {
                if (part is not null)
                {
                    answers[index].Parts.Add(part);
                }

                answers[index].Completion = ended;
            }
        }

        return [.. asked.Select(one => answers[one.Index])];
    }

    // Nothing comes before the end, so nobody is woken for each token.
    static async Task<IReadOnlyList<Answered>> WholeAsync(IServedModel model, IReadOnlyList<Asked> asked, CancellationToken cancellationToken)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tasks = asked.Select(one => model.CompleteAsync(one.Prompt, one.Sampling, one.Seed, together.Token)).ToArray();
        await foreach (var task in Task.WhenEach(tasks))
        {
            if (!task.IsCompletedSuccessfully)
            {
                await together.CancelAsync();
                await Task.WhenAll(tasks).ContinueWith(static _ => { }, TaskScheduler.Default);
                await task;
            }
        }

        return [.. tasks.Select(task => new Answered { Completion = task.Result })];
    }

    static async Task AnswerAsync(IServedModel model, Asked asked, ChannelWriter<News> news, CancellationToken cancellationToken)
    {
        try
        {
            var ended = await model.StreamAsync(asked.Prompt, asked.Sampling, asked.Seed, part => news.TryWrite(new News(asked.Index, part, null)), cancellationToken);
            news.TryWrite(new News(asked.Index, null, ended));
        }
        catch (Exception error)
        {
            news.TryComplete(error);
        }
    }
}

/// <summary>One answer, complete.</summary>
sealed class Answered
{
    public List<CompletionPart> Parts { get; } = [];

    public Completion? Completion { get; set; }

    /// <summary>The last characters' bytes may be no whole one; the completion knows how they read.</summary>
    public string Text => Completion!.Text;
}
