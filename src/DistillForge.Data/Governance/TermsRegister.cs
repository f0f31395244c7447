using DistillForge.Core;
using DistillForge.Data.Yaml;

namespace DistillForge.Data;

/// <summary>The terms of all teachers that somebody wrote down: <c>teachers.yaml</c>. The first entry that knows a teacher counts.</summary>
public sealed class TermsRegister
{
    public const string FileName = "teachers.yaml";

    // Of a text about terms; our own longest has some hundreds.
    const int MostCharacters = 4000;

    static readonly Lazy<TermsRegister> AtHome = new(() => Read([Path.Combine(Home.Root, FileName)]));

    sealed record TermsFile
    {
        public required IReadOnlyList<TeacherTerms> Teachers { get; init; }
    }

    TermsRegister(IReadOnlyList<TeacherTerms> teachers) => (Teachers, Sha256) = (teachers, Core.Sha256.OfText(CanonicalText.Of(teachers)));

    public IReadOnlyList<TeacherTerms> Teachers { get; }

    /// <summary>Of what the register says; a changed comment does not change it.</summary>
    public string Sha256 { get; }

    /// <summary>DistillForge's own.</summary>
    public static TermsRegister Own => AtHome.Value;

    /// <summary>That beside the recipe, then that of the working folder, then DistillForge's own: a team's entries come before ours.</summary>
    /// <param name="recipe">Empty where no file says what is done, as when answers are scored.</param>
    /// <exception cref="ForgeException">All problems of a file.</exception>
    public static TermsRegister For(string recipe)
    {
        string[] places = [recipe.Length == 0 ? Environment.CurrentDirectory : Path.GetDirectoryName(Path.GetFullPath(recipe))!, Environment.CurrentDirectory, Home.Root];
        return Read([.. places.Select(place => Path.GetFullPath(FileName, place)).Distinct()]);
    }

    /// <summary>Reads the files that are there, in order.</summary>
    /// <exception cref="ForgeException">All problems of a file.</exception>
    public static TermsRegister Read(IReadOnlyList<string> paths) => new([.. paths.Where(File.Exists).SelectMany(Entries)]);

    /// <summary>The terms of a teacher and by which sign it is known; of nobody where no entry knows it.</summary>
    public (TeacherTerms Terms, string? By) Of(TeacherSigns signs)
    {
        foreach (var teacher in Teachers)
        {
            if (teacher.Match.By(signs) is { } sign)
            {
                return (teacher, sign);
            }
        }

        return (TeacherTerms.OfNobody, null);
    }

    static IReadOnlyList<TeacherTerms> Entries(string path)
    {
        var problems = new List<Problem>();
        var root = YamlFile.Read(path, problems);
        var file = root is null ? null : new RecordBinder(problems, KnownNames.Unchecked, written => new RecipeFile(written, written), NamedFiles.MayBeAbsent).Bind<TermsFile>(root);
        // An entry that could not be read whole is not judged by what is left of it.
        if (problems.Count == 0)
        {
            problems.AddRange(file!.Teachers.Zip(Lines(root!)).SelectMany((entry, i) => Wrong(entry.First, $"teachers[{i}]").Select(problem => problem with { Line = entry.Second })));
        }

        return problems.Count == 0 ? file!.Teachers : throw new ForgeException(path, [.. problems.OrderBy(problem => problem.Line)]);
    }

    // One value where a list is wanted is a list of one.
    static IEnumerable<int> Lines(YamlNode root) => (root as YamlMap)?["teachers"]?.Value is YamlList list ? list.Items.Select(item => item.Line) : [root.Line];

    static IEnumerable<Problem> Wrong(TeacherTerms teacher, string where)
    {
        (string Key, string? Text)[] texts = [("name", teacher.Name), ("license", teacher.License), ("terms", teacher.Terms), ("attribution", teacher.Attribution), ("note", teacher.Note), ("read", teacher.Read)];
        foreach (var (key, text) in texts)
        {
            if (text is not null && (string.IsNullOrWhiteSpace(text) || text.Length > MostCharacters))
            {
                yield return text.Length > MostCharacters
                    ? new Problem($"{where}.{key}", $"has {text.Length:N0} characters; {MostCharacters:N0} are possible.", "Shorten it; name the place where the rest can be read.")
                    : new Problem($"{where}.{key}", "is empty.", key == "name" ? "Give it one." : "Write it, or leave the key out.");
            }
            // It goes into cards, reports and terminals.
            else if (text is not null && TerminalText.Harmless(text) != text)
            {
                yield return new Problem($"{where}.{key}", "holds characters that steer a terminal.", "Write it in plain text.");
            }
        }

        var signs = teacher.Match.Model.Concat(teacher.Match.Endpoint).ToList();
        if (signs.Count + teacher.Match.Sha256.Count == 0)
        {
            yield return new Problem($"{where}.match", "has nothing to be known by.", "Write 'match: { model: \"…\" }', or sha256, or endpoint.");
        }

        if (signs.Any(sign => string.IsNullOrWhiteSpace(sign) || sign.Length > MostCharacters))
        {
            yield return new Problem($"{where}.match", $"has a pattern that is empty, or longer than {MostCharacters:N0} characters.", "Write the model's name; * stands for any text.");
        }

        foreach (var hash in teacher.Match.Sha256.Where(hash => hash.Length != 64 || !hash.All(char.IsAsciiHexDigit)))
        {
            yield return new Problem($"{where}.match.sha256", $"'{(hash.Length <= 70 ? hash : hash[..67] + "...")}' is no SHA-256.", "It has 64 hexadecimal digits: 'sha256sum FILE' prints it.");
        }
    }
}
