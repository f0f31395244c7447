using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Filters;

namespace DistillForge.Runs.Stages;

/// <summary>Chooses the rows that a student is compared on, so that it was not trained on them, or nearly.</summary>
sealed class HeldOutChoice(RunContext run)
{
    SplitSettings? Split => run.Recipe.Evaluate.Split;

    /// <summary>Files have no second helping: the prompts whose text, or whose cluster's first text, hashes lowest are put aside, at most a tenth, and stay aside when others come or go.</summary>
    /// <param name="textOf">Names a row's prompt; rows of one prompt go together.</param>
    /// <param name="exampleOf">What its near-duplicates are found by.</param>
    public (List<T> Kept, List<T> Aside) SetAside<T>(List<T> rows, Func<T, string> textOf, Func<T, Example> exampleOf)
    {
        var prompts = rows.Select(textOf).Distinct().ToList();
        var most = Math.Min(run.Recipe.Evaluate.HeldOut, prompts.Count / 10);
        var chosen = Split is null
            ? prompts.OrderBy(Sha256.OfText, StringComparer.Ordinal).Take(most).ToHashSet()
            : ByClusters(rows, textOf, exampleOf, prompts, most);
        return ([.. rows.Where(row => !chosen.Contains(textOf(row)))], [.. rows.Where(row => chosen.Contains(textOf(row)))]);
    }

    /// <summary>Of a template's held-out prompts those that are not near any prompt that is trained on.</summary>
    public List<T> Apart<T>(List<T> heldOut, IEnumerable<T> asked, Func<T, IReadOnlyList<Message>> messagesOf)
    {
        if (Split is not { } wanted || heldOut.Count == 0)
        {
            return heldOut;
        }

        var near = new NearQuestions(wanted.Threshold);
        heldOut.ForEach(row => near.Add(messagesOf(row)));
        foreach (var row in asked)
        {
            near.Meet(messagesOf(row));
        }

        var apart = heldOut.Where((_, i) => near.Found[i] == Nearness.None).ToList();
        if (apart.Count < heldOut.Count)
        {
            run.Progress.Say($"  {heldOut.Count - apart.Count:N0} of {heldOut.Count:N0} held-out prompts are near one that is trained on, and are left out");
        }

        return apart;
    }

    HashSet<string> ByClusters<T>(List<T> rows, Func<T, string> textOf, Func<T, Example> exampleOf, List<string> prompts, int most)
    {
        Func<Example, string?> group = Split!.Group switch
        {
            GroupColumn.Category => row => row.Category,
            GroupColumn.Source => row => row.Source,
            GroupColumn.Author => row => row.Author,
            GroupColumn.Expected => row => row.Expected,
            _ => _ => null,
        };
        using var near = new NearClusters(Split.Threshold);
        foreach (var example in rows.Select(exampleOf))
        {
            near.Add(example, group(example));
        }

        var clusters = rows.Select(textOf).Zip(near.Firsts()).DistinctBy(row => row.First).GroupBy(row => row.Second, row => row.First).ToList();
        var chosen = new HashSet<string>();
        foreach (var cluster in clusters.OrderBy(cluster => cluster.Min(Sha256.OfText), StringComparer.Ordinal).Where(cluster => chosen.Count + cluster.Count() <= most))
        {
            chosen.UnionWith(cluster);
        }

        if (chosen.Count == 0 && most > 0)
        {
            throw new ForgeException(run.Recipe.Path, [new Problem("evaluate.split", $"finds {clusters.Count:N0} clusters in {prompts.Count:N0} prompts (the largest has {clusters.Max(cluster => cluster.Count()):N0}), and none is as small as the {most:N0} that may be held out.", "Raise the threshold, or split by a column with more values.")]);
        }

        return chosen;
    }
}
