using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers that stop in the middle: a code fence, JSON or a bracket of code that was opened and never closed.</summary>
[Component("unclosed")]
public sealed class Unclosed(Unclosed.Options options) : IFilter
{
    /// <param name="Fences">Code fences of Markdown (<c>```</c>, <c>~~~</c>) must be closed.</param>
    /// <param name="Json">JSON, alone or in a fence that says so, must be closed.</param>
    /// <param name="Code">Round, square and curly brackets within fenced code must be closed; strings and comments are passed over as well as one can without knowing the language.</param>
    public sealed record Options(bool Fences = true, bool Json = true, bool Code = false);

    // Prose, patches and shell sessions open brackets that nobody closes.
    static readonly string[] NoCode = ["text", "txt", "plain", "plaintext", "md", "markdown", "console", "diff", "patch", "output", "log", "bash", "sh", "shell", "zsh", "latex", "tex", "regex"];

    public Verdict Judge(Example example)
    {
        var text = example.Text;
        var fence = new Fence();
        foreach (var range in text.AsSpan().Split('\n'))
        {
            var (start, length) = range.GetOffsetAndLength(text.Length);
            var was = fence;
            fence = fence.After(text.AsSpan(start, length), start, start + length);
            if (was.IsOpen && !fence.IsOpen && Block(text, was, start) is { } broken)
            {
                return broken;
            }
        }

        if (fence.IsOpen)
        {
            return options.Fences ? Verdict.Drop("unclosed-fence", $"the code fence at characters {fence.Start}..{fence.Content} is never closed") : Verdict.Keep;
        }

        var trimmed = text.Length - text.AsSpan().TrimStart().Length;
        return options.Json && trimmed < text.Length && text[trimmed] is '{' or '[' && LooksLikeJson(text.AsSpan(trimmed))
            ? OpenJson(text, trimmed, text.Length) ?? Verdict.Keep
            : Verdict.Keep;
    }

    Verdict? Block(string text, Fence fence, int end)
    {
        var language = text.AsSpan(fence.Info, fence.Content - fence.Info).Trim();
        var start = Math.Min(fence.Content + 1, end);
        if (language.StartsWith("json", StringComparison.OrdinalIgnoreCase))
        {
            return options.Json ? OpenJson(text, start, end) : null;
        }

        foreach (var other in NoCode)
        {
            if (language.Equals(other, StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }
        }

        return options.Code && !language.IsEmpty && Brackets.FirstOpen(text.AsSpan(start, end - start), Brackets.Syntax.Code) is >= 0 and var open
            ? Verdict.Drop("unclosed-bracket", $"'{text[start + open]}' of the code at characters {start + open}..{start + open + 1} is never closed")
            : null;
    }

    static Verdict? OpenJson(string text, int start, int end)
        => Brackets.FirstOpen(text.AsSpan(start, end - start), Brackets.Syntax.Json) is >= 0 and var open
            ? Verdict.Drop("unclosed-json", $"'{text[start + open]}' of the JSON at characters {start + open}..{start + open + 1} is never closed")
            : null;

    // "{" before a name in quotes or its end, "[" before a value: "[Note] that" and "[see" are prose.
    static bool LooksLikeJson(ReadOnlySpan<char> text)
    {
        var inner = text[1..].TrimStart();
        return text[0] == '{' ? inner.IsEmpty || inner[0] is '"' or '}' : inner.IsEmpty || inner[0] is '"' or '{' or '[' or ']' or '-' or (>= '0' and <= '9');
    }

    /// <summary>A code fence as CommonMark has it.</summary>
    /// <param name="Start">Where its line begins.</param>
    /// <param name="Info">Where the language is written.</param>
    /// <param name="Content">Where its line ends.</param>
    readonly record struct Fence(char Mark, int Length, int Start, int Info, int Content)
    {
        public bool IsOpen => Length > 0;

        public Fence After(ReadOnlySpan<char> line, int start, int end)
        {
            var indent = line.Length - line.TrimStart(' ').Length;
            var body = line[indent..].TrimEnd("\r \t");
            if (body.Length < 3 || body[0] is not ('`' or '~') || (IsOpen ? body[0] != Mark : indent > 12))
            {
                return this;
            }

            var run = body.IndexOfAnyExcept(body[0]);
            run = run < 0 ? body.Length : run;
            if (IsOpen)
            {
                return run >= Length && run == body.Length ? default : this;
            }

            // `` ```code``` `` within a line opens nothing.
            return run >= 3 && (body[0] == '~' || !body[run..].Contains('`')) ? new Fence(body[0], run, start, start + indent + run, end) : this;
        }
    }
}
