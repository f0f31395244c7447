using System.Text.Json;
using System.Text.Json.Nodes;

namespace DistillForge.Text;

/// <summary>How a <c>tokenizer.json</c> cuts text before byte-level BPE, by the name that llama.cpp v0.5.0 has for the same expression.</summary>
public static class KnownPreTokenizers
{
    const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    // The expression of Split, as the models' own files have it.
    static readonly Dictionary<string, string> BySplit = new(StringComparer.Ordinal)
    {
        [Gpt2] = "gpt-2",
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] = "qwen2",
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] = "llama-bpe",
    };

    const string ByDigits = "smollm";

    /// <summary>As <c>tokenizer.ggml.pre</c> has them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. BySplit.Values, ByDigits];

    /// <summary>The other way: the <c>pre_tokenizer</c> of a <c>tokenizer.json</c>; null for a name that is not known.</summary>
    public static JsonObject? Write(string name)
    {
        JsonObject Sequence(JsonObject first, bool cuts) => new()
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(first, new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = cuts }),
        };

        return name == ByDigits ? Sequence(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, cuts: true)
            : BySplit.FirstOrDefault(known => known.Value == name).Key is { } pattern ? Sequence(new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false }, cuts: false)
            : null;
    }

    /// <param name="steps">In their order, <c>ByteLevel</c> the last.</param>
    /// <returns>Null where llama.cpp has no name for it that we know of.</returns>
    public static string? NameOf(IReadOnlyList<JsonElement> steps)
    {
        if (steps.Count is 0 or > 2 || Type(steps[^1]) != "ByteLevel" || Flag(steps[^1], "add_prefix_space", otherwise: true))
        {
            return null;
        }

        // ByteLevel cuts with GPT-2's expression itself, unless it is told not to.
        var cuts = Flag(steps[^1], "use_regex", otherwise: true);
        return (steps.Count, cuts) switch
        {
            (1, true) => "gpt-2",
            (2, true) when Type(steps[0]) == "Digits" && Flag(steps[0], "individual_digits", otherwise: false) => ByDigits,
            (2, false) when Type(steps[0]) == "Split" && Text(steps[0], "behavior") == "Isolated" && !Flag(steps[0], "invert", otherwise: false) => BySplit.GetValueOrDefault(Pattern(steps[0])),
            _ => null,
        };
    }

    static string? Type(JsonElement step) => Text(step, "type");

    static string? Text(JsonElement step, string key) => step.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    static bool Flag(JsonElement step, string key, bool otherwise) => step.TryGetProperty(key, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : otherwise;

    static string Pattern(JsonElement step) => step.TryGetProperty("pattern", out var pattern) && pattern.ValueKind == JsonValueKind.Object ? Text(pattern, "Regex") ?? "" : "";
}
