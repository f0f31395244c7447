using DistillForge.Data;

namespace DistillForge.Packaging;

/// <summary>Everything that is said of a dataset and of how it came to be; whatever is unknown is null and listed among the gaps, never guessed.</summary>
public sealed record DatasetCard
{
    public required string Name { get; init; }

    /// <summary>Who gives it out, where somebody said so.</summary>
    public string? Creator { get; init; }

    /// <summary>When the rows were curated or exported.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>MAJOR.MINOR.PATCH: MAJOR counts how often the rows changed.</summary>
    public string Version { get; init; } = "1.0.0";

    /// <summary>SPDX name; null where rows have several or none.</summary>
    public string? License { get; init; }

    public required IReadOnlyList<CardFile> Files { get; init; }

    public required IReadOnlyList<CardAuthor> Authors { get; init; }

    /// <summary>Where prompts or rows came from, with the number of rows that are kept.</summary>
    public required IReadOnlyList<(string Source, long Rows)> Sources { get; init; }

    /// <summary>What became of the rows; the ledger says the same stage by stage.</summary>
    public required CardRows Rows { get; init; }

    /// <summary>Name, version and hash of the policy.</summary>
    public required string Policy { get; init; }

    public required IReadOnlyList<CardJudge> Filters { get; init; }

    /// <summary>Language models whose grades decided what is kept.</summary>
    public IReadOnlyList<CardGrader> Graders { get; init; } = [];

    /// <summary>Who decided how often, by kind of decision.</summary>
    public required IReadOnlyList<(string Person, string Decisions)> People { get; init; }

    /// <summary>The filters about personal data, as the policy has them.</summary>
    public required IReadOnlyList<string> PersonalData { get; init; }

    /// <summary>A person's word against the terms.</summary>
    public string? Override { get; init; }

    /// <summary>What nobody did or knows.</summary>
    public required IReadOnlyList<string> Gaps { get; init; }

    /// <summary>Number and hash of the ledger's last entry when this was written.</summary>
    public required string LedgerHead { get; init; }

    public required IReadOnlyList<string> Versions { get; init; }
}

/// <summary>A file of the dataset.</summary>
/// <param name="Path">Relative to the card.</param>
/// <param name="Columns">As the file has them.</param>
public sealed record CardFile(string Path, long Bytes, string Sha256, long Rows, IReadOnlyList<DataColumn> Columns);

/// <summary>Who answered, and under which terms.</summary>
/// <param name="MayTrain"><c>yes</c>, <c>no</c> or <c>unknown</c>.</param>
public sealed record CardAuthor(string Name, string? Sha256, string? License, string MayTrain, string Terms, long Rows);

/// <summary>Rows by what became of them. asked = failed + judged; judged = kept + dropped + awaiting.</summary>
/// <param name="Failed">Without an answer, the taken-down ones of a teacher's run included.</param>
/// <param name="Changed">Of the kept: redacted or edited.</param>
public sealed record CardRows(long Asked, long Failed, long Kept, long Dropped, long Awaiting, long Changed, long TakenDown);

/// <summary>A filter with its rates.</summary>
public sealed record CardJudge(string Name, string Version, long Judged, long Dropped, long Reviewed, long Warned, IReadOnlyList<(string Code, long Rows)> Reasons);

/// <summary>A language model that graded rows, and under which terms.</summary>
/// <param name="Graded">Rows that it was asked about.</param>
/// <param name="MayTrain"><c>yes</c>, <c>no</c> or <c>unknown</c>.</param>
public sealed record CardGrader(string Name, string? Sha256, string? License, string MayTrain, string Terms, string Rubric, long Graded, long Dropped);
