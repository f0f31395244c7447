namespace DistillForge.Text;

/// <summary>A chat template cannot be parsed, or refused a conversation: which line, which construct.</summary>
public sealed class TemplateException : ForgeException
{
    /// <param name="construct">As the template spells it, e.g. <c>{% include %}</c>.</param>
    public TemplateException(string code, int line, string construct, string what, string instead = "")
        : base("chat template", [new Problem(construct, what, instead, line)])
        => (Code, Line) = (code, line);

    /// <summary><c>template-syntax</c>, <c>template-unsupported</c>, <c>template-limit</c>, <c>template-error</c>, or <c>template-refused</c> by its own <c>raise_exception</c>.</summary>
    public string Code { get; }

    public int Line { get; }

    internal static TemplateException Syntax(int line, string construct, string what) => new("template-syntax", line, construct, what);

    internal static TemplateException Unsupported(int line, string construct) => new("template-unsupported", line, construct, "is not supported.", "Give the model a template without it.");

    internal static TemplateException Limit(int line, string construct, string what) => new("template-limit", line, construct, what);
}

/// <summary>How far a template may go. The defaults are far beyond any template that we have seen.</summary>
/// <param name="SourceLength">Characters of the source.</param>
/// <param name="Depth">Nesting in the source; four times as much for calls, values and operators in a row while it renders.</param>
/// <param name="Steps">Nodes evaluated; texts and lists that are made count by their length.</param>
/// <param name="TextLength">Characters of the output and of any text on the way.</param>
public sealed record TemplateLimits(int SourceLength = 1 << 18, int Depth = 100, int Steps = 2_000_000, int TextLength = 1 << 22)
{
    public static TemplateLimits Default { get; } = new();
}
