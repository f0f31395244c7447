using System.Globalization;
using System.Text;

namespace DistillForge.Packaging;

// The layout of the card. Every text is escaped for where it stands: names and reasons come from files of other people.
static class ModelCardMarkdown
{
    public static string Render(ModelCard card)
    {
        var text = new StringBuilder();
        FrontMatter(text, card);
        text.Append($"\n# {Plain(card.Name)}\n\n{FirstSentence(card)} {Plain(card.Purpose)}\n");
        List(text, "Intended use", card.Intended);
        List(text, "Out of scope", card.OutOfScope);
        Use(text, card);
        Pairs(text, "The model", card.Sizes);
        Data(text, card);
        if (card.Terms.Count > 0)
        {
            Pairs(text, "Terms", card.Terms);
        }

        Pairs(text, "How it was trained", card.Method);
        if (card.Compute.Count > 0)
        {
            Pairs(text, "Compute and energy", card.Compute);
        }

        Scores(text, card);
        foreach (var finding in card.Findings)
        {
            Finding(text, finding);
        }

        Files(text, card.Files);
        List(text, "Limits", card.Limits);
        List(text, "Made with", card.Versions);
        return text.ToString();
    }

    static void FrontMatter(StringBuilder text, ModelCard card)
    {
        text.Append("---\n");
        if (card.License is { } license)
        {
            Entry("license", license.ToLowerInvariant());
        }

        Sequence("language", card.Languages);
        Entry("pipeline_tag", "text-generation");
        if ((card.BaseModel ?? card.Teacher?.BaseModel) is { } baseModel)
        {
            Sequence("base_model", [baseModel]);
        }

        if (card.BaseModel is not null)
        {
            Entry("base_model_relation", "finetune");
        }

        Sequence("tags", [.. new[] { "gguf", "llama.cpp", "distillforge", card.Teacher is null ? "from-scratch" : "distillation" }, .. card.Tags]);
        text.Append("---\n");

        void Entry(string key, string value) => text.Append($"{key}: {Yaml(value)}\n");

        void Sequence(string key, IReadOnlyList<string> values) => text.Append($"{key}:\n{string.Concat(values.Select(value => $"- {Yaml(value)}\n"))}");
    }

    static string FirstSentence(ModelCard card) => card.Teacher is { } teacher
        ? $"{Plain(card.Name)} was distilled from {Plain(teacher.Name)}{(teacher.Parameters is { } parameters ? $" ({Count(parameters)} parameters)" : "")}."
        : $"{Plain(card.Name)} was trained from scratch on labelled data; it was not distilled from any model.";

    // The commands take a question where none can be shown.
    static void Use(StringBuilder text, ModelCard card)
    {
        if (card.Use is not { } use)
        {
            return;
        }

        var question = use.Example?.Question ?? "YOUR QUESTION";
        text.Append($"\n## How to use it\n\nWith the files in one folder:\n\n```\nollama create {card.Name} -f Modelfile && ollama run {card.Name} \"{question}\"\nllama-server -m {use.File}          # then OpenAI's API at http://127.0.0.1:8080/v1\n./distillforge chat {use.File} -p \"{question}\"\n```\n");
        text.Append(use.Example is { } example ? $"\nIts answer there, by {use.File}, when it was measured:\n\n```\n{example.Answer}\n```\n" : "");
    }

    static void Data(StringBuilder text, ModelCard card)
    {
        var data = card.Data;
        List<(string, string)> rows = [("source", data.Source)];
        if (card.Teacher is { } teacher)
        {
            rows.Add(("answers by", teacher.Name));
            rows.Add(("their license", teacher.License ?? "unknown"));
            AddKnown(rows, "teacher's SHA-256", teacher.Sha256);
        }

        AddKnown(rows, "license", data.License);
        rows.Add(("rows asked", Count(data.Prompts)));
        rows.Add(("failed", Share(data.Failed, data.Prompts)));
        rows.Add(("dropped by filters", Share(data.Dropped, data.Prompts - data.Failed)));
        if (data.Awaiting > 0)
        {
            rows.Add(("await a person's review, not trained on", Share(data.Awaiting, data.Prompts - data.Failed)));
        }

        rows.Add(("trained on", Count(data.Kept)));
        AddKnown(rows, "SHA-256 of the kept rows", data.Sha256);
        Pairs(text, "Data", rows);
        if (card.Filters.Count > 0)
        {
            Table(text, ["filter", "judged", "dropped", "reasons"], card.Filters.Select(f =>
                new[] { f.Name, Count(f.Judged), Share(f.Dropped, f.Judged), f.Reasons.Count == 0 ? "–" : string.Join(", ", f.Reasons.Select(r => $"{r.Code} {Count(r.Rows)}")) }));
        }
    }

    static void Scores(StringBuilder text, ModelCard card)
    {
        if (card.Scores.Count == 0)
        {
            return;
        }

        text.Append("\n## Evaluation\n");
        Table(text, ["model", "parameters", "file, MB", "exact match", "KL to teacher, nats/token", "top-1 agreement", "tokens/s"], card.Scores.Select(s => new[]
        {
            s.Model, s.Parameters is { } p ? Count(p) : "–", Number(s.Bytes / 1e6, "0.00"), Percent(s.ExactMatch) + (s.ExactMatchRange is { } range ? FormattableString.Invariant($" ({100 * range.Low:0.0}–{100 * range.High:0.0})") : ""), Number(s.KlToTeacher, "0.0000"), Percent(s.Top1Agreement), Number(s.TokensPerSecond, "0"),
        }));
        foreach (var note in card.ScoreNotes)
        {
            text.Append($"\n{Plain(note)}\n");
        }
    }

    static void Finding(StringBuilder text, CardSection finding)
    {
        text.Append($"\n## {Plain(finding.Title)}\n{string.Concat(finding.Text.Select(paragraph => $"\n{Plain(paragraph)}\n"))}");
        if (finding.Rows.Count > 0)
        {
            Table(text, [.. finding.Heads], finding.Rows.Select(row => row.ToArray()));
        }
    }

    static void Files(StringBuilder text, IReadOnlyList<PackagedFile> files)
    {
        text.Append("\n## Files\n\nEach file was loaded in llama.cpp and compared with the float32 checkpoint before it got its name.\n");
        Table(text, ["file", "MB", "mean abs. Δ log-prob, nats", "largest", "KL to checkpoint, nats/token", "greedy answers", "SHA-256"], files.Select(f => new[]
        {
            Path.GetFileName(f.Path), Number(f.Bytes / 1e6, "0.00"), Number(f.Gate.MeanDifference, "0.0e+0"), Number(f.Gate.MaxDifference, "0.0e+0"), Number(f.Gate.Kl, "0.0e+0"),
            f.Gate.GreedyPrompts == 0 ? "not compared" : $"same on {f.Gate.GreedyPrompts} prompts, {f.Gate.Ties} {(f.Gate.Ties == 1 ? "tie" : "ties")}", f.Sha256,
        }));
    }

    static void Pairs(StringBuilder text, string title, IReadOnlyList<(string What, string Value)> rows)
    {
        text.Append($"\n## {title}\n");
        Table(text, ["", ""], rows.Select(row => new[] { row.What, row.Value }));
    }

    static void List(StringBuilder text, string title, IReadOnlyList<string> lines)
    {
        if (lines.Count > 0)
        {
            text.Append($"\n## {title}\n\n{string.Concat(lines.Select(line => $"- {Plain(line)}\n"))}");
        }
    }

    static void Table(StringBuilder text, string[] heads, IEnumerable<string[]> rows)
    {
        text.Append($"\n| {string.Join(" | ", heads)} |\n|{string.Concat(heads.Select(_ => "---|"))}\n");
        foreach (var row in rows)
        {
            text.Append($"| {string.Join(" | ", row.Select(cell => Plain(cell).Replace("|", "\\|")))} |\n");
        }
    }

    static void AddKnown(List<(string, string)> rows, string what, string? value)
    {
        if (value is not null)
        {
            rows.Add((what, value));
        }
    }

    static string Share(long part, long whole) => whole == 0 ? Count(part) : $"{Count(part)} ({100.0 * part / whole:0.0} %)";

    static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    static string Percent(double? share) => share is { } known ? FormattableString.Invariant($"{100 * known:0.0} %") : "–";

    static string Number(double? number, string format) => number is { } known ? known.ToString(format, CultureInfo.InvariantCulture) : "–";

    // One line, and nothing that Markdown or HTML would take for more than text.
    static string Plain(string text)
    {
        var plain = new StringBuilder();
        foreach (var c in text)
        {
            plain.Append(char.IsControl(c) ? " " : c is '<' ? "&lt;" : c is '\\' or '`' or '[' or ']' ? $"\\{c}" : c.ToString());
        }

        return plain.ToString();
    }

    static string Yaml(string text)
        => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '/' or '_') && char.IsAsciiLetter(text[0]) && text is not ("true" or "false" or "null" or "yes" or "no")
            ? text
            : $"\"{string.Concat(text.Select(c => char.IsControl(c) ? " " : c is '"' or '\\' ? $"\\{c}" : c.ToString()))}\"";
}
