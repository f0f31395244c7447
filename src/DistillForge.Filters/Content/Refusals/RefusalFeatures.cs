using System.Numerics;
using System.Runtime.InteropServices;

namespace DistillForge.Filters;

/// <summary>Is told what an answer shows; may be told of the same thing more than once.</summary>
interface IFeatureSink
{
    /// <param name="key">Stands for the feature, see <see cref="RefusalFeatures.KeyOf(string)"/>.</param>
    /// <param name="where">Of which words it is, and where.</param>
    void Add(uint key, RefusalFeatures.Place where);
}

/// <summary>
/// What an answer shows that may tell a refusal: words and runs of up to three, and what two or three words of a sentence say one after the other (<see cref="Sign"/>). Each counts on its own in the first sentence, beyond
/// the opening, and in words that are not the answer's own voice.
/// </summary>
static class RefusalFeatures
{
    /// <param name="Zone">Where in the answer.</param>
    /// <param name="First">The first word; negative for what the whole answer shows.</param>
    /// <param name="Last">The last word.</param>
    /// <param name="Signs">What the words say, from the last on, eight bits each and one more than the bit of <see cref="Sign"/>; 0 where the words themselves count.</param>
    [StructLayout(LayoutKind.Auto)]
    public readonly record struct Place(Zone Zone, int First, int Last, int Signs);

    public enum Zone
    {
        Any,
        First,
        Later,
        Staged,
        Whole,
    }

    const uint Words = 11, Signs = 31;

    const int SignCount = 29;

    static readonly string[] Wholes = ["every answer", "under 40 characters", "under 80", "under 250", "under 600", "600 and more", "more than four lines"];

    /// <summary>The feature as the file of weights names it: its zone, then words (behind |) or signs (behind ~).</summary>
    public static string NameOf(AnswerWords answer, Place place)
    {
        if (place.Zone == Zone.Whole)
        {
            return $"{Zone.Whole}|{Wholes[place.Last]}";
        }

        if (place.Signs == 0)
        {
            var words = Enumerable.Range(place.First, place.Last - place.First + 1);
            var names = new List<string>();
            foreach (var word in words)
            {
                names.Add(answer.Of(word) is "\n" ? "¶" : answer.Of(word).ToString());
            }

            return $"{place.Zone}|{string.Join(' ', names)}";
        }

        var signs = new List<string>();
        for (var left = place.Signs; left != 0; left >>= 8)
        {
            signs.Add(((Sign)(1 << ((left & 255) - 1))).ToString());
        }

        signs.Reverse();
        return $"{place.Zone}~{string.Join(' ', signs)}";
    }

    /// <summary>The key of a feature that <see cref="NameOf"/> named.</summary>
    public static uint KeyOf(string name)
    {
        var behind = name.AsSpan().IndexOfAny('|', '~');
        var (zone, rest) = (Enum.Parse<Zone>(name[..behind]), name[(behind + 1)..]);
        if (zone == Zone.Whole)
        {
            return WholeKey(Array.IndexOf(Wholes, rest));
        }

        var parts = rest.Split(' ');
        var key = name[behind] == '|' ? Words : Signs;
        foreach (var part in parts)
        {
            key = Mix(key, name[behind] == '|' ? AnswerWords.HashOf(part == "¶" ? "\n" : part) : (uint)BitOperations.TrailingZeroCount((int)Enum.Parse<Sign>(part)));
        }

        return InZone(key, zone);
    }

    /// <returns>What the words say, all of them.</returns>
    public static Sign Read<TSink>(AnswerWords answer, int length, int lines, scoped ref TSink sink)
        where TSink : IFeatureSink, allows ref struct
    {
        Whole(0, ref sink);
        Whole(length switch { < 40 => 1, < 80 => 2, < 250 => 3, < 600 => 4, _ => 5 }, ref sink);
        if (lines > 4)
        {
            Whole(6, ref sink);
        }

        Runs(answer, ref sink);
        return Meanings(answer, ref sink);
    }

    static void Whole<TSink>(int what, scoped ref TSink sink)
        where TSink : IFeatureSink, allows ref struct
        => sink.Add(WholeKey(what), new Place(Zone.Whole, -1, what, 0));

    static void Runs<TSink>(AnswerWords answer, scoped ref TSink sink)
        where TSink : IFeatureSink, allows ref struct
    {
        var words = answer.All;
        for (var i = 0; i < words.Length; i++)
        {
            var one = words[i].Hash;
            Emit(Mix(Words, one), words[i].Place, i, i, 0, ref sink);
            if (i == 0 || IsElsewhere(words[i - 1], words[i]))
            {
                continue;
            }

            Emit(Mix(Mix(Words, words[i - 1].Hash), one), words[i].Place, i - 1, i, 0, ref sink);
            if (i > 1 && !IsElsewhere(words[i - 2], words[i]))
            {
                Emit(Mix(Mix(Mix(Words, words[i - 2].Hash), words[i - 1].Hash), one), words[i].Place, i - 2, i, 0, ref sink);
            }
        }
    }

    static bool IsElsewhere(AnswerWords.Word before, AnswerWords.Word word) => (before.Place == AnswerWords.Place.Staged) != (word.Place == AnswerWords.Place.Staged);

    // Pairs and triples of signs, in their order within a sentence.
    static Sign Meanings<TSink>(AnswerWords answer, scoped ref TSink sink)
        where TSink : IFeatureSink, allows ref struct
    {
        Span<int> firsts = stackalloc int[SignCount];
        Span<int> told = stackalloc int[SignCount * SignCount];
        Span<short> pairs = stackalloc short[SignCount * SignCount];
        var (seen, pairCount, all) = (0, 0, 0);
        told.Clear();
        var words = answer.All;
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i].Begins)
            {
                foreach (var pair in pairs[..pairCount])
                {
                    told[pair] = 0;
                }

                (seen, pairCount) = (0, 0);
            }

            var signs = words[i].Signs == Sign.None ? 0 : (int)Lexicon.Of(answer, i);
            if (signs == 0)
            {
                continue;
            }

            var place = words[i].Place;
            for (var p = 0; p < pairCount; p++)
            {
                var pair = pairs[p];
                var (a, b) = (pair / SignCount, pair % SignCount);
                var fresh = signs & ~told[pair];
                told[pair] |= signs;
                for (; fresh != 0; fresh &= fresh - 1)
                {
                    var c = BitOperations.TrailingZeroCount(fresh);
                    EmitSigns(Mix(Mix(Mix(Signs, (uint)a), (uint)b), (uint)c), place, firsts[a], i, ((a + 1) << 16) | ((b + 1) << 8) | (c + 1), ref sink);
                }
            }

            for (var left = signs; left != 0; left &= left - 1)
            {
                var b = BitOperations.TrailingZeroCount(left);
                for (var earlier = seen; earlier != 0; earlier &= earlier - 1)
                {
                    var a = BitOperations.TrailingZeroCount(earlier);
                    var pair = (short)(a * SignCount + b);
                    if (pairs[..pairCount].Contains(pair))
                    {
                        continue;
                    }

                    pairs[pairCount++] = pair;
                    EmitSigns(Mix(Mix(Signs, (uint)a), (uint)b), place, firsts[a], i, ((a + 1) << 8) | (b + 1), ref sink);
                }
            }

            for (var fresh = signs & ~seen; fresh != 0; fresh &= fresh - 1)
            {
                var a = BitOperations.TrailingZeroCount(fresh);
                firsts[a] = i;
                EmitSigns(Mix(Signs, (uint)a), place, i, i, a + 1, ref sink);
            }

            seen |= signs;
            all |= signs;
        }

        return (Sign)all;
    }

    static void Emit<TSink>(uint key, AnswerWords.Place place, int first, int last, int signs, scoped ref TSink sink)
        where TSink : IFeatureSink, allows ref struct
    {
        if (place == AnswerWords.Place.Staged)
        {
            sink.Add(InZone(key, Zone.Staged), new Place(Zone.Staged, first, last, signs));
            return;
        }

        sink.Add(InZone(key, Zone.Any), new Place(Zone.Any, first, last, signs));
        if (place != AnswerWords.Place.Opening)
        {
            var zone = place == AnswerWords.Place.First ? Zone.First : Zone.Later;
            sink.Add(InZone(key, zone), new Place(zone, first, last, signs));
        }
    }

    // What words say is the same in all of the opening.
    static void EmitSigns<TSink>(uint key, AnswerWords.Place place, int first, int last, int signs, scoped ref TSink sink)
        where TSink : IFeatureSink, allows ref struct
    {
        var zone = place switch { AnswerWords.Place.Staged => Zone.Staged, AnswerWords.Place.Later => Zone.Later, _ => Zone.Any };
        sink.Add(InZone(key, zone), new Place(zone, first, last, signs));
    }

    static uint InZone(uint key, Zone zone) => Mix(key, 101 + (uint)zone);

    static uint WholeKey(int what) => InZone((uint)what, Zone.Whole);

    static uint Mix(uint left, uint right)
    {
        var mixed = (left * 0x9E3779B1u) ^ (right * 0x85EBCA77u + 0x165667B1u);
        mixed ^= mixed >> 15;
        mixed *= 0x2C1B3C6Du;
        return mixed ^ (mixed >> 13);
    }
}
