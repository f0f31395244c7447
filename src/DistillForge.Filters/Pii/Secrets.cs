using System.Buffers;

namespace DistillForge.Filters;

/// <summary>Keys and tokens by the prefixes that services give them so that they can be found, private keys, and passwords within URLs.</summary>
static class Secrets
{
    const string Alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static readonly SearchValues<char> Upper = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    static readonly SearchValues<char> Word = SearchValues.Create(Alphanumeric + "_");
    static readonly SearchValues<char> Url = SearchValues.Create(Alphanumeric + "_-");
    static readonly SearchValues<char> Dotted = SearchValues.Create(Alphanumeric + "_-.");
    static readonly SearchValues<char> Path = SearchValues.Create(Alphanumeric + "/_-");
    static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    static readonly SearchValues<char> AuthorityEnds = SearchValues.Create(" \t\r\n/\"'<>`");
    static readonly SearchValues<char> Placeholders = SearchValues.Create("{}<>$*[]");

    const int LongestToken = 8192;

    /// <param name="Least">Characters behind the prefix.</param>
    sealed record Rule(string Prefix, string Label, SearchValues<char> Body, int Least, int Most, bool NeedsDigit = true);

    static readonly Rule[] Rules =
    [
        new("AKIA", "AWS access key", Upper, 16, 16, false), new("ASIA", "AWS access key", Upper, 16, 16, false), new("ABIA", "AWS access key", Upper, 16, 16, false), new("ACCA", "AWS access key", Upper, 16, 16, false),
        new("ghp_", "GitHub token", Word, 36, 255), new("gho_", "GitHub token", Word, 36, 255), new("ghu_", "GitHub token", Word, 36, 255), new("ghs_", "GitHub token", Word, 36, 255), new("ghr_", "GitHub token", Word, 36, 255), new("github_pat_", "GitHub token", Word, 50, 255),
        new("glpat-", "GitLab token", Dotted, 20, 300), new("gldt-", "GitLab token", Url, 20, 64), new("glrt-", "GitLab token", Url, 20, 64),
        new("xoxb-", "Slack token", Url, 20, 255), new("xoxp-", "Slack token", Url, 20, 255), new("xoxa-", "Slack token", Url, 20, 255), new("xoxr-", "Slack token", Url, 20, 255), new("xoxs-", "Slack token", Url, 20, 255), new("xoxe-", "Slack token", Url, 20, 255), new("xapp-", "Slack token", Url, 20, 255),
        new("https://hooks.slack.com/services/", "Slack webhook", Path, 30, 120), new("https://discord.com/api/webhooks/", "Discord webhook", Path, 60, 160),
        new("sk-ant-", "Anthropic key", Url, 32, 200), new("sk-proj-", "OpenAI key", Url, 32, 255), new("sk-svcacct-", "OpenAI key", Url, 32, 255), new("sk-or-", "OpenRouter key", Url, 32, 128), new("sk-", "API key", Word, 32, 128),
        new("sk_live_", "Stripe key", Word, 16, 255), new("sk_test_", "Stripe key", Word, 16, 255), new("rk_live_", "Stripe key", Word, 16, 255), new("rk_test_", "Stripe key", Word, 16, 255), new("whsec_", "Stripe webhook secret", Word, 24, 64),
        new("AIza", "Google API key", Url, 35, 35, false), new("ya29.", "Google OAuth token", Dotted, 30, 2000), new("GOCSPX-", "Google OAuth secret", Url, 28, 28, false), new("1//0", "Google refresh token", Url, 60, 200),
        new("hf_", "Hugging Face token", Word, 34, 64, false), new("npm_", "npm token", Word, 36, 36), new("pypi-AgE", "PyPI token", Url, 50, 300, false), new("dckr_pat_", "Docker token", Url, 27, 27), new("dop_v1_", "DigitalOcean token", Hex, 64, 64), new("doo_v1_", "DigitalOcean token", Hex, 64, 64),
        new("SG.", "SendGrid key", Dotted, 60, 70), new("shpat_", "Shopify token", Hex, 32, 32), new("shpss_", "Shopify secret", Hex, 32, 32), new("sq0atp-", "Square token", Url, 22, 22), new("sq0csp-", "Square secret", Url, 43, 43), new("EAAA", "Square token", Url, 60, 60),
        new("key-", "Mailgun key", Hex, 32, 32), new("NRAK-", "New Relic key", Upper, 27, 27), new("PMAK-", "Postman key", Url, 50, 64), new("lin_api_", "Linear key", Word, 40, 40), new("figd_", "Figma token", Url, 40, 64), new("dapi", "Databricks token", Hex, 32, 32), new("hvs.", "Vault token", Url, 24, 200), new("gsk_", "Groq key", Word, 48, 64), new("r8_", "Replicate token", Word, 37, 37), new("xai-", "xAI key", Word, 60, 100), new("tskey-", "Tailscale key", Url, 20, 80), new("AGE-SECRET-KEY-1", "age key", Upper, 58, 58),
    ];

    static readonly TermFinder Prefixes = new([.. Rules.Select(rule => rule.Prefix), "eyJ", "-----BEGIN", "://"], wholeWords: false, ignoreCase: false);
    static readonly Dictionary<string, Rule> ByPrefix = Rules.ToDictionary(rule => rule.Prefix, StringComparer.Ordinal);

    public static void Find(ReadOnlySpan<char> text, ref List<PiiHit>? hits)
    {
        for (var from = 0; Prefixes.TryFind(text, from, out var start, out var prefix);)
        {
            var (end, label) = prefix switch
            {
                "eyJ" => (Token(text, start), "JSON web token"),
                "-----BEGIN" => (PrivateKey(text, start), "private key"),
                "://" => (Password(text, ref start), "password in a URL"),
                _ => (Key(text, start, ByPrefix[prefix]), ByPrefix[prefix].Label),
            };
            if (end > start)
            {
                PiiScanner.Add(ref hits, new PiiHit(PiiKind.Secret, label, start, end));
            }

            from = Math.Max(end, Math.Max(from, start) + (prefix == "://" ? 3 : 1));
        }
    }

    static int Key(ReadOnlySpan<char> text, int start, Rule rule)
    {
        if (start > 0 && (char.IsAsciiLetterOrDigit(text[start - 1]) || text[start - 1] == '_'))
        {
            return -1;
        }

        var body = text[(start + rule.Prefix.Length)..];
        body = body[..Math.Min(body.Length, rule.Most + 2)];
        var length = body.IndexOfAnyExcept(rule.Body);
        length = length < 0 ? body.Length : length;
        while (length > 0 && !char.IsAsciiLetterOrDigit(body[length - 1]) && length > rule.Least)
        {
            length--;
        }

        var goesOn = length < body.Length && char.IsAsciiLetterOrDigit(body[length]);
        return length >= rule.Least && length <= rule.Most && !goesOn && IsRandom(body[..length], rule.NeedsDigit) ? start + rule.Prefix.Length + length : -1;
    }

    // "sk-xxxxxxxx" and "ghp_your_token_here" are placeholders.
    static bool IsRandom(ReadOnlySpan<char> body, bool needsDigit)
    {
        var different = 0;
        for (var i = 0; i < body.Length && different < 6; i++)
        {
            different += body[..i].Contains(body[i]) ? 0 : 1;
        }

        return different >= 6 && (!needsDigit || body.IndexOfAnyInRange('0', '9') >= 0);
    }

    // header.payload.signature, the first two of which are JSON objects and so begin with eyJ.
    static int Token(ReadOnlySpan<char> text, int start)
    {
        if (start > 0 && char.IsAsciiLetterOrDigit(text[start - 1]))
        {
            return -1;
        }

        var token = text.Slice(start, Math.Min(LongestToken, text.Length - start));
        var first = token.IndexOf('.');
        // Before anything long is read: "eyJ.eyJ.eyJ." would have it read again from every place.
        if (first < 12 || !token[(first + 1)..].StartsWith("eyJ", StringComparison.Ordinal))
        {
            return -1;
        }

        var length = token.IndexOfAnyExcept(Dotted);
        token = length < 0 ? token : token[..length];
        if (token.Length <= first)
        {
            return -1;
        }

        var second = token[(first + 1)..].IndexOf('.');
        return second >= 8 && token.Length - first - second - 2 >= 16 ? start + token.TrimEnd('.').Length : -1;
    }

    static int PrivateKey(ReadOnlySpan<char> text, int start)
    {
        var head = text.Slice(start, Math.Min(60, text.Length - start));
        if (!head.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            return -1;
        }

        var close = text[start..].IndexOf("-----END", StringComparison.Ordinal);
        if (close < 0)
        {
            return text.Length;
        }

        var line = text[(start + close)..].IndexOf('\n');
        return line < 0 ? text.Length : start + close + line;
    }

    // scheme://user:password@host: the hit is user and password.
    static int Password(ReadOnlySpan<char> text, ref int start)
    {
        var credentials = text[(start + 3)..];
        var stop = credentials.IndexOfAny(AuthorityEnds);
        credentials = stop < 0 ? credentials : credentials[..stop];
        var at = credentials.LastIndexOf('@');
        var colon = credentials.IndexOf(':');
        if (colon < 0 || at < colon + 4 || credentials[(colon + 1)..at].IndexOfAny(Placeholders) >= 0 || credentials[(colon + 1)..at].Equals("password", StringComparison.OrdinalIgnoreCase))
        {
            return -1;
        }

        start += 3;
        return start + at;
    }
}
