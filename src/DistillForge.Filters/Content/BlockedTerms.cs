using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>Drops rows that hold a term of one's own list.</summary>
[Component("blocked-terms")]
public sealed class BlockedTerms : IFilter
{
    readonly Options options;
    readonly TermFinder terms;

    public sealed record Options : ICheckedOptions
    {
        public IReadOnlyList<string> Terms { get; init; } = [];

        /// <summary>A file with one term a line; empty lines and those that begin with '#' are passed over.</summary>
        public RecipeFile? List { get; init; }

        /// <summary>"art" does not block "party".</summary>
        public bool WholeWords { get; init; } = true;

        public bool IgnoreCase { get; init; } = true;

        public Scope Scope { get; init; } = Scope.All;

        public IEnumerable<Problem> Check()
        {
            if (Terms.Count == 0 && List is null)
            {
                yield return new Problem("", "has no terms and would judge nothing.", "Give terms, or list: a file with one a line.");
            }

            if (Terms.Any(string.IsNullOrWhiteSpace))
            {
                yield return new Problem("terms", "has an empty term, which every row holds.", "Remove it.");
            }

            if (List is { } file && File.Exists(file.Path) && TermList.Read(file.Path).Count == 0)
            {
                yield return new Problem("list", $"{file.Written} has no terms.", "Write one a line.");
            }
        }
    }

    public BlockedTerms(Options options)
    {
        this.options = options;
        terms = new TermFinder([.. options.Terms, .. options.List is { } file ? TermList.Read(file.Path) : []], options.WholeWords, options.IgnoreCase);
    }

    public Verdict Judge(Example example)
    {
        foreach (var passage in Passage.Of(example, options.Scope))
        {
            if (terms.TryFind(passage.Text, 0, out var start, out var term))
            {
                return Verdict.Drop("blocked-term", $"'{term}' at {passage.At(start, start + term.Length)}");
            }
        }

        return Verdict.Keep;
    }
}

/// <summary>A file with one term a line.</summary>
static class TermList
{
    const long MaximumBytes = 16 << 20;

    public static IReadOnlyList<string> Read(string path)
    {
        OutsideFile.Require(path);
        var bytes = new FileInfo(path).Length;
        return bytes <= MaximumBytes
            ? [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')]
            : throw new ForgeException(new Problem(path, $"has {bytes:N0} bytes; a list of terms may have {MaximumBytes:N0}.", "Keep the terms that matter."));
    }
}
