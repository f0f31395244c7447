using System.Text;
using DistillForge.Text;

namespace DistillForge.Training;

/// <summary>A row as the student will see it, and what of it is trained on.</summary>
static class ShownExample
{
    const int Longest = 1200;

    /// <param name="colour">Trained tokens are green; else they stand in ⟦brackets⟧.</param>
    public static string Of(Row row, Vocabulary vocabulary, bool colour)
    {
        var trained = row.Trained.Select(i => row.Trace.PromptLength + i).ToHashSet();
        var (before, after) = colour ? ("\e[32m", "\e[0m") : ("⟦", "⟧");
        var text = new StringBuilder();
        var ids = row.Trace.TokenIds[..(row.Length + 1)];
        for (var start = 0; start < ids.Length && text.Length < Longest;)
        {
            var end = start + 1;
            while (end < ids.Length && trained.Contains(end) == trained.Contains(start))
            {
                end++;
            }

            var part = Visible(Encoding.UTF8.GetString([.. ids[start..end].SelectMany(vocabulary.BytesOf)]));
            text.Append(trained.Contains(start) ? $"{before}{part}{after}" : part);
            start = end;
        }

        return text.ToString();
    }

    // A row is anybody's text: it must not steer a terminal.
    static string Visible(string text)
    {
        var visible = string.Concat(text.ReplaceLineEndings("⏎").EnumerateRunes().Select(rune => Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.Format ? "·" : rune.ToString()));
        return visible.Length <= Longest / 3 ? visible : $"{visible[..(Longest / 6)]} … {visible[^(Longest / 6)..]}";
    }
}
