using System.Buffers;
using System.Numerics;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers that go round in circles: the same character, phrase or line again and again, or mostly phrases that were there before.</summary>
[Component("repetition")]
public sealed class Repetition(Repetition.Options options) : IFilter
{
    const int LongestLoop = 24;

    /// <param name="CharacterRun">One character, this often in a row, is too much; rulers and indents are shorter.</param>
    /// <param name="Loop">The same phrase of up to 24 words, this often in a row, is too much.</param>
    /// <param name="LineRun">The same line (empty ones aside), this often in a row, is too much.</param>
    /// <param name="PhraseWords">Length of the phrases that <paramref name="PhraseShare"/> counts, in words.</param>
    /// <param name="PhraseShare">Share of an answer's phrases that were there before, at most.</param>
    /// <param name="MinWords">Shorter answers are not judged by <paramref name="PhraseShare"/>.</param>
    public sealed record Options(int CharacterRun = 100, int Loop = 6, int LineRun = 5, int PhraseWords = 6, double PhraseShare = 0.4, int MinWords = 60) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (CharacterRun < 2 || Loop < 2 || LineRun < 2 || PhraseWords < 1 || MinWords < 0)
            {
                yield return new Problem("", "has a count that is too small.", "character_run, loop and line_run count from 2, phrase_words from 1.");
            }

            if (PhraseShare is not (>= 0 and <= 1))
            {
                yield return new Problem("phrase_share", $"is {PhraseShare}; it lies between 0 and 1.");
            }
        }
    }

    public Verdict Judge(Example example)
    {
        var text = example.Text;
        return CharacterRun(text) ?? LineRun(text) ?? Phrases(text) ?? Verdict.Keep;
    }

    // A run of so many covers one of the places that lie so far apart: no others need a look.
    Verdict? CharacterRun(ReadOnlySpan<char> text)
    {
        for (var at = options.CharacterRun - 1; at < text.Length; at += options.CharacterRun)
        {
            var start = text[..at].LastIndexOfAnyExcept(text[at]) + 1;
            var more = text[at..].IndexOfAnyExcept(text[at]);
            var length = at - start + (more < 0 ? text.Length - at : more);
            if (length >= options.CharacterRun)
            {
                return Verdict.Drop("character-run", $"U+{(int)text[start]:X4} {length} times in a row, characters {start}..{start + length}; may come {options.CharacterRun - 1} times");
            }
        }

        return null;
    }

    Verdict? LineRun(ReadOnlySpan<char> text)
    {
        var (run, first) = (0, 0);
        var last = default(ReadOnlySpan<char>);
        foreach (var range in text.Split('\n'))
        {
            var line = text[range].Trim();
            if (line.IsEmpty)
            {
                continue;
            }

            (run, first) = line.SequenceEqual(last) ? (run + 1, first) : (1, range.Start.Value);
            last = line;
            if (run >= options.LineRun)
            {
                return Verdict.Drop("line-run", $"the same line {run} times in a row, characters {first}..{range.End.Value}; may come {options.LineRun - 1} times");
            }
        }

        return null;
    }

    Verdict? Phrases(ReadOnlySpan<char> text)
    {
        using var words = HashedWords.Of(text);
        return Loop(words) ?? RepeatedShare(words);
    }

    // A loop of p words is a run of words each equal to the one p before; it covers one of the places that lie the run's length apart.
    Verdict? Loop(scoped in HashedWords words)
    {
        var hashes = words.Hashes;
        for (var period = 1; period <= LongestLoop && period * options.Loop <= hashes.Length; period++)
        {
            var needed = period * (options.Loop - 1);
            for (var at = period + needed - 1; at < hashes.Length; at += needed)
            {
                if (hashes[at] == hashes[at - period] && FirstOf(hashes, period, at) is var first && HasRun(hashes, period, first, needed))
                {
                    return Verdict.Drop("loop", $"a phrase of {period} {(period == 1 ? "word" : "words")} {options.Loop} times in a row, characters {words.Start(first - period)}..{words.End(first + needed - 1)}; may come {options.Loop - 1} times");
                }
            }
        }

        return null;
    }

    static int FirstOf(ReadOnlySpan<ulong> hashes, int period, int at)
    {
        while (at > period && hashes[at - 1] == hashes[at - 1 - period])
        {
            at--;
        }

        return at;
    }

    static bool HasRun(ReadOnlySpan<ulong> hashes, int period, int first, int needed)
        => first + needed <= hashes.Length && hashes.Slice(first, needed).SequenceEqual(hashes.Slice(first - period, needed));

    Verdict? RepeatedShare(scoped in HashedWords words)
    {
        var phrases = words.Count - options.PhraseWords + 1;
        if (words.Count < options.MinWords || phrases <= 0)
        {
            return null;
        }

        var runs = ArrayPool<ulong>.Shared.Rent(phrases);
        WordRuns.Hash(words.Hashes, options.PhraseWords, runs.AsSpan(0, phrases));
        var verdict = MostRepeated(runs.AsSpan(0, phrases)) > options.PhraseShare * phrases ? RepeatedShare(words, runs.AsSpan(0, phrases)) : null;
        ArrayPool<ulong>.Shared.Return(runs);
        return verdict;
    }

    // Sixteen bits a phrase, one of which it sets: who finds it set may have been there before, who does not was not. Most answers need no more than this.
    static int MostRepeated(ReadOnlySpan<ulong> runs)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, 16 * runs.Length));
        var rented = ArrayPool<ulong>.Shared.Rent(size / 64);
        var bits = rented.AsSpan(0, size / 64);
        bits.Clear();
        var repeated = 0;
        foreach (var run in runs)
        {
            var place = (int)(run >> 20) & (size - 1);
            ref var word = ref bits[place >> 6];
            repeated += (int)(word >> (place & 63)) & 1;
            word |= 1UL << (place & 63);
        }

        ArrayPool<ulong>.Shared.Return(rented);
        return repeated;
    }

    Verdict? RepeatedShare(scoped in HashedWords words, ReadOnlySpan<ulong> runs)
    {
        var phrases = runs.Length;
        using var seen = new RentedSet(phrases);
        var (repeated, first) = (0, -1);
        for (var i = 0; i < phrases; i++)
        {
            if (!seen.Add(runs[i]))
            {
                repeated++;
                first = first < 0 ? i : first;
            }
        }

        return repeated > options.PhraseShare * phrases
            ? Verdict.Drop("repeated-phrases", $"{repeated} of {phrases} phrases of {options.PhraseWords} words were there before, the first at characters {words.Start(first)}..{words.End(first + options.PhraseWords - 1)}; may be {options.PhraseShare:P0}")
            : null;
    }
}
