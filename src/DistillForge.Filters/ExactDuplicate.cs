using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops rows that repeat an earlier one; the first, in the dataset's order, is kept.</summary>
[Component("exact-duplicate")]
public sealed class ExactDuplicate(ExactDuplicate.Options options) : IDatasetFilter
{
    const int ChunkRows = 1024;

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
        // 128 bits stand for the text: by chance no two of a billion rows agree, if the hash mixes as it should. Keyed by bits that nobody knows, so that rows that agree are hard to write on purpose.
        var hash = new TextHash(BinaryPrimitives.ReadUInt128LittleEndian(RandomNumberGenerator.GetBytes(16)));
        var first = new Dictionary<UInt128, string>();
        await foreach (var chunk in dataset.ReadAsync(cancellationToken).Chunk(ChunkRows).WithCancellation(cancellationToken))
        {
            var keys = new UInt128[chunk.Length];
            Parallel.For(0, chunk.Length, new ParallelOptions { CancellationToken = cancellationToken }, i => keys[i] = KeyOf(chunk[i], hash));
            for (var i = 0; i < chunk.Length; i++)
            {
                yield return first.TryAdd(keys[i], chunk[i].Id) ? Verdict.Keep : Verdict.Drop("duplicate", $"repeats row {first[keys[i]]}");
            }
        }
    }

    UInt128 KeyOf(Example example, TextHash hash)
    {
        using var text = new RowText(64 + Size(example.Prompt) + Size(example.Completion));
        if (options.By != Parts.Completion)
        {
            Append(text, example.Prompt);
        }

        text.Add('\u001e');
        if (options.By != Parts.Prompt)
        {
            Append(text, example.Completion);
        }

        return hash.Of(MemoryMarshal.AsBytes(text.Written));
    }

    void Append(RowText text, IReadOnlyList<Message> messages)
    {
        foreach (var message in messages)
        {
            text.Add(message.Role);
            text.Add('\u001f');
            text.AddContent(message.Content, options.IgnoreSpace, options.IgnoreCase);
            text.Add('\u001d');
        }
    }

    static int Size(IReadOnlyList<Message> messages)
    {
        var size = 0;
        foreach (var message in messages)
        {
            size += message.Role.Length + message.Content.Length + 2;
        }

        return size;
    }

    /// <summary>What of a row counts, in rented memory.</summary>
    sealed class RowText(int capacity) : IDisposable
    {
        static readonly SearchValues<char> OtherSpace = SearchValues.Create([.. Enumerable.Range(0, char.MaxValue + 1).Select(c => (char)c).Where(c => c != ' ' && char.IsWhiteSpace(c))]);

        readonly char[] buffer = ArrayPool<char>.Shared.Rent(capacity);
        int length;

        public ReadOnlySpan<char> Written => buffer.AsSpan(0, length);

        public void Add(char character) => buffer[length++] = character;

        public void Add(ReadOnlySpan<char> text)
        {
            text.CopyTo(buffer.AsSpan(length));
            length += text.Length;
        }

        public void AddContent(ReadOnlySpan<char> text, bool ignoreSpace, bool ignoreCase)
        {
            var from = length;
            if (ignoreSpace)
            {
                AddWithoutSpace(text.Trim());
            }
            else
            {
                Add(text);
            }

            if (ignoreCase)
            {
                var added = buffer.AsSpan(from, length - from);
                for (var i = 0; i < added.Length; i++)
                {
                    added[i] = char.ToLowerInvariant(added[i]);
                }
            }
        }

        public void Dispose() => ArrayPool<char>.Shared.Return(buffer);

        // Most white space is one blank already: what lies between other kinds goes over in one piece.
        void AddWithoutSpace(ReadOnlySpan<char> text)
        {
            while (!text.IsEmpty)
            {
                var end = NextOther(text);
                Add(text[..end]);
                text = text[end..].TrimStart();
                if (!text.IsEmpty)
                {
                    Add(' ');
                }
            }
        }

        // Where white space is met that is not one blank between two words.
        static int NextOther(ReadOnlySpan<char> text)
        {
            var other = text.IndexOfAny(OtherSpace);
            var end = other < 0 ? text.Length : other > 0 && text[other - 1] == ' ' ? other - 1 : other;
            var twice = text[..end].IndexOf("  ");
            return twice < 0 ? end : twice;
        }
    }
}
