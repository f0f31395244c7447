using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Runs.Lineage;

/// <summary>Refuses a recipe that would train on answers whose terms forbid it, before anything is spent; a person's override is written into the ledger.</summary>
static class TermsGate
{
    /// <exception cref="ForgeException">Whose answers may not be trained on; nobody answers for it.</exception>
    public static void Check(RunContext run)
    {
        if (run.Recipe.Override is null && Forbidden(run).ToList() is { Count: > 0 } forbidden)
        {
            throw new ForgeException(run.Recipe.Path, forbidden);
        }
    }

    /// <summary>Writes a person's override into the ledger: once, and again when it says something else.</summary>
    public static void Note(RunContext run)
    {
        if (run.Recipe.Override is not { } person || Forbidden(run).ToList() is not { Count: > 0 } forbidden)
        {
            return;
        }

        var facts = new Dictionary<string, string> { ["by"] = person.By, ["reason"] = person.Reason, ["against"] = string.Join(' ', forbidden.Select(one => $"{one.Where} {one.What}")) };
        var last = RunLedger.Entries(run.Folder.Path).LastOrDefault(entry => entry.Kind == "override")?.Facts;
        if (last is null || facts.Any(fact => last.GetValueOrDefault(fact.Key) != fact.Value))
        {
            RunLedger.Append(run.Folder.Path, run.Clock.GetUtcNow(), "override", new Dictionary<string, double>(), facts);
        }

        run.Progress.Say($"terms overridden by {TerminalText.OnOneLine(person.By)}: {TerminalText.OnOneLine(person.Reason)}");
    }

    static IEnumerable<Problem> Forbidden(RunContext run)
    {
        foreach (var (key, author) in Authors(run))
        {
            var (terms, by) = run.Terms.Of(author);
            if (terms.MayTrain == MayTrain.No)
            {
                yield return new Problem(key, $"is {TerminalText.OnOneLine(author)}, whose answers may not train other models, says {TermsRegister.FileName}: '{terms.Name}', known by {by}{(terms.Terms is { } text ? $"; {text}" : "")}.", "Take another teacher, or let a person answer for it: 'override: { by: NAME, reason: WHY }'.");
            }
        }
    }

    static IEnumerable<(string Key, string Author)> Authors(RunContext run)
    {
        foreach (var teacher in run.Teachers)
        {
            yield return (run.Recipe.Teachers is null ? "teacher" : $"teachers.{teacher.DisplayName}", teacher.DisplayName);
        }

        if (run.Recipe.Dataset is { } dataset)
        {
            yield return ("dataset", dataset.Author ?? Path.GetFileName((dataset.Template ?? dataset.Jsonl ?? dataset.Csv ?? dataset.Parquet)!.Written));
        }
    }
}
