#pragma warning disable MA0025
namespace DistillForge.Data;

/// <summary>Whether the files that a recipe names must be there.</summary>
public enum NamedFiles
{
    MustExist,
    MayBeAbsent,
}

/// <summary>Reads recipes and filter policies; reports every problem at once, with file and line.</summary>
public static class RecipeReader
{
    /// <exception cref="Core.ForgeException">All problems of the file.</exception>
    public static Recipe Read(string path, KnownNames known, NamedFiles files = NamedFiles.MustExist) => throw new NotImplementedException();

    /// <exception cref="Core.ForgeException">All problems of the file.</exception>
    public static FilterPolicy ReadPolicy(string path, KnownNames known) => throw new NotImplementedException();
}

/// <summary>The canonical text of parts of a recipe, so that a changed comment or order of keys redoes nothing.</summary>
/// <param name="Text">JSON, keys in order, defaults written out, incidental values left out.</param>
public sealed record RecipePart(string Text)
{
    public string Sha256 => Core.Sha256.OfText(Text);

    /// <param name="keys">Top-level keys of the recipe, e.g. <c>teacher</c>, <c>generate</c>; <c>filters</c> brings the policy's content.</param>
    public static RecipePart Of(Recipe recipe, params ReadOnlySpan<string> keys) => throw new NotImplementedException();
}
