using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DistillForge.Core;

namespace DistillForge.Data.Prompts;

/// <summary>One prompt that a template made, with the answer and slice that it knows.</summary>
/// <param name="Expected">The known right answer, where the template has one.</param>
/// <param name="Category">A slice to report by, where the template has one.</param>
public readonly record struct PromptDraw(IReadOnlyList<Message> Messages, string? Expected, string? Category)
{
    /// <summary>User turns to be asked after the answer, one after the other; null for none.</summary>
    public IReadOnlyList<string>? FollowUps { get; init; }

    /// <summary>What makes it another prompt, where that is not its whole text: few-shot examples may change around one question.</summary>
    public string? Key { get; init; }

    /// <summary>What the row itself says of where it comes from.</summary>
    public string? Source { get; init; }

    /// <summary>Everything that the user says; two prompts with the same are one.</summary>
    internal string Identity => Key ?? string.Join('\0', Messages.Select(message => message.Content).Concat(FollowUps ?? []));
}

/// <summary>
/// Makes prompts without end from a <c>*.prompt.yaml</c> file: slots, phrasings, noise, and an answer computed from the slots; or, with
/// <c>kind: handlebars</c>, Handlebars templates over lists and files.
/// A fixed share of the texts, chosen by their hash, is held out: <see cref="Draw"/> never gives them, <see cref="DrawHeldOut"/> nothing else.
/// </summary>
public sealed class PromptTemplate
{
    // So many refusals in a row mean that there is nothing to find, not bad luck: at 2 % held out the odds are below 1e-800.
    const int Patience = 100_000;

    readonly PromptDefinition definition;
    readonly HashSet<string> excluded;

    PromptTemplate(PromptDefinition definition)
        => (this.definition, excluded) = (definition, ExcludedTexts.Read(definition));

    /// <summary>Where it was read from.</summary>
    public string Path => definition.Path;

    /// <summary>Every file that the draws depend on, the template first; for the manifest.</summary>
    public IReadOnlyList<string> Files => definition.Files;

    /// <summary>The share of all texts that is held out.</summary>
    public double HeldOutShare => definition.HeldOut;

    /// <exception cref="ForgeException">The file cannot be read, or everything that is wrong with it.</exception>
    public static PromptTemplate Load(string path) => new(TemplateReader.Read(path));

    /// <summary>Prompts to train on, without end; the same seed gives the same ones.</summary>
    public IEnumerable<PromptDraw> Draw(long seed) => Draws(seed, heldOut: false);

    /// <summary>Prompts to test on, without end: none of them is ever given by <see cref="Draw"/>, whatever the seed.</summary>
    public IEnumerable<PromptDraw> DrawHeldOut(long seed) => Draws(seed, heldOut: true);

    /// <summary>The first <paramref name="count"/> different prompts of <see cref="Draw"/>.</summary>
    /// <exception cref="ForgeException">The template cannot make so many.</exception>
    public IReadOnlyList<PromptDraw> Take(long seed, int count) => Distinct(Draw(seed), count);

    /// <summary>The first <paramref name="count"/> different prompts of <see cref="DrawHeldOut"/>.</summary>
    /// <exception cref="ForgeException">The template cannot make so many.</exception>
    public IReadOnlyList<PromptDraw> TakeHeldOut(long seed, int count) => Distinct(DrawHeldOut(seed), count);

    /// <summary>Whether a text belongs to the held-out share; case, punctuation and spacing do not matter.</summary>
    public bool IsHeldOut(string text) => IsPlainHeldOut(SpokenText.Plain(text));

    bool IsPlainHeldOut(string plain)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(plain), hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash) < definition.HeldOut * (1L << 32);
    }

    IEnumerable<PromptDraw> Draws(long seed, bool heldOut)
    {
        var source = definition.Draws(Seeds.Source(seed, "prompts", heldOut ? "held-out" : "training"));
        for (var refused = 0; refused < Patience; refused++)
        {
            var draw = source.Next();
            var plain = SpokenText.Plain(draw.Key ?? draw.Messages[^1].Content);
            if (IsPlainHeldOut(plain) == heldOut && !excluded.Contains(plain))
            {
                refused = -1;
                yield return draw;
            }
        }

        throw new ForgeException(Path, [new Problem(heldOut ? "held_out" : "user", heldOut ? $"no text falls in the held-out {definition.HeldOut:P0}." : "every text is held out or excluded.", "Give the template more variety.")]);
    }

    List<PromptDraw> Distinct(IEnumerable<PromptDraw> draws, int count)
    {
        var seen = new HashSet<string>();
        var taken = new List<PromptDraw>(count);
        var repeats = 0;
        foreach (var draw in draws.TakeWhile(_ => taken.Count < count))
        {
            if (seen.Add(draw.Identity))
            {
                repeats = 0;
                taken.Add(draw);
            }
            else if (++repeats == Patience)
            {
                throw new ForgeException(Path, [new Problem("user", $"makes only about {taken.Count} different prompts, {count} are asked for.", "Ask for fewer, or give the template more variety.")]);
            }
        }

        return taken;
    }
}
