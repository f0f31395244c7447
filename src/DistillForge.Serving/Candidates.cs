using System.Text;
using DistillForge.Text;

namespace DistillForge.Serving;

/// <summary>Reads traces as lists of tokens with their log-probabilities, the likeliest alternatives first.</summary>
/// <param name="top">Alternatives a position.</param>
sealed class Candidates(Vocabulary vocabulary, int top)
{
    /// <summary>What has to be captured for them.</summary>
    public static Want.Head Want(int top) => new(Math.Max(1, top), TailSamples: 0);

    public IReadOnlyList<ChatLogprob> Chat(TokenTrace trace)
        => [.. Positions(trace).Select(position => new ChatLogprob(Text(position.Id), position.Logprob, Bytes(position.Id), [.. position.Top.Select(one => new TopLogprob(Text(one.Id), one.Logprob, Bytes(one.Id)))]))];

    /// <param name="prompt">Tokens that stand before the trace's own and have no log-probability.</param>
    /// <param name="offset">Characters of text before them.</param>
    public TextLogprobs Lines(TokenTrace trace, ReadOnlySpan<int> prompt, int offset)
    {
        var (tokens, logprobs, tops, offsets) = (new List<string>(), new List<float?>(), new List<Dictionary<string, float>?>(), new List<int>());
        foreach (var id in prompt)
        {
            Add(id, null, null);
        }

        foreach (var position in Positions(trace))
        {
            Add(position.Id, position.Logprob, top == 0 ? null : Map(position.Top));
        }

        return new TextLogprobs(tokens, logprobs, tops, offsets);

        void Add(int id, float? logprob, Dictionary<string, float>? alternatives)
        {
            var text = Text(id);
            tokens.Add(text);
            logprobs.Add(logprob);
            tops.Add(alternatives);
            offsets.Add(offset);
            offset += text.Length;
        }
    }

    IEnumerable<(int Id, float Logprob, List<(int Id, float Logprob)> Top)> Positions(TokenTrace trace)
    {
        var at = 0;
        for (var position = 0; position < trace.TokenLogprobs.Length; position++)
        {
            var head = Enumerable.Range(at, trace.HeadSizes[position]).Select(i => (Id: trace.HeadIds[i], Logprob: trace.HeadLogprobs[i]));
            yield return (trace.TokenIds[trace.PromptLength + position], trace.TokenLogprobs[position], [.. head.OrderByDescending(one => one.Logprob).Take(top)]);
            at += trace.HeadSizes[position];
        }
    }

    // Two tokens may have the same text where one is part of a character: the likelier one is told.
    Dictionary<string, float> Map(List<(int Id, float Logprob)> alternatives)
    {
        var map = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var (id, logprob) in alternatives)
        {
            map.TryAdd(Text(id), logprob);
        }

        return map;
    }

    string Text(int id) => Encoding.UTF8.GetString(vocabulary.BytesOf(id));

    int[] Bytes(int id) => [.. vocabulary.BytesOf(id).Select(value => (int)value)];
}
