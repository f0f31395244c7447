using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Training;

/// <summary>What a teacher's head becomes for a student with another vocabulary.</summary>
public enum AlignedHead
{
    /// <summary>Probabilities of the student's own ids.</summary>
    Mapped,

    /// <summary>Probabilities by rank: the ids are 0, 1, 2, …, the most likely first, and say nothing else. For <c>uld</c>.</summary>
    Ranked,
}

/// <summary>
/// A teacher's trace for a student that cuts the same text into other tokens. Where both begin a token at the same byte, both predict the same
/// rest: there the teacher's candidates go to the student's ids that spell them (to the first of several), and the student's realised token,
/// where the teacher needs several, gets the product of theirs. Elsewhere the teacher says nothing, and a divergence is 0.
/// </summary>
public sealed class ByteAlignment(Vocabulary teacher, Vocabulary student, AlignedHead heads)
{
    readonly BpeTokenizer tokenizer = new(student);
    readonly Dictionary<int, int> first = [];

    /// <summary>Positions that both begin at the same byte, so far.</summary>
    public long Aligned { get; private set; }

    /// <summary>Positions of the student, so far.</summary>
    public long Positions { get; private set; }

    /// <param name="tokens">The row in the student's tokens.</param>
    /// <param name="thoughts">The row as the teacher read it; null where it did not.</param>
    /// <returns>The student's tokens with the teacher's thoughts, at temperature 1.</returns>
    public TokenTrace Align(TokenTrace tokens, TokenTrace? thoughts)
    {
        if (thoughts is not { IsScored: true })
        {
            Positions += tokens.CompletionLength;
            return Silent(tokens);
        }

        var (here, there) = (Starts(tokens, student), Starts(thoughts, teacher));
        var at = new Dictionary<int, int>();
        for (var j = 0; j < there.Length - 1; j++)
        {
            at.TryAdd(there[j], j);
        }

        var headStarts = new int[thoughts.CompletionLength + 1];
        for (var j = 0; j < thoughts.CompletionLength; j++)
        {
            headStarts[j + 1] = headStarts[j] + thoughts.HeadSizes[j];
        }

        var length = tokens.CompletionLength;
        var (sizes, ids, logs, tails, entropies, realised) = (new int[length], new List<int>(), new List<float>(), new float[length], new float[length], new float[length]);
        // Texts that end at different bytes were changed on the way: nothing can be said of their rest.
        var isSame = here[^1] == there[^1];
        for (var i = 0; i < length; i++)
        {
            Positions++;
            if (!isSame || !at.TryGetValue(here[i], out var j))
            {
                continue;
            }

            Aligned++;
            var end = at.TryGetValue(here[i + 1], out var next) && i < length - 1 ? next : i == length - 1 ? thoughts.CompletionLength : -1;
            var head = heads == AlignedHead.Ranked ? Ranked(thoughts, headStarts, j) : Mapped(tokens, thoughts, headStarts, i, j, end);
            sizes[i] = head.Count;
            ids.AddRange(head.Select(pair => pair.Id));
            logs.AddRange(head.Select(pair => (float)Math.Log(pair.Probability)));
            tails[i] = (float)Math.Log(Math.Max(1e-9, 1 - head.Sum(pair => pair.Probability)));
            entropies[i] = thoughts.Entropies[j];
            realised[i] = end > j ? thoughts.TokenLogprobs[j..end].Sum() : 0;
        }

        return tokens with
        {
            Scorer = thoughts.Scorer,
            TokenLogprobs = realised,
            TokenRanks = new int[length],
            Entropies = entropies,
            HeadSizes = sizes,
            HeadIds = [.. ids],
            HeadLogprobs = [.. logs],
            TailLogSums = [new TailLogSums(1, tails)],
        };
    }

    static TokenTrace Silent(TokenTrace tokens)
    {
        var nothing = new float[tokens.CompletionLength];
        return tokens with { TokenLogprobs = nothing, TokenRanks = new int[nothing.Length], Entropies = nothing, HeadSizes = new int[nothing.Length], TailLogSums = [new TailLogSums(1, nothing)] };
    }

    static List<(int Id, double Probability)> Ranked(TokenTrace thoughts, int[] starts, int j)
        => [.. thoughts.HeadLogprobs[starts[j]..starts[j + 1]].OrderDescending().Select((log, rank) => (rank, Math.Exp(log)))];

    List<(int Id, double Probability)> Mapped(TokenTrace tokens, TokenTrace thoughts, int[] starts, int i, int j, int end)
    {
        var mass = new SortedDictionary<int, double>();
        for (var k = starts[j]; k < starts[j + 1]; k++)
        {
            if (First(thoughts.HeadIds[k]) is >= 0 and var id)
            {
                mass[id] = mass.GetValueOrDefault(id) + Math.Exp(thoughts.HeadLogprobs[k]);
            }
        }

        var token = tokens.TokenIds[tokens.PromptLength + i];
        if (end > j)
        {
            var product = Math.Exp(thoughts.TokenLogprobs[j..end].Sum());
            var begun = First(thoughts.TokenIds[thoughts.PromptLength + j]);
            if (begun != token)
            {
                // Of the mass of the teacher's first token, this part goes on to the student's longer one.
                if (mass.TryGetValue(begun, out var all))
                {
                    mass[begun] = Math.Max(0, all - product);
                }

                mass[token] = mass.GetValueOrDefault(token) + product;
            }
            else
            {
                mass[token] = Math.Max(mass.GetValueOrDefault(token), product);
            }
        }

        var sum = mass.Values.Sum();
        return [.. mass.Where(pair => pair.Value > 1e-9).Select(pair => (pair.Key, pair.Value / Math.Max(1, sum)))];
    }

    // The student's first token of what the teacher's token spells; −1: none, as of a control token without a counterpart.
    int First(int id)
    {
        if (!first.TryGetValue(id, out var found))
        {
            found = IsEnd(teacher, id) ? student.Eos ?? -1
                : teacher.Types[id] == TokenType.Control ? -1
                : System.Text.Encoding.UTF8.GetString(teacher.BytesOf(id)) is var text && text.Contains('\ufffd', StringComparison.Ordinal) ? -1
                : tokenizer.Encode(text, parseSpecial: false) is [var begin, ..] ? begin : -1;
            first[id] = found;
        }

        return found;
    }

    static bool IsEnd(Vocabulary vocabulary, int id) => id == vocabulary.Eos || id == vocabulary.Eot;

    // Bytes before each completion token, and after the last; what ends a sequence spells nothing.
    static int[] Starts(TokenTrace trace, Vocabulary vocabulary)
    {
        var starts = new int[trace.CompletionLength + 1];
        for (var i = 0; i < trace.CompletionLength; i++)
        {
            var id = trace.TokenIds[trace.PromptLength + i];
            starts[i + 1] = starts[i] + (vocabulary.Types[id] == TokenType.Control ? 0 : vocabulary.BytesOf(id).Length);
        }

        return starts;
    }
}
