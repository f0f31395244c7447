using DistillForge.Core;
using DistillForge.Data.Yaml;

namespace DistillForge.Data;

/// <summary>The terms of all teachers that somebody wrote down: <c>teachers.yaml</c>. The first entry that knows a teacher counts.</summary>
public sealed class TermsRegister
{
    public const string FileName = "teachers.yaml";

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
        var unknown = file?.Teachers?.Where(teacher => teacher.Match is null or { Model.Count: 0, Sha256.Count: 0, Endpoint.Count: 0 }) ?? [];
        problems.AddRange(unknown.Select(teacher => new Problem(teacher.Name, "has nothing to be known by.", "Write 'match: { model: \"…\" }', or sha256, or endpoint.")));
        return problems.Count == 0 ? file!.Teachers! : throw new ForgeException(path, [.. problems.OrderBy(problem => problem.Line)]);
    }
}
