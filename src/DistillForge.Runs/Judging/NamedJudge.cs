using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Filters;

namespace DistillForge.Runs.Judging;

/// <summary>A judge that a recipe names, and the terms that its output is under.</summary>
/// <param name="Key">Where the recipe names it.</param>
/// <param name="Version">Of the filter that asks it, as verdicts have it; empty for the judge of an evaluation.</param>
sealed record NamedJudge(string Key, TeacherSource Source, RecipeFile Rubric, string Version)
{
    /// <summary>Its grades decide which rows are trained on; the judge of an evaluation changes no row.</summary>
    public bool Selects => Version.Length > 0;

    /// <exception cref="ForgeException">A judge is to be a teacher that the recipe has not.</exception>
    public static IReadOnlyList<NamedJudge> Of(RunContext run) => [.. InPolicy(run), .. InEvaluation(run)];

    /// <summary>Those whose grades decide what is trained on.</summary>
    public static IEnumerable<NamedJudge> InPolicy(RunContext run)
    {
        foreach (var setting in run.Recipe.Policy?.Filters.Where(filter => filter.Name == "judge") ?? [])
        {
            var options = (AnswerJudge.Options)setting.Options.Bind(typeof(AnswerJudge.Options));
            yield return new NamedJudge("filters.judge", Judges.SourceOf(run, options.By, options.Teacher), options.Rubric!, FilterPipeline.VersionOf(setting));
        }
    }

    static IEnumerable<NamedJudge> InEvaluation(RunContext run)
    {
        if (run.Recipe.Evaluate.Judge is { } judge)
        {
            yield return new NamedJudge("evaluate.judge", Judges.SourceOf(run, judge.By, judge.Teacher), judge.Rubric, "");
        }
    }

    /// <summary>What a manifest keeps of it for cards: by the version of its filter, since two may have one name.</summary>
    public IEnumerable<KeyValuePair<string, string>> Facts(RunContext run)
    {
        var (terms, by) = run.TermsFor(Source);
        yield return new($"judge.{Version}.name", Source.DisplayName);
        yield return new($"judge.{Version}.terms", TermsInForce.Describe(terms, by));
        yield return new($"judge.{Version}.may_train", terms.MayTrain.ToString().ToLowerInvariant());
        yield return new($"judge.{Version}.license", terms.License ?? "unknown");
        yield return new($"judge.{Version}.rubric", $"{Rubric.Written} ({Data.Rubric.Read(Rubric.Path).Sha256[..12]})");
        if (Source.Gguf is { } gguf)
        {
            yield return new($"judge.{Version}.sha256", run.Hashes.Of(gguf.Path));
        }
    }

    /// <summary>One line for the ledger.</summary>
    public string Describe(RunContext run) => $"{Source.DisplayName}, {run.IdentityOf(Source)[..12]}: {(run.TermsFor(Source) is var (terms, by) ? TermsInForce.Describe(terms, by) : "")}";
}
