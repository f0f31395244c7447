using DistillForge.Core;
using DistillForge.Data.Yaml;

namespace DistillForge.Data;

/// <summary>Whether the files that a recipe names must be there.</summary>
public enum NamedFiles
{
    MustExist,
    MayBeAbsent,
}

/// <summary>Reads recipes and filter policies; reports every problem of a file at once, each with its line.</summary>
public static class RecipeReader
{
    // Of a policy's name.
    const int MostCharacters = 200;

    /// <exception cref="ForgeException">All problems of the recipe; or, when it has none, all of the policy that it names.</exception>
    public static Recipe Read(string path, KnownNames known, NamedFiles files = NamedFiles.MustExist)
    {
        var problems = new List<Problem>();
        var root = Root(path, problems);
        var recipe = Bind(root, problems);
        Throw(path, problems);
        var trials = recipe.Sweep is null ? [] : SweepReader.Trials(recipe, root, problems, Bind);
        Throw(path, problems);
        var policy = recipe.Filters is { } file && File.Exists(file.Path) ? ReadPolicy(file.Path, known) : null;
        return recipe with { Policy = policy, Trials = [.. trials.Select(trial => trial with { Recipe = trial.Recipe with { Policy = policy } })] };

        Recipe Bind(YamlNode from, List<Problem> found)
        {
            var bound = Binder(path, found, known, files).Bind<Recipe>(from) with { Path = Path.GetFullPath(path), SaysHeldOut = (from as YamlMap)?["evaluate"]?.Value is YamlMap evaluate && (evaluate["held_out"] ?? evaluate["split"]) is not null };
            found.AddRange(RecipeRules.Check(bound, known, from, found));
            return bound;
        }
    }

    /// <summary>Reads a policy with those that it includes: their filters come first, less those that the policy names again.</summary>
    /// <exception cref="ForgeException">All problems of the file; or, when it has none, all of an included one.</exception>
    public static FilterPolicy ReadPolicy(string path, KnownNames known) => ReadPolicy(path, known, []);

    static FilterPolicy ReadPolicy(string path, KnownNames known, IReadOnlyList<string> including)
    {
        var problems = new List<Problem>();
        var policy = Binder(path, problems, known, NamedFiles.MustExist).Bind<FilterPolicy>(Root(path, problems)) with { Path = Path.GetFullPath(path) };
        foreach (var kept in (policy.Filters ?? []).Where(filter => filter.Action == FilterAction.Keep))
        {
            problems.Add(new Problem($"{kept.Name}.action", "is 'keep', which would judge nothing.", "Write drop, warn or review, or remove the filter.", kept.Line));
        }

        foreach (var softened in (policy.Filters ?? []).Where(filter => filter.Name == "terms" && filter.Action != FilterAction.Drop && filter.Action != FilterAction.Keep))
        {
            problems.Add(new Problem("terms.action", "cannot be softened by a policy.", "A person lifts terms, in the recipe: 'override: { by: NAME, reason: WHY }'; what becomes of unknown terms is 'unknown: keep | warn | review | drop'.", softened.Line));
        }

        // They go into cards and ledger, and from there into terminals.
        (string Key, string? Text)[] names = [("name", policy.Name), ("version", policy.Version)];
        problems.AddRange(names.Where(one => one.Text is { } text && (text.Length > MostCharacters || TerminalText.OnOneLine(text) != text))
            .Select(one => new Problem(one.Key, $"is longer than {MostCharacters} characters, or holds some that steer a terminal.", "Write it in plain text on one line.")));

        var here = (IReadOnlyList<string>)[.. including, policy.Path];
        problems.AddRange(policy.Include.Where(file => here.Contains(file.Path)).Select(file => new Problem("include", $"{file.Written} includes itself.", "Remove it.")));
        Throw(path, problems);
        var own = policy.Filters!.Select(filter => filter.Name).ToHashSet();
        var included = policy.Include.SelectMany(file => ReadPolicy(file.Path, known, here).Filters).Where(filter => !own.Contains(filter.Name));
        return policy with { Filters = [.. included, .. policy.Filters!] };
    }

    // A file that is no YAML has that problem alone.
    static YamlNode Root(string path, List<Problem> problems)
    {
        var root = YamlFile.Read(path, problems);
        if (root is null)
        {
            Throw(path, problems);
        }

        return root!;
    }

    static RecordBinder Binder(string path, List<Problem> problems, KnownNames known, NamedFiles files)
        => new(problems, known, written => Resolve(path, written), files);

    // Beside the recipe, in the working folder, or at home: a newcomer's own recipe may lie anywhere and still name our templates.
    static RecipeFile Resolve(string recipe, string written)
    {
        string[] places = [Path.GetDirectoryName(Path.GetFullPath(recipe))!, Environment.CurrentDirectory, Home.Root];
        var candidates = places.Select(place => Path.GetFullPath(written, place)).ToList();
        return new RecipeFile(written, candidates.FirstOrDefault(File.Exists) ?? candidates.FirstOrDefault(Directory.Exists) ?? candidates[^1]);
    }

    static void Throw(string path, List<Problem> problems)
    {
        if (problems.Count > 0)
        {
            throw new ForgeException(path, [.. problems.OrderBy(problem => problem.Line)]);
        }
    }
}

/// <summary>The canonical text of parts of a recipe, so that a changed comment or order of keys redoes nothing.</summary>
/// <param name="Text">JSON, keys in order, defaults written out, incidental values left out.</param>
public sealed record RecipePart(string Text)
{
    public string Sha256 => Core.Sha256.OfText(Text);

    /// <param name="keys">Top-level keys of the recipe, e.g. <c>teacher</c>, <c>generate</c>; <c>filters</c> brings the policy's content.</param>
    public static RecipePart Of(Recipe recipe, params ReadOnlySpan<string> keys)
    {
        var members = Member.Of(typeof(Recipe)).ToDictionary(member => member.Key);
        var parts = new Dictionary<string, object?>();
        foreach (var key in keys)
        {
            parts[key] = key == "filters" && recipe.Policy is { } policy ? policy.Filters
                : CanonicalText.IsLaterDefault(members[key], recipe) ? null
                : members[key].Property.GetValue(recipe);
        }

        return new RecipePart(CanonicalText.Of(parts));
    }
}
