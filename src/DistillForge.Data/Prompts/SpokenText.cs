using System.Text;
using DistillForge.Core;

namespace DistillForge.Data.Prompts;

/// <summary>Texts that count as the same when spoken.</summary>
static class SpokenText
{
    /// <summary>Lower case, letters, digits and percent signs only, single spaces.</summary>
    public static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsLetterOrDigit(c) || c == '%')
            {
                plain.Append(char.ToLowerInvariant(c));
            }
            else if (c != '\'' && plain.Length > 0 && plain[^1] != ' ')
            {
                plain.Append(' ');
            }
        }

        // A script without letters that .NET knows would otherwise be one single text.
        return plain.Length == 0 ? text : plain.ToString().TrimEnd();
    }
}

/// <summary>Texts that a template must never make, e.g. those of a test set.</summary>
static class ExcludedTexts
{
    static readonly string[] TextKeys = ["question", "text", "prompt", "user"];

    public static HashSet<string> Read(PromptDefinition definition)
    {
        var texts = new HashSet<string>();
        foreach (var path in definition.Exclude)
        {
            foreach (var row in Rows.Read(path))
            {
                var key = TextKeys.FirstOrDefault(row.ContainsKey)
                    ?? throw new ForgeException(definition.Path, [new Problem("exclude", $"{path} has none of the columns {string.Join(", ", TextKeys)}.", "Name one of its columns so.")]);
                texts.Add(SpokenText.Plain(row[key].Text));
            }
        }

        return texts;
    }
}
