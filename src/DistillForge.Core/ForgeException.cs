namespace DistillForge.Core;

/// <summary>What went wrong, for a person: where, what, and what to do instead.</summary>
/// <param name="Where">A key, a field, a file; empty when the heading says it.</param>
/// <param name="What">What is there and why it does not do.</param>
/// <param name="Instead">What to do instead; may be empty.</param>
/// <param name="Line">Line in the file, from 1; 0 when there is none.</param>
public sealed record Problem(string Where, string What, string Instead = "", int Line = 0)
{
    public override string ToString() => string.Join(' ', new[] { Where.Length > 0 ? Where + ":" : "", What, Instead }.Where(part => part.Length > 0));
}

/// <summary>How a command ends.</summary>
public static class ExitCode
{
    public const int Done = 0;
    public const int OurBug = 1;

    /// <summary>The user can fix it.</summary>
    public const int UserCanFix = 2;

    /// <summary>A teacher, file or device is unavailable.</summary>
    public const int Unavailable = 3;

    /// <summary>Interrupted; the state is safe.</summary>
    public const int Interrupted = 130;
}

/// <summary>A mistake or a lack that the user is told of without a stack trace: a heading and all problems at once.</summary>
public class ForgeException : Exception
{
    /// <param name="heading">Which file or thing, e.g. <c>recipes/tiny.yaml</c>; empty when the problem says it.</param>
    public ForgeException(string heading, IReadOnlyList<Problem> problems, int exitCode = Core.ExitCode.UserCanFix, Exception? inner = null)
        : base(Render(heading, problems), inner)
        => (Heading, Problems, ExitCode) = (heading, problems, exitCode);

    public ForgeException(Problem problem, int exitCode = Core.ExitCode.UserCanFix, Exception? inner = null)
        : this("", [problem], exitCode, inner)
    {
    }

    public string Heading { get; }

    public IReadOnlyList<Problem> Problems { get; }

    public int ExitCode { get; }

    static string Render(string heading, IReadOnlyList<Problem> problems)
    {
        if (heading.Length == 0 && problems.Count == 1)
        {
            return problems[0].ToString();
        }

        var width = problems.Max(p => p.Where.Length);
        var lines = problems.Select(p => $"    {(p.Line > 0 ? p.Line.ToString() : ""),4}  {p.Where.PadRight(width)}  {p.What}{(p.Instead.Length > 0 ? " " + p.Instead : "")}".TrimEnd());
        return $"{heading} has {problems.Count} {(problems.Count == 1 ? "problem" : "problems")}:\n{string.Join('\n', lines)}";
    }
}
