using System.Runtime.InteropServices;

namespace DistillForge.Filters;

/// <summary>The questions of evaluations, to be found again in rows by their runs of words. Built by one thread, then read by many.</summary>
sealed class ExamIndex(int words, int minWords)
{
    const int Phrase = 3;

    // "what is the" stands in every exam and says nothing.
    const int MostQuestions = 32;

    readonly List<(string File, int Line, int Phrases)> questions = [];
    // By length: a question shorter than the run that contaminates is a run of its own.
    readonly Dictionary<ulong, int>?[] runs = new Dictionary<ulong, int>?[words + 1];
    readonly Dictionary<ulong, List<int>> phrases = [];

    public void Add(string text, string file, int line)
    {
        using var question = HashedWords.Of(text);
        if (question.Count < minWords)
        {
            return;
        }

        var length = Math.Min(words, question.Count);
        var table = runs[length] ??= [];
        for (var i = 0; i + length <= question.Count; i++)
        {
            table.TryAdd(question.RunHash(i, length), questions.Count);
        }

        var count = 0;
        for (var i = 0; i + Phrase <= question.Count; i++)
        {
            var list = CollectionsMarshal.GetValueRefOrAddDefault(phrases, question.RunHash(i, Phrase), out _) ??= [];
            if (list.Count == 0 || list[^1] != questions.Count)
            {
                list.Add(questions.Count);
                count++;
            }
        }

        questions.Add((file, line, count));
    }

    public string NameOf(int question) => $"{questions[question].File}, line {questions[question].Line}";

    /// <returns>The first shared run: question, first word, words; null when there is none.</returns>
    public (int Question, int First, int Length)? Run(scoped in HashedWords row)
    {
        for (var length = runs.Length - 1; length >= minWords; length--)
        {
            if (runs[length] is not { } table)
            {
                continue;
            }

            for (var i = 0; i + length <= row.Count; i++)
            {
                if (table.TryGetValue(row.RunHash(i, length), out var question))
                {
                    return (question, i, length);
                }
            }
        }

        return null;
    }

    /// <returns>The first question of whose phrases the row holds the share; null when there is none.</returns>
    public (int Question, double Share)? Near(scoped in HashedWords row, double share)
    {
        if (share > 1 || row.Count < Phrase)
        {
            return null;
        }

        Dictionary<int, int>? hits = null;
        using var seen = new RentedSet(row.Count);
        for (var i = 0; i + Phrase <= row.Count; i++)
        {
            var hash = row.RunHash(i, Phrase);
            if (phrases.TryGetValue(hash, out var list) && list.Count <= MostQuestions && seen.Add(hash))
            {
                foreach (var question in list)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(hits ??= [], question, out _)++;
                }
            }
        }

        // A question whose phrases are mostly everybody's cannot be told by them.
        foreach (var (question, count) in (hits ?? []).OrderBy(hit => hit.Key))
        {
            var all = questions[question].Phrases;
            if (count >= 3 && count >= share * all)
            {
                return (question, (double)count / all);
            }
        }

        return null;
    }
}
