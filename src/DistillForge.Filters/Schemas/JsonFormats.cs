using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DistillForge.Filters;

/// <summary>The formats of JSON Schema that are checked.</summary>
static class JsonFormats
{
    static readonly SortedDictionary<string, Func<string, bool>> Known = new(StringComparer.Ordinal)
    {
        ["date"] = text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        ["time"] = text => text.Length >= 9 && IsDateTime("2000-01-01T" + text),
        ["date-time"] = IsDateTime,
        ["email"] = IsEmail,
        ["hostname"] = text => text.Length <= 253 && Uri.CheckHostName(text) == UriHostNameType.Dns,
        ["ipv4"] = text => text.Split('.').Length == 4 && IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetwork,
        ["ipv6"] = text => !text.Contains('%') && !text.Contains('[') && IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6,
        ["uri"] = text => text.Contains(':') && Uri.TryCreate(text, UriKind.Absolute, out _) && !text.Contains(' '),
        ["uuid"] = text => text.Length == 36 && Guid.TryParseExact(text, "D", out _),
    };

    public static IEnumerable<string> Names => Known.Keys;

    public static Func<string, bool>? Find(string name) => Known.GetValueOrDefault(name);

    static bool IsEmail(string text)
    {
        var at = text.LastIndexOf('@');
        return at > 0 && at < text.Length - 1 && !text.Any(char.IsWhiteSpace) && Uri.CheckHostName(text[(at + 1)..]) != UriHostNameType.Unknown;
    }

    // RFC 3339: with seconds and an offset.
    static bool IsDateTime(string text)
        => text.Length is >= 20 and <= 40 && text[10] is 'T' or 't' && char.IsAsciiDigit(text[18]) && (text[^1] is 'Z' or 'z' || (text[^6] is '+' or '-' && text[^3] == ':'))
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
}
