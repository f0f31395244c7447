using System.Globalization;
using System.Text;
using DistillForge.Data;

namespace DistillForge.Packaging;

/// <summary>A dataset's card as Hugging Face reads it, and the summary for the team that has to answer.</summary>
public static class DatasetCardText
{
    /// <summary><c>README.md</c>: front matter with <c>configs</c> and <c>dataset_info</c>, then what is in it.</summary>
    public static string ToMarkdown(this DatasetCard card)
    {
        var text = new StringBuilder();
        FrontMatter(text, card);
        text.Append($"\n# {CardText.Plain(card.Name)}\n\nSynthetic data: {Count(card.Rows.Kept)} rows, answered by {CardText.Plain(string.Join(", ", card.Authors.Select(author => author.Name)))} and curated by the policy {CardText.Plain(card.Policy)}. Who has to answer for it reads GOVERNANCE.md.\n");
        Summary(text, card);
        return text.ToString();
    }

    /// <summary><c>GOVERNANCE.md</c>.</summary>
    public static string ToGovernance(this DatasetCard card)
    {
        var text = new StringBuilder($"# {CardText.Plain(card.Name)}: who said what, under which terms, and what was removed\n");
        Summary(text, card);
        return text.ToString();
    }

    static void Summary(StringBuilder text, DatasetCard card)
    {
        CardText.Section(text, "Rows", ["", ""],
        [
            ["asked", Count(card.Rows.Asked)], ["without an answer", Count(card.Rows.Failed)], ["dropped", Count(card.Rows.Dropped)], ["await a person's review", Count(card.Rows.Awaiting)],
            ["kept", Count(card.Rows.Kept)], ["of these redacted or edited", Count(card.Rows.Changed)], ["taken down", Count(card.Rows.TakenDown)],
        ]);
        CardText.Section(text, "Teachers and terms", ["who", "rows kept", "license", "may train", "terms", "SHA-256"], card.Authors.Select(author => new[] { author.Name, Count(author.Rows), author.License ?? "unknown", author.MayTrain, author.Terms, author.Sha256 ?? "–" }));
        if (card.Graders.Count > 0)
        {
            CardText.Section(text, "Judges and terms", ["who", "rubric", "rows graded", "dropped", "license", "may train", "terms", "SHA-256"],
                card.Graders.Select(judge => new[] { judge.Name, judge.Rubric, Count(judge.Graded), Share(judge.Dropped, judge.Graded), judge.License ?? "unknown", judge.MayTrain, judge.Terms, judge.Sha256 ?? "–" }));
        }

        if (card.Override is { } lifted)
        {
            text.Append($"\nTerms were overridden {CardText.Plain(lifted)}.\n");
        }

        CardText.Section(text, "Sources", ["source", "rows kept"], card.Sources.Select(source => new[] { source.Source, Count(source.Rows) }));
        CardText.Section(text, $"Filters of the policy {card.Policy}", ["filter", "version", "judged", "dropped", "to review", "warned", "reasons"], card.Filters.Select(filter => new[]
        {
            filter.Name, filter.Version, Count(filter.Judged), Share(filter.Dropped, filter.Judged), Share(filter.Reviewed, filter.Judged), Share(filter.Warned, filter.Judged),
            filter.Reasons.Count == 0 ? "–" : string.Join(", ", filter.Reasons.Select(reason => $"{reason.Code} {Count(reason.Rows)}")),
        }));
        CardText.Section(text, "People", ["who", "decided"], card.People.Count == 0 ? [["nobody", "–"]] : card.People.Select(person => new[] { person.Person, person.Decisions }));
        CardText.List(text, "Personal data", card.PersonalData.Count == 0 ? ["no filter looks for it"] : card.PersonalData);
        CardText.List(text, "Gaps", card.Gaps.Count == 0 ? ["none known"] : card.Gaps);
        CardText.Section(text, "Files", ["file", "rows", "bytes", "SHA-256"], card.Files.Select(file => new[] { file.Path, Count(file.Rows), Count(file.Bytes), file.Sha256 }));
        CardText.List(text, "Made with", [.. card.Versions, $"ledger at {card.LedgerHead}"]);
    }

    static void FrontMatter(StringBuilder text, DatasetCard card)
    {
        text.Append($"---\nlicense: {License(card)}\npretty_name: {CardText.Yaml(card.Name)}\ntags:\n- synthetic\n- distillforge\ntask_categories:\n- text-generation\nsize_categories:\n- {Size(card.Rows.Kept)}\nconfigs:\n- config_name: default\n  data_files:\n");
        foreach (var file in card.Files)
        {
            text.Append($"  - split: train\n    path: {CardText.Yaml(file.Path)}\n");
        }

        text.Append("dataset_info:\n  features:\n");
        foreach (var column in card.Files.Count == 0 ? [] : card.Files[0].Columns)
        {
            Feature(text, column, "  ");
        }

        var bytes = card.Files.Sum(file => file.Bytes);
        text.Append(FormattableString.Invariant($"  splits:\n  - name: train\n    num_bytes: {bytes}\n    num_examples: {card.Files.Sum(file => file.Rows)}\n  download_size: {bytes}\n  dataset_size: {bytes}\n---\n"));
    }

    // The hub knows names of licenses without spaces; any other is 'other', with its name.
    static string License(DatasetCard card) => card.License is not { } license ? "other\nlicense_name: several-or-unknown"
        : license.Contains(' ', StringComparison.Ordinal) ? $"other\nlicense_name: {CardText.Yaml(license.ToLowerInvariant().Replace(' ', '-'))}"
        : CardText.Yaml(license.ToLowerInvariant());

    static void Feature(StringBuilder text, DataColumn column, string indent)
    {
        text.Append($"{indent}- name: {CardText.Yaml(column.Name)}\n");
        if (column.Fields.Count == 0)
        {
            text.Append($"{indent}  {string.Concat(Enumerable.Range(1, column.Lists).Select(depth => $"{(depth == 1 ? "" : "  ")}list:{(depth == column.Lists ? " " : $"\n{indent}  ")}"))}{(column.Lists == 0 ? "dtype: " : "")}{TypeOf(column.Type)}\n");
            return;
        }

        text.Append($"{indent}  {(column.Lists > 0 ? "list" : "struct")}:\n");
        foreach (var field in column.Fields)
        {
            Feature(text, field, indent + "  ");
        }
    }

    static string TypeOf(string duck) => duck switch
    {
        "BOOLEAN" => "bool",
        "INTEGER" => "int32",
        "BIGINT" => "int64",
        "FLOAT" => "float32",
        "DOUBLE" => "float64",
        _ => "string",
    };

    static string Size(long rows) => rows switch { < 1_000 => "n<1K", < 10_000 => "1K<n<10K", < 100_000 => "10K<n<100K", < 1_000_000 => "100K<n<1M", < 10_000_000 => "1M<n<10M", _ => "n>10M" };

    static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    static string Share(long part, long whole) => part == 0 ? "–" : FormattableString.Invariant($"{Count(part)} ({100.0 * part / Math.Max(1, whole):0.0} %)");
}
