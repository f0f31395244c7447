using System.Collections.Concurrent;

namespace DistillForge.Data;

/// <summary>The terms that a recipe's rows are under: by the recipe's own teachers where one of them answered, else by what the row says of its author.</summary>
/// <param name="teachers">The recipe's teachers by the name that rows carry.</param>
/// <param name="lifted">A person's word against the terms, where there is one.</param>
public sealed class TermsInForce(TermsRegister register, IReadOnlyDictionary<string, TeacherSigns> teachers, OverrideSettings? lifted)
{
    readonly ConcurrentDictionary<(string Author, string? Sha256), (TeacherTerms, string?)> known = new();

    public TermsRegister Register => register;

    public OverrideSettings? Lifted => lifted;

    /// <summary>By DistillForge's own register, for rows whose recipe nobody knows.</summary>
    public static TermsInForce Own => new(TermsRegister.Own, new Dictionary<string, TeacherSigns>(), null);

    /// <param name="author">As rows carry it.</param>
    /// <returns>The terms, and by which sign the author is known.</returns>
    public (TeacherTerms Terms, string? By) Of(string author, string? sha256 = null)
        => known.GetOrAdd((author, sha256), who => register.Of(teachers.GetValueOrDefault(who.Author) ?? new TeacherSigns([who.Author], who.Sha256)));

    /// <summary>The signs of a teacher of a recipe.</summary>
    /// <param name="identity">SHA-256 of its file; null for an API.</param>
    public static TeacherSigns SignsOf(TeacherSource teacher, string? identity) => new(
        [.. new[] { teacher.DisplayName, teacher.Model, teacher.Gguf is { } gguf ? Path.GetFileNameWithoutExtension(gguf.Path) : null }.OfType<string>().Distinct()],
        identity,
        teacher.Api is { } api ? [api, .. teacher.Endpoints] : []);

    /// <summary>One line for manifests and cards.</summary>
    public string Describe(string author, string? sha256 = null) => Of(author, sha256) is var (terms, by) ? Describe(terms, by) : "";

    /// <summary>One line for manifests and cards.</summary>
    /// <param name="by">The sign by which the teacher is known.</param>
    public static string Describe(TeacherTerms terms, string? by)
        => $"{terms.Name}{(by is null ? "" : $" (known by {by})")}; license {terms.License ?? "unknown"}; may train: {terms.MayTrain.ToString().ToLowerInvariant()}{(terms.Terms is { } text ? $"; {text}" : "")}{(terms.Attribution is { } attribution ? $"; attribution: {attribution}" : "")}";
}
