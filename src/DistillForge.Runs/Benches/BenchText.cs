using System.Globalization;
using DistillForge.Core;

namespace DistillForge.Runs.Benches;

/// <summary>Documents for benches of filters, the same on every machine: words as frequent as Zipf's law says, in sentences and paragraphs. Document i depends on the seed and i alone.</summary>
sealed class BenchText
{
    const int Vocabulary = 20_000;
    const string Consonants = "bcdfghjklmnprstvw";
    const string Vowels = "aeiou";

    readonly string[] words = new string[Vocabulary];
    readonly ulong seed;

    public BenchText(int seed)
    {
        this.seed = (ulong)seed;
        for (var i = 0; i < Vocabulary; i++)
        {
            words[i] = WordOf(i);
        }
    }

    /// <summary>A word that no other number has; frequent words (small numbers) are short, as in English.</summary>
    static string WordOf(int number)
    {
        Span<char> letters = stackalloc char[16];
        var (length, rest) = (0, number + 1);
        while (rest > 0)
        {
            letters[length++] = Consonants[rest % Consonants.Length];
            rest /= Consonants.Length;
            letters[length++] = Vowels[rest % Vowels.Length];
            rest /= Vowels.Length;
        }

        return new string(letters[..length]);
    }

    /// <summary>The words of document <paramref name="number"/>, as many as about <paramref name="characters"/> take.</summary>
    public List<int> Draw(long number, int characters)
    {
        var state = Spread(seed ^ (ulong)number);
        var drawn = new List<int>(characters / 5);
        for (var length = 0; length < characters;)
        {
            var word = Next(ref state);
            drawn.Add(word);
            length += words[word].Length + 1;
        }

        return drawn;
    }

    /// <summary>A word, drawn by Zipf's law: rank r as often as 1/r.</summary>
    public static int Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var uniform = (Spread(state) >> 11) * (1.0 / (1UL << 53));
        return (int)Math.Min(Vocabulary - 1, Math.Exp(uniform * Math.Log(Vocabulary)) - 1);
    }

    /// <summary>Sentences of 12 words, paragraphs of 5 sentences.</summary>
    public string Write(IReadOnlyList<int> drawn)
    {
        var length = 0;
        foreach (var word in drawn)
        {
            length += words[word].Length + 2;
        }

        return string.Create(length, (this, drawn), static (text, given) =>
        {
            var (self, list) = given;
            var at = 0;
            for (var i = 0; i < list.Count; i++)
            {
                var word = self.words[list[i]];
                word.CopyTo(text[at..]);
                text[at] = i % 12 == 0 ? char.ToUpperInvariant(text[at]) : text[at];
                at += word.Length;
                var last = i % 12 == 11;
                text[at++] = last ? '.' : ' ';
                text[at++] = last && i % 60 == 59 ? '\n' : ' ';
            }
        }).Replace("  ", " ", StringComparison.Ordinal);
    }

    public string Write(long number, int characters) => Write(Draw(number, characters));

    public static Example Row(long number, string question, string answer) => new()
    {
        Id = number.ToString("x16", CultureInfo.InvariantCulture),
        Prompt = [new Message("user", question)],
        Completion = [new Message("assistant", answer)],
        Author = "bench",
    };

    public static ulong Spread(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

/// <summary>Rows that are made as they are read, as many a time as there are cores: no corpus lies in memory.</summary>
sealed class MadeRows(long count, Func<long, Example> make) : IDataset
{
    const int Batch = 2048;

    public long Count => count;

    public async IAsyncEnumerable<Example> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        for (var first = 0L; first < count; first += Batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var rows = new Example[Math.Min(Batch, count - first)];
            var from = first;
            Parallel.For(0, rows.Length, i => rows[i] = make(from + i));
            foreach (var row in rows)
            {
                yield return row;
            }
        }
    }
}
