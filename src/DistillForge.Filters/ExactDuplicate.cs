using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops rows that repeat an earlier one; the first, in the dataset's order, is kept.</summary>
[Component("exact-duplicate")]
public sealed class ExactDuplicate(ExactDuplicate.Options options) : IDatasetFilter
{
    /// <summary>What two rows must share.</summary>
    public enum Parts
    {
        PromptAndCompletion,
        Prompt,
        Completion,
    }

    /// <param name="IgnoreSpace">Any white space counts as one blank, and none at the ends.</param>
    public sealed record Options(Parts By = Parts.PromptAndCompletion, bool IgnoreCase = false, bool IgnoreSpace = true);

    public async IAsyncEnumerable<Verdict> JudgeAsync(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 128 bits of SHA-256 stand for the text: by chance no two of a billion rows agree.
        var first = new Dictionary<UInt128, string>();
        await foreach (var example in dataset.ReadAsync(cancellationToken))
        {
            var key = KeyOf(example);
            yield return first.TryAdd(key, example.Id) ? Verdict.Keep : Verdict.Drop("duplicate", $"repeats row {first[key]}");
        }
    }

    UInt128 KeyOf(Example example)
    {
        var text = new StringBuilder();
        if (options.By != Parts.Completion)
        {
            Append(text, example.Prompt);
        }

        text.Append('\u001e');
        if (options.By != Parts.Prompt)
        {
            Append(text, example.Completion);
        }

        return BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    void Append(StringBuilder text, IReadOnlyList<Message> messages)
    {
        foreach (var message in messages)
        {
            var content = options.IgnoreSpace ? string.Join(' ', message.Content.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) : message.Content;
            text.Append(message.Role).Append('\u001f').Append(options.IgnoreCase ? content.ToLowerInvariant() : content).Append('\u001d');
        }
    }
}
