using System.Text.RegularExpressions;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops rows with marks of prompt injection: orders to forget instructions, jailbreak personas, control tokens, and links that carry data out.</summary>
[Component("prompt-injection")]
public sealed partial class PromptInjection(PromptInjection.Options options) : IFilter
{
    const int Window = 200;

    public sealed record Options(Scope Scope = Scope.All);

    static readonly TermFinder Anchors = new([
        "ignore", "disregard", "forget", "override", "bypass", "you are now", "you're now", "from now on", "pretend", "act as", "developer mode", "dan mode", "jailbreak", "do anything now", "no restrictions", "without any restrictions", "system prompt", "system message", "initial prompt", "hidden instructions", "your instructions",
        "new instructions", "begin system", "end of prompt", "<|im_start|>", "<|system|>", "<|endoftext|>", "<<sys>>", "[inst]", "### system", "system:", "assistant instructions", "do not tell the user", "don't tell the user", "without telling the user",
        "ignoriere", "vergiss", "oublie", "ignorez", "olvida", "ignora", "ignore as"], wholeWords: false);

    public Verdict Judge(Example example)
    {
        foreach (var passage in Passage.Of(example, options.Scope))
        {
            for (var from = 0; Anchors.TryFind(passage.Text, from, out var start, out _); from = start + 1)
            {
                if (Marks.LengthAt(passage.Text.AsSpan(start, Math.Min(Window, passage.Text.Length - start))) is > 0 and var length)
                {
                    return Verdict.Drop("prompt-injection", $"'{passage.Text.AsSpan(start, length).ToString().ReplaceLineEndings(" ")}' at {passage.At(start, start + length)}");
                }
            }

            if (passage.Text.Contains("![", StringComparison.Ordinal) && Link().Match(passage.Text) is { Success: true } link)
            {
                return Verdict.Drop("data-link", $"an image that would carry data out at {passage.At(link.Index, link.Index + link.Length)}");
            }
        }

        return Verdict.Keep;
    }

    static readonly Phrases Marks = new(
        @"(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|everything|every|the|your|of|these|those|my|our|what\s+you\s+were\s+told|and|safety|content)\s+){0,5}(?:(?:previous|prior|above|earlier|preceding|foregoing|existing|initial|original|system|safety|content|instructions?\s+and)\s+){1,3}(?:\w+\s+){0,2}(?:instructions?|prompts?|rules|messages?|directions|guidelines|context|commands|orders|directives|filters?|polic(?:y|ies)|training)",
        @"(?:ignore|disregard|forget)\s+(?:all\s+(?:of\s+)?)?(?:your\s+(?:instructions|rules|guidelines|programming|training|system\s+prompt)|the\s+(?:instructions|guidelines|system\s+prompt))",
        @"(?:ignore|disregard|forget)\s+everything\s+(?:above|before|you\s+(?:were|have\s+been|know)|i\s+said\s+before|that\s+came\s+before)",
        @"(?:you\s+are|you['’]re)\s+now\s+(?:dan\b|in\s+(?:developer|dan|god|jailbreak|unrestricted)\s+mode|an?\s+(?:unrestricted|unfiltered|uncensored|jailbroken|evil))",
        @"from\s+now\s+on,?\s+you\s+(?:are|will|must)\s+(?:dan\b|(?:act|respond|answer|behave)\s+(?:as|like|without)\s+(?:dan|an?\s+(?:unrestricted|unfiltered|uncensored)|any\s+(?:restrictions|filters|rules)|restrictions)|ignore|not\s+follow|no\s+longer\s+follow)",
        @"pretend\s+(?:that\s+)?you\s+(?:have\s+no|are\s+not\s+bound\s+by|don['’]t\s+have\s+any)\s+(?:restrictions|rules|guidelines|limitations|filters|limits)",
        @"act\s+as\s+(?:dan\b|if\s+you\s+have\s+no\s+(?:restrictions|rules|guidelines|limits)|an?\s+(?:unrestricted|unfiltered|uncensored|jailbroken))",
        @"(?:developer|dan)\s+mode\s+(?:is\s+)?(?:enabled|on\b|activated|output)|do\s+anything\s+now|jailbreak(?:ed)?\s+(?:mode|prompt|yourself)",
        @"(?:system\s+prompt|system\s+message|initial\s+prompt|hidden\s+instructions|your\s+instructions)\s*(?::|(?:verbatim|word\s+for\s+word|in\s+full|exactly\s+as|above\s+this)\b)",
        @"new\s+instructions\s*:|begin\s+system\b|end\s+of\s+prompt\b",
        @"<\|im_start\|>|<\|system\|>|<\|endoftext\|>|<<sys>>|\[inst\]|\#\#\#\s+system\b|system:\s+(?:you\s+are|ignore|override|new)",
        @"(?:do\s+not|don['’]t|without)\s+tell(?:ing)?\s+the\s+user\s+(?:about\s+(?:this|these)|that\s+you|anything\s+about)",
        @"(?:ignoriere|vergiss)\s+(?:alle\s+)?(?:\w+\s+){0,2}(?:anweisungen|instruktionen|regeln)|(?:oublie|ignorez)\w*\s+(?:toutes\s+)?(?:les\s+|tes\s+|vos\s+)?(?:instructions|consignes)|(?:olvida|ignora)\s+(?:todas\s+)?(?:las\s+|tus\s+)?(?:instrucciones|reglas)|(?:ignora|dimentica)\s+(?:tutte\s+)?le\s+istruzioni|ignore\s+as\s+instruções");

    // ![x](https://host/p?q=…): an image that a page fetches by itself, with a long value or a placeholder in its query.
    [GeneratedRegex(@"!\[[^\]\n]{0,100}\]\(https?://[^\s)]{1,200}\?[^\s)]{0,100}=(?:\{[^}\s)]{1,60}\}|\[[^\]\s)]{1,60}\]|<[^>\s)]{1,60}>|[A-Za-z0-9+/_%-]{64})", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Link();
}
