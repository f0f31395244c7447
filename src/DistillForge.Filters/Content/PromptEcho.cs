using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers that give the prompt back, or go on to write the next turn of the conversation themselves.</summary>
[Component("prompt-echo")]
public sealed class PromptEcho(PromptEcho.Options options) : IFilter
{
    // Marks of chat templates; within a line they are never an answer's own words.
    static readonly TermFinder ControlTokens = new(["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|start_header_id|>", "<|user|>", "<|assistant|>", "<|system|>", "<start_of_turn>", "<end_of_turn>", "[INST]", "[/INST]", "<<SYS>>"], wholeWords: false, ignoreCase: false);
    static readonly string[] TurnMarks = ["User:", "Human:", "### Instruction:", "### Human:", "### User:", "Instruction:"];

    /// <param name="Words">An answer that begins with the whole of the user's last message is an echo when that has at least this many words.</param>
    /// <param name="Phrase">Length of the phrases that <paramref name="Share"/> counts, in words.</param>
    /// <param name="Share">Share of an answer's phrases that stand in the prompt, at most; 1 or more switches it off.</param>
    /// <param name="MinWords">Shorter answers are not judged by <paramref name="Share"/>: a short answer may quote.</param>
    /// <param name="Turns">Drop answers with a chat template's control tokens, or with a line that opens the user's next turn.</param>
    public sealed record Options(int Words = 4, int Phrase = 5, double Share = 0.6, int MinWords = 20, bool Turns = true) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (Words < 1 || Phrase < 1 || Share <= 0)
            {
                yield return new Problem("", "has words, phrase or share below what makes sense.", "words and phrase count from 1; share lies above 0.");
            }
        }
    }

    public Verdict Judge(Example example)
    {
        var text = example.Text;
        if (options.Turns && Turn(text) is { } turn)
        {
            return turn;
        }

        using var answer = HashedWords.Of(text);
        return Begins(example, answer) ?? Copies(example, answer) ?? Verdict.Keep;
    }

    static Verdict? Turn(string text)
    {
        if (ControlTokens.TryFind(text, 0, out var start, out var token))
        {
            return Verdict.Drop("control-token", $"'{token}' at characters {start}..{start + token.Length}");
        }

        foreach (var range in text.AsSpan().Split('\n'))
        {
            foreach (var mark in TurnMarks)
            {
                if (text.AsSpan(range).StartsWith(mark, StringComparison.Ordinal) && range.Start.Value > 0)
                {
                    return Verdict.Drop("next-turn", $"'{mark}' at characters {range.Start.Value}..{range.Start.Value + mark.Length} opens another turn");
                }
            }
        }

        return null;
    }

    Verdict? Begins(Example example, scoped in HashedWords answer)
    {
        var asked = example.Prompt.LastOrDefault(message => message.Role == "user")?.Content ?? "";
        using var question = HashedWords.Of(asked);
        return question.Count >= options.Words && question.Count <= answer.Count && answer.Hashes.StartsWith(question.Hashes)
            ? Verdict.Drop("echo", $"begins with the {question.Count} words of the prompt, characters {answer.Start(0)}..{answer.End(question.Count - 1)}")
            : null;
    }

    Verdict? Copies(Example example, scoped in HashedWords answer)
    {
        var phrases = answer.Count - options.Phrase + 1;
        if (options.Share >= 1 || answer.Count < options.MinWords || phrases <= 0)
        {
            return null;
        }

        using var seen = new RentedSet(example.Prompt.Sum(message => message.Content.Length) + 1);
        foreach (var message in example.Prompt)
        {
            using var words = HashedWords.Of(message.Content);
            for (var i = 0; i + options.Phrase <= words.Count; i++)
            {
                seen.Add(words.RunHash(i, options.Phrase));
            }
        }

        var (copied, first) = (0, -1);
        for (var i = 0; i < phrases; i++)
        {
            if (seen.Contains(answer.RunHash(i, options.Phrase)))
            {
                copied++;
                first = first < 0 ? i : first;
            }
        }

        return copied > options.Share * phrases
            ? Verdict.Drop("copies-prompt", $"{copied} of {phrases} phrases of {options.Phrase} words stand in the prompt, the first at characters {answer.Start(first)}..{answer.End(first + options.Phrase - 1)}; may be {options.Share:P0}")
            : null;
    }
}
