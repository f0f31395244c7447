using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>How near a question is to the nearest row that was met.</summary>
public enum Nearness
{
    None,

    /// <summary>It shares most of its word runs.</summary>
    Near,

    /// <summary>The same words; capitals, spaces and punctuation aside.</summary>
    Same,
}

/// <summary>
/// Questions that a model is measured on, held against prompts that it is trained on. Candidates come from <see cref="MinHash"/> bands and are verified by the exact Jaccard similarity of their runs of five
/// words; a shorter prompt is one run, and near only where it is the same. System messages do not count: every row has the same.
/// </summary>
/// <param name="threshold">Jaccard similarity from which a prompt is near.</param>
/// <remarks>Not for several threads at once.</remarks>
public sealed class NearQuestions(double threshold = NearQuestions.Usual)
{
    /// <summary>As near duplicates are dropped, and clusters held together, where nothing else is said.</summary>
    public const double Usual = 0.8;

    const int RunWords = 5;

    readonly ShingleMaker maker = new(RunWords);
    readonly BandTable[] bands = [.. Enumerable.Range(0, MinHash.Bands).Select(_ => new BandTable())];
    readonly Dictionary<string, List<int>> same = new(StringComparer.Ordinal);
    readonly List<uint[]> shingles = [];
    readonly List<Nearness> found = [];

    /// <summary>What is known of each question, in the order in which they came.</summary>
    public IReadOnlyList<Nearness> Found => found;

    public void Add(IReadOnlyList<Message> question)
    {
        var key = Sketch(question, out var keys);
        var place = found.Count;
        found.Add(Nearness.None);
        shingles.Add(MinHash.SortedSetOf(maker.Shingles));
        (CollectionsMarshal.GetValueRefOrAddDefault(same, key, out _) ??= []).Add(place);
        for (var band = 0; band < bands.Length && maker.Words > 0; band++)
        {
            bands[band].Add(keys[band], place);
        }
    }

    /// <summary>A prompt that is trained on.</summary>
    public void Meet(IReadOnlyList<Message> prompt)
    {
        var key = Sketch(prompt, out var keys);
        foreach (var place in same.GetValueOrDefault(key) ?? [])
        {
            found[place] = Nearness.Same;
        }

        uint[]? ours = null;
        for (var band = 0; band < bands.Length && maker.Words > 0; band++)
        {
            for (var place = bands[band].Newest(keys[band]); place >= 0; place = bands[band].Older(place))
            {
                if (found[place] == Nearness.None && MinHash.Jaccard(ours ??= MinHash.SortedSetOf(maker.Shingles), shingles[place]) >= threshold)
                {
                    found[place] = Nearness.Near;
                }
            }
        }
    }

    // Names the words in their order; a text without words is known by itself.
    string Sketch(IReadOnlyList<Message> prompt, out uint[] keys)
    {
        maker.Clear();
        foreach (var message in prompt.Where(message => message.Role != "system"))
        {
            maker.Add(message.Content);
        }

        Span<uint> signature = stackalloc uint[MinHash.Hashes];
        keys = new uint[MinHash.Bands];
        MinHash.Sign(maker.Shingles, signature);
        MinHash.BandKeys(signature, keys);
        return maker.Words == 0
            ? string.Join('\0', prompt.Where(message => message.Role != "system").Select(message => message.Content))
            : Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(maker.Shingles)));
    }
}
