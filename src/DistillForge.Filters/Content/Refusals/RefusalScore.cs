using System.Globalization;
using System.Runtime.InteropServices;

namespace DistillForge.Filters;

/// <summary>What an answer's features sum up to, and what counted most.</summary>
/// <param name="Points">The logarithm of the odds of a refusal.</param>
/// <param name="Says">What its words say, all of them.</param>
/// <param name="Start">Where the sentence that counts most begins, in the text.</param>
/// <param name="End">Behind it.</param>
/// <param name="First">The words that count most; a weight of 0 where there are none.</param>
/// <param name="Second">The next.</param>
/// <param name="Third">The third.</param>
[StructLayout(LayoutKind.Auto)]
readonly record struct RefusalScore(double Points, Sign Says, int Start, int End, RefusalScore.Part First, RefusalScore.Part Second, RefusalScore.Part Third)
{
    /// <summary>Words of the answer, and what they count.</summary>
    [StructLayout(LayoutKind.Auto)]
    public readonly record struct Part(float Weight, int Start, int End);

    const int MostSentences = 128;

    // Contractions are written out.
    const int Spare = 96;

    public static RefusalScore Of(ReadOnlySpan<char> text, RefusalWeights weights)
    {
        var answer = new AnswerWords(stackalloc char[Math.Min(AnswerWords.Characters, 2 * text.Length + Spare)], stackalloc AnswerWords.Word[Math.Min(AnswerWords.Most, text.Length + Spare)]);
        answer.Read(text);
        var sum = new Sum(weights, answer.All, stackalloc ulong[(weights.Count + 63) / 64], stackalloc float[MostSentences]);
        var says = RefusalFeatures.Read(answer, text.Length, text.Count('\n'), ref sum);
        return sum.Score(says);
    }

    /// <summary>For people.</summary>
    public string Because(ReadOnlySpan<char> text)
    {
        var parts = new List<string>();
        foreach (var (weight, start, end) in new[] { First, Second, Third })
        {
            if (weight > 0)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"'{text[start..Math.Min(end, start + 60)].ToString().ReplaceLineEndings(" ")}' {weight:0.0}"));
            }
        }

        return string.Join(", ", parts);
    }

    [StructLayout(LayoutKind.Auto)]
    ref struct Sum : IFeatureSink
    {
        readonly RefusalWeights weights;
        readonly ReadOnlySpan<AnswerWords.Word> words;
        readonly Span<ulong> seen;
        readonly Span<float> sentences;
        double points;
        Part first, second, third;

        public Sum(RefusalWeights weights, ReadOnlySpan<AnswerWords.Word> words, Span<ulong> seen, Span<float> sentences)
        {
            this.weights = weights;
            this.words = words;
            this.seen = seen;
            this.sentences = sentences;
        }

        public void Add(uint key, RefusalFeatures.Place where)
        {
            var number = weights.NumberOf(key);
            if (number < 0 || (seen[number >> 6] & (1ul << (number & 63))) != 0)
            {
                return;
            }

            seen[number >> 6] |= 1ul << (number & 63);
            var weight = weights[number];
            points += weight;
            if (where.First >= 0)
            {
                sentences[Math.Min((int)words[where.Last].Sentence, MostSentences - 1)] += weight;
                if (weight > third.Weight)
                {
                    Rank(new Part(weight, words[where.First].Start, words[where.Last].End));
                }
            }
        }

        void Rank(Part part)
        {
            // The same words count in more than one way: once is enough for people.
            if (Same(part, first) || Same(part, second))
            {
                return;
            }

            (first, second, third) = part.Weight > first.Weight ? (part, first, second) : part.Weight > second.Weight ? (first, part, second) : (first, second, part);
        }

        static bool Same(Part one, Part other) => one.Start == other.Start && one.End == other.End;

        public readonly RefusalScore Score(Sign says)
        {
            var (most, start, end) = (0, 0, 0);
            for (var i = 1; i < sentences.Length; i++)
            {
                most = sentences[i] > sentences[most] ? i : most;
            }

            for (var i = words.Length - 1; i >= 0; i--)
            {
                if (Math.Min((int)words[i].Sentence, MostSentences - 1) == most)
                {
                    (start, end) = (words[i].Start, end == 0 ? words[i].End : end);
                }
            }

            return new RefusalScore(points, says, start, end, first, second, third);
        }
    }
}
