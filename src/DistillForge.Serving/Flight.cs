using System.Threading.Channels;

namespace DistillForge.Serving;

/// <summary>One answer of a request: what is continued and how.</summary>
sealed record Asked(int Index, int[] Prompt, Sampling Sampling, long Seed);

/// <summary>What happened to one answer: a part came, or it ended.</summary>
sealed record News(int Index, CompletionPart? Part, Completion? Ended);

/// <summary>The answers of one request, drawn side by side; their parts come as they grow.</summary>
static class Flight
{
    /// <summary>Every part of every answer, and each answer's end. The first failure ends them all.</summary>
    public static async IAsyncEnumerable<News> RunAsync(IServedModel model, IReadOnlyList<Asked> asked, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var news = Channel.CreateUnbounded<News>(new UnboundedChannelOptions { SingleReader = true });
        var tasks = asked.Select(one => AnswerAsync(model, one, news.Writer, together.Token)).ToArray();
        try
        {
            for (var left = asked.Count; left > 0 && await news.Reader.WaitToReadAsync(cancellationToken);)
            {
                while (news.Reader.TryRead(out var next))
                {
                    left -= next.Ended is null ? 0 : 1;
                    yield return next;
                }
            }
        }
        finally
        {
            await together.CancelAsync();
            await Task.WhenAll(tasks);
        }
    }

    /// <summary>The answers as wholes, in the order in which they were asked for.</summary>
    public static async Task<IReadOnlyList<Answered>> CollectAsync(IServedModel model, IReadOnlyList<Asked> asked, CancellationToken cancellationToken)
    {
        var answers = asked.ToDictionary(one => one.Index, _ => new Answered());
        await foreach (var (index, part, ended) in RunAsync(model, asked, cancellationToken))
        {
            if (part is not null)
            {
                answers[index].Parts.Add(part);
            }

            answers[index].Completion = ended;
        }

        return [.. asked.Select(one => answers[one.Index])];
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
