using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace DistillForge.Filters;

/// <summary>IPv4 and IPv6 addresses that may be somebody's: not the loopback, not "any", and not version numbers that say so.</summary>
static class IpAddresses
{
    static readonly SearchValues<char> WordEnds = SearchValues.Create(" \t\n(,\"'");
    static readonly TermFinder Versions = new(["version", "versions", "ver", "v", "release", "section", "chapter", "firmware", "build", "clause", "§"]);

    public static void Find(ReadOnlySpan<char> text, ref List<PiiHit>? hits)
    {
        for (var i = 0; i < text.Length;)
        {
            var offset = text[i..].IndexOfAny('.', ':');
            if (offset < 0)
            {
                return;
            }

            var at = i + offset;
            i = Math.Max(at + 1, text[at] == '.' ? Dotted(text, at, ref hits) : Colons(text, at, ref hits));
        }
    }

    // The first dot of a.b.c.d; returns where to go on.
    static int Dotted(ReadOnlySpan<char> text, int dot, ref List<PiiHit>? hits)
    {
        var start = dot;
        while (start > 0 && dot - start < 4 && char.IsAsciiDigit(text[start - 1]))
        {
            start--;
        }

        if (start == dot || (start > 0 && (char.IsLetterOrDigit(text[start - 1]) || text[start - 1] is '.' or '-' or '_' or '/' && IsFraction(text, start))))
        {
            return dot + 1;
        }

        var (end, parts) = (start, 0);
        while (parts < 4 && Part(text, end, out var next))
        {
            parts++;
            end = next;
            if (parts == 4 || end >= text.Length || text[end] != '.')
            {
                break;
            }

            end++;
        }

        var goesOn = end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_' || (text[end] is '.' or '-' && end + 1 < text.Length && char.IsLetterOrDigit(text[end + 1]) && text[end] == '.'));
        if (parts != 4 || goesOn)
        {
            return dot + 1;
        }

        var address = text[start..end];
        if (!IsNobodys(address) && !IsVersion(text, start))
        {
            PiiScanner.Add(ref hits, new PiiHit(PiiKind.IpAddress, "IPv4 address", start, end));
        }

        return end;
    }

    static bool IsFraction(ReadOnlySpan<char> text, int start) => start > 1 && char.IsAsciiDigit(text[start - 2]);

    static bool Part(ReadOnlySpan<char> text, int start, out int end)
    {
        var value = 0;
        for (end = start; end < text.Length && end - start < 4 && char.IsAsciiDigit(text[end]); end++)
        {
            value = (value * 10) + text[end] - '0';
        }

        return end > start && value <= 255 && (end - start == 1 || text[start] != '0');
    }

    static bool IsNobodys(ReadOnlySpan<char> address)
        => address.StartsWith("127.", StringComparison.Ordinal) || address.StartsWith("0.", StringComparison.Ordinal) || address.StartsWith("255.", StringComparison.Ordinal);

    // "version 1.2.3.4": the word stands right before the number.
    static bool IsVersion(ReadOnlySpan<char> text, int start)
    {
        var before = text[Math.Max(0, start - 12)..start].TrimEnd(" :=#");
        var word = before.LastIndexOfAny(WordEnds);
        var last = before[(word + 1)..];
        return Versions.TryFind(last, 0, out var found, out var term) && found + term.Length == last.Length;
    }

    static int Colons(ReadOnlySpan<char> text, int colon, ref List<PiiHit>? hits)
    {
        var start = colon;
        while (start > 0 && colon - start <= 4 && (char.IsAsciiHexDigit(text[start - 1]) || text[start - 1] == ':'))
        {
            start--;
        }

        var end = colon;
        while (end < text.Length && end - start < 46 && (char.IsAsciiHexDigit(text[end]) || text[end] is ':' or '.'))
        {
            end++;
        }

        // A sentence may end behind it.
        var stop = end;
        while (stop > start && text[stop - 1] is '.' or ':' && !(stop - start >= 2 && text[stop - 1] == ':' && text[stop - 2] == ':'))
        {
            stop--;
        }

        var candidate = text[start..stop];
        var bounded = (start == 0 || !(char.IsLetterOrDigit(text[start - 1]) || text[start - 1] is '.' or '_')) && (end == text.Length || !(char.IsLetterOrDigit(text[end]) || text[end] == '_'));
        if (bounded && candidate.Count(':') >= 2 && candidate.Length >= 6 && HasHex(candidate)
            && IPAddress.TryParse(candidate, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 && !IPAddress.IsLoopback(address))
        {
            PiiScanner.Add(ref hits, new PiiHit(PiiKind.IpAddress, "IPv6 address", start, stop));
        }

        return Math.Max(end, colon + 1);
    }

    static bool HasHex(ReadOnlySpan<char> candidate) => candidate.IndexOfAnyInRange('0', 'f') >= 0;
}
