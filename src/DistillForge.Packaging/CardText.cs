using System.Text;

namespace DistillForge.Packaging;

/// <summary>Foreign text in Markdown and YAML: one line, and nothing that either would take for more than text.</summary>
static class CardText
{
    public static void Section(StringBuilder text, string title, string[] heads, IEnumerable<string[]> rows)
    {
        text.Append($"\n## {Plain(title)}\n\n| {string.Join(" | ", heads)} |\n|{string.Concat(heads.Select(_ => "---|"))}\n");
        foreach (var row in rows)
        {
            text.Append($"| {string.Join(" | ", row.Select(cell => Plain(cell).Replace("|", "\\|", StringComparison.Ordinal)))} |\n");
        }
    }

    public static void List(StringBuilder text, string title, IReadOnlyList<string> lines) => text.Append($"\n## {title}\n\n{string.Concat(lines.Select(line => $"- {Plain(line)}\n"))}");

    public static string Plain(string text)
    {
        var plain = new StringBuilder();
        foreach (var c in text)
        {
            plain.Append(char.IsControl(c) ? " " : c is '<' ? "&lt;" : c is '\\' or '`' or '[' or ']' or '*' or '_' ? $"\\{c}" : c.ToString());
        }

        return plain.ToString();
    }

    public static string Yaml(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            quoted.Append(c is '"' or '\\' ? $"\\{c}" : char.IsControl(c) ? " " : c.ToString());
        }

        return quoted.Append('"').ToString();
    }
}
