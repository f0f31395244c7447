using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Stages;

namespace DistillForge.Runs.Lineage;

/// <summary>Which rows are to go: one of these.</summary>
/// <param name="Ids">Ids, or the beginnings of them.</param>
/// <param name="Person">A name, an address: any text in a question, an answer or what belongs to one, in small or capital letters.</param>
/// <param name="Source">Where the row came from; takes <c>*</c>.</param>
/// <param name="Sql">A query whose first column gives ids.</param>
public sealed record TakedownSearch(IReadOnlyList<string> Ids, string? Person = null, string? Source = null, string? Sql = null)
{
    const int ShortestPrefix = 6;

    internal string How => string.Join(", ", new[] { Ids.Count > 0 ? "id" : null, Person is null ? null : "person", Source is null ? null : "source", Sql is null ? null : "sql" }.OfType<string>());

    /// <summary>The rows that fit, and with each all other answers to the same question and every later turn of its conversation.</summary>
    internal async Task<IReadOnlyList<FoundRow>> FindAsync(string runFolder, CancellationToken cancellationToken)
    {
        Check();
        var rows = await RowsAsync(runFolder, cancellationToken);
        var queried = Sql is null ? [] : (await Data.Sql.QueryAsync(Sql, runFolder, cancellationToken, int.MaxValue - 1)).Rows.Select(row => row[0]).OfType<string>().ToHashSet();
        // Decisions that a takedown has half rewritten cannot be read; they are searched when it is finished.
        var edits = Person is null || HalfTakedown.IsIn(runFolder) ? [] : DecisionLog.All(runFolder).Where(decision => Mentions(decision.Edited) || Mentions(decision.Comment)).Select(decision => decision.Id).ToHashSet();
        var found = rows.Where(row => Fits(row, queried, edits)).Select(row => row.Id).ToHashSet();
        var questions = rows.Where(row => found.Contains(row.Id)).Select(row => row.Question).ToHashSet();
        found.UnionWith(rows.Where(row => questions.Contains(row.Question)).Select(row => row.Id));
        while (rows.Where(row => row.After is { } before && found.Contains(before) && !found.Contains(row.Id)).Select(row => row.Id).ToList() is { Count: > 0 } later)
        {
            found.UnionWith(later);
        }

        return [.. rows.Where(row => found.Contains(row.Id)).OrderBy(row => row.Id, StringComparer.Ordinal)];
    }

    void Check()
    {
        if (How.Length == 0 || How.Contains(',', StringComparison.Ordinal))
        {
            throw new ForgeException(new Problem("takedown", How.Length == 0 ? "does not say which rows." : $"takes one way to find rows, not {How}.", "Give --id, --person, --source or --sql."));
        }

        if (Ids.FirstOrDefault(id => id.Length < ShortestPrefix) is { } shorter)
        {
            throw new ForgeException(new Problem("--id", $"'{shorter}' is too short.", $"Give {ShortestPrefix} characters of the id or more."));
        }

        if (Person is { } person && person.Trim().Length < 3)
        {
            throw new ForgeException(new Problem("--person", "is too short: it would find nearly everything.", "Give three characters or more."));
        }
    }

    bool Fits(FoundRow row, HashSet<string> queried, HashSet<string> edits)
        => Ids.Any(id => row.Id.StartsWith(id, StringComparison.Ordinal)) || queried.Contains(row.Id) || edits.Contains(row.Id)
            || (Person is not null && row.Texts.Any(Mentions))
            || (Source is { } source && System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(source, row.Source, ignoreCase: false));

    bool Mentions(string? text) => text?.Contains(Person!.Trim(), StringComparison.OrdinalIgnoreCase) is true;

    // Questions and answers, the run's own and those that are held out; a row that only one of the two files has counts as well.
    static async Task<IReadOnlyList<FoundRow>> RowsAsync(string runFolder, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<string, FoundRow>();
        foreach (var part in new[] { "", "held-out" })
        {
            var folder = Path.Combine(runFolder, part);
            var prompts = Path.Combine(folder, "prompts.parquet");
            await foreach (var prompt in PromptsFile.ReadAsync(File.Exists(prompts) ? [prompts] : [], cancellationToken).Where(prompt => prompt.Messages is not [{ Content: Tombstones.Mark }]))
            {
                rows[prompt.Id] = new FoundRow(prompt.Id, Tombstone.QuestionOf(prompt.Messages), prompt.Source, [.. prompt.Messages.Select(message => message.Content), prompt.Expected ?? ""], prompt.After);
            }

            await foreach (var example in ExamplesFile.ReadAsync(WantedRows.Shards(Path.Combine(folder, "examples")), cancellationToken))
            {
                rows[example.Id] = new FoundRow(
                    example.Id, Tombstone.QuestionOf(example.Prompt), example.Source, [.. example.Prompt.Concat(example.Completion).Select(message => message.Content), example.Expected ?? "", example.Rejected ?? "", example.Reasoning ?? ""],
                    rows.GetValueOrDefault(example.Id)?.After)
                { Answer = example.Text };
            }
        }

        return [.. rows.Values];
    }
}

/// <summary>A row that is to go.</summary>
/// <param name="Question">Hash of what the user said.</param>
/// <param name="Texts">All that was said in it.</param>
/// <param name="After">The row whose answer comes before it in a conversation.</param>
public sealed record FoundRow(string Id, string Question, string Source, IReadOnlyList<string> Texts, string? After)
{
    public string Answer { get; init; } = "";
}
