using DistillForge.Text;

namespace DistillForge.Tests;

static class SomeVocabulary
{
    public static Vocabulary Of(params string[] merges) => Of([], merges);

    /// <summary>The 256 bytes, then the control tokens, then what the merges make.</summary>
    public static Vocabulary Of(string[] control, string[] merges)
    {
        var bytes = BpeTrainer.Train([], 260).Tokens.Take(256);
        string[] tokens = [.. bytes, .. control, .. merges.Select(merge => merge.Replace(" ", ""))];
        return new Vocabulary
        {
            Kind = "gpt2",
            Pre = "qwen2",
            Tokens = tokens,
            Types = [.. tokens.Select((_, id) => id >= 256 && id < 256 + control.Length ? TokenType.Control : TokenType.Normal)],
            Merges = merges,
            Eos = control.Length > 0 ? 256 : null,
        };
    }
}
