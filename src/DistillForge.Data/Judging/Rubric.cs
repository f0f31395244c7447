using DistillForge.Core;
using DistillForge.Data.Yaml;

namespace DistillForge.Data;

/// <summary>What a judge is asked about an answer, and what each score means: a file such as <c>prompts/answer.rubric.yaml</c>.</summary>
public sealed record Rubric
{
    public const int Best = 5;

    /// <summary>What makes an answer good.</summary>
    public required string Question { get; init; }

    /// <summary>What the scores 1 to 5 mean, in this order.</summary>
    public required IReadOnlyList<string> Scores { get; init; }

    /// <summary>The judge says why before it scores: better judgements of big models, and many more tokens.</summary>
    public bool Reason { get; init; }

    /// <summary>Of what it says; a changed comment does not change it.</summary>
    [NotInRecipe]
    public string Sha256 => Core.Sha256.OfText(CanonicalText.Of(this));

    /// <exception cref="ForgeException">All problems of the file.</exception>
    public static Rubric Read(string path)
    {
        var problems = new List<Problem>();
        var root = YamlFile.Read(path, problems, 1 << 16);
        var rubric = root is null ? null : new RecordBinder(problems, KnownNames.Unchecked, written => new RecipeFile(written, written), NamedFiles.MayBeAbsent).Bind<Rubric>(root);
        if (problems.Count == 0 && string.IsNullOrWhiteSpace(rubric!.Question))
        {
            problems.Add(new Problem("question", "is empty.", "Say what makes an answer good."));
        }

        if (problems.Count == 0 && rubric!.Scores.Count != Best)
        {
            problems.Add(new Problem("scores", $"has {rubric.Scores.Count} entries.", "Say what 1, 2, 3, 4 and 5 mean, in this order."));
        }

        return problems.Count == 0 ? rubric! : throw new ForgeException(path, problems);
    }
}
