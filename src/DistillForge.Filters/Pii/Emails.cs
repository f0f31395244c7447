using System.Buffers;

namespace DistillForge.Filters;

/// <summary>E-mail addresses: local@domain.tld, also written with <c>(at)</c> or <c>[at]</c>.</summary>
static class Emails
{
    static readonly SearchValues<char> Local = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-'&=~#!$*/?^{}|`");
    static readonly SearchValues<char> Domain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    static readonly SearchValues<string> At = SearchValues.Create(["@", "(at)", "[at]", "＠"], StringComparison.OrdinalIgnoreCase);

    public static void Find(ReadOnlySpan<char> text, ref List<PiiHit>? hits)
    {
        for (var from = 0; from < text.Length;)
        {
            var offset = text[from..].IndexOfAny(At);
            if (offset < 0)
            {
                return;
            }

            var at = from + offset;
            var mark = text[at] is '@' or '＠' ? 1 : 4;
            from = at + mark;
            var gap = mark == 4 ? 1 : 0;
            var start = StartOf(text, at - (gap == 1 && at > 0 && text[at - 1] == ' ' ? 1 : 0));
            var domain = at + mark + (gap == 1 && at + mark < text.Length && text[at + mark] == ' ' ? 1 : 0);
            var end = EndOf(text, domain);
            if (start < at && end > domain)
            {
                PiiScanner.Add(ref hits, new PiiHit(PiiKind.Email, "e-mail address", start, end));
                from = end;
            }
        }
    }

    static int StartOf(ReadOnlySpan<char> text, int end)
    {
        var start = end;
        while (start > 0 && end - start < 64 && (Local.Contains(text[start - 1]) || char.IsLetter(text[start - 1])))
        {
            start--;
        }

        // "contact=x@y.z": a key before it. No address that people have holds an equals sign.
        start += text[start..end].LastIndexOf('=') + 1;

        // Marks of the sentence around it: 'x@y.z', `x@y.z`, mailto=x@y.z.
        while (start < end && !char.IsLetterOrDigit(text[start]) && text[start] != '_')
        {
            start++;
        }

        return start;
    }

    // Behind the last label that can be a top-level domain; the domain's start when there is none.
    static int EndOf(ReadOnlySpan<char> text, int start)
    {
        var end = start;
        while (end < text.Length && end - start < 253 && (Domain.Contains(text[end]) || (text[end] > 127 && char.IsLetter(text[end]))))
        {
            end++;
        }

        while (end > start)
        {
            var domain = text[start..end];
            var dot = domain.LastIndexOf('.');
            if (dot <= 0)
            {
                return start;
            }

            if (IsTop(domain[(dot + 1)..]) && !domain.Contains("..", StringComparison.Ordinal) && char.IsLetterOrDigit(domain[0]) && char.IsLetterOrDigit(domain[dot - 1]))
            {
                return end;
            }

            end = start + dot;
        }

        return start;
    }

    static bool IsTop(ReadOnlySpan<char> label)
    {
        if (label.Length is < 2 or > 24 || label[0] == '-')
        {
            return false;
        }

        foreach (var character in label)
        {
            if (!char.IsLetter(character) && !label.StartsWith("xn--", StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }
        }

        // Version numbers and images: user@2x.png.
        return label is not ("png" or "jpg" or "jpeg" or "gif" or "svg" or "webp" or "js" or "css");
    }
}
