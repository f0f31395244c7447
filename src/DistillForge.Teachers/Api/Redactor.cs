using System.Text;

namespace DistillForge.Teachers;

/// <summary>Takes keys out of text that somebody else wrote: a server may repeat what it was sent.</summary>
sealed class Redactor
{
    // Shorter ones ("EMPTY", "ollama") stand where a server wants any key: an answer may well hold such a word.
    const int ShortestSecret = 16;

    readonly List<string> forms = [];
    readonly List<string> secrets = [];

    public Redactor(IEnumerable<string> keys)
    {
        foreach (var key in keys.Where(key => key.Length > 0).Distinct(StringComparer.Ordinal))
        {
            var bytes = Encoding.UTF8.GetBytes(key);
            string[] spellings = [key, Uri.EscapeDataString(key), Convert.ToBase64String(bytes), Convert.ToHexString(bytes), Convert.ToHexStringLower(bytes), new string([.. key.Reverse()])];
            forms.AddRange(spellings);
            if (key.Length >= ShortestSecret)
            {
                // Half of a key is still a secret.
                string[] halves = [key[..(key.Length / 2)], key[(key.Length / 2)..]];
                forms.AddRange(halves);
                secrets.AddRange([.. spellings, .. halves]);
            }
        }

        // The longest first, so that no rest of one is left.
        forms = [.. forms.Distinct(StringComparer.Ordinal).OrderByDescending(form => form.Length)];
    }

    /// <summary>Whether a text holds a key, or half of one.</summary>
    public bool HoldsKey(string text) => secrets.Exists(form => text.Contains(form, StringComparison.OrdinalIgnoreCase));

    /// <summary>One line of at most <paramref name="length"/> characters, without keys and control characters.</summary>
    public string Clean(string text, int length = 400)
    {
        foreach (var form in forms)
        {
            text = text.Replace(form, "[key]", StringComparison.OrdinalIgnoreCase);
        }

        var line = new string([.. text.Take(4 * length).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return line.Length <= length ? line : line[..length] + "…";
    }
}
