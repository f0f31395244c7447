using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Judging;

namespace DistillForge.Runs.Lineage;

/// <summary>Refuses a recipe that would train on answers, or by a judge's choice of answers, whose terms forbid it, before anything is spent; a person's override is written into the ledger.</summary>
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

    /// <summary>Says what nobody wrote down about judges. Of those who answer, the filter <c>terms</c> says it row by row.</summary>
    public static void Warn(RunContext run)
    {
        WarnOfParaphrases(run);
        foreach (var judge in JudgesOnly(run))
        {
            var name = TerminalText.OnOneLine(judge.Source.DisplayName);
            if (run.TermsFor(judge.Source).Terms is var terms && terms.MayTrain == MayTrain.Unknown)
            {
                run.Progress.Say($"warning: {judge.Key}: nobody wrote down whether output of {name} may train other models; read its terms and write them into a {TermsRegister.FileName} beside the recipe");
            }
            else if (terms.MayTrain == MayTrain.No && !judge.Selects)
            {
                run.Progress.Say($"warning: {judge.Key}: output of {name} may not train other models, says {TermsRegister.FileName} ('{terms.Name}'); here it only compares and changes no row, but read whether its terms allow that{(terms.Terms is { } text ? $": {TerminalText.OnOneLine(text)}" : "")}");
            }
        }
    }

    /// <summary>Whose wording test questions get; it changes no row, so its terms are said and nothing is refused.</summary>
    static void WarnOfParaphrases(RunContext run)
    {
        if (run.Recipe.Evaluate.Robustness.Paraphraser is { } by && run.TermsFor(by).Terms is { MayTrain: MayTrain.No } terms)
        {
            run.Progress.Say($"warning: evaluate.robustness.by: output of {TerminalText.OnOneLine(by.DisplayName)} may not train other models, says {TermsRegister.FileName} ('{terms.Name}'); here it only rewords test questions and changes no row, but read whether its terms allow that{(terms.Terms is { } text ? $": {TerminalText.OnOneLine(text)}" : "")}");
        }
    }

    // A teacher that judges as well is under one word, and that was said of its answers.
    static IEnumerable<NamedJudge> JudgesOnly(RunContext run) => NamedJudge.Of(run).Where(judge => !run.Teachers.Contains(judge.Source));

    static IEnumerable<Problem> Forbidden(RunContext run)
    {
        foreach (var judge in JudgesOnly(run).Where(judge => judge.Selects))
        {
            var (terms, by) = run.TermsFor(judge.Source);
            if (terms.MayTrain == MayTrain.No)
            {
                yield return new Problem(judge.Key, $"is {TerminalText.OnOneLine(judge.Source.DisplayName)}, whose grades would choose what is trained on, and its output may not train other models, says {TermsRegister.FileName}: '{terms.Name}', known by {by}{(terms.Terms is { } text ? $"; {text}" : "")}.", "Take another judge, or let a person answer for it: 'override: { by: NAME, reason: WHY }'.");
            }
        }

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
