namespace DistillForge.Text;

/// <summary>Learns a byte-level BPE vocabulary: starts from the 256 bytes and joins the most frequent pair again and again. The same texts give the same vocabulary.</summary>
public static class BpeTrainer
{
    /// <summary>The control tokens that every vocabulary of ours ends with; the first one ends every turn.</summary>
    public static IReadOnlyList<string> Specials { get; } = ["<|end|>", "<|user|>", "<|assistant|>", "<|system|>"];

    /// <summary>The template that goes with <see cref="Specials"/>: <c>&lt;|user|&gt;…&lt;|end|&gt;&lt;|assistant|&gt;</c>.</summary>
    public const string Template =
        """
        {%- for message in messages -%}
        {%- if message['role'] not in ['system', 'user', 'assistant'] -%}{{ raise_exception('unknown role: ' + message['role']) }}{%- endif -%}
        {{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}
        """;

    /// <summary>A pair that occurs once teaches nothing.</summary>
    const int LeastOccurrences = 2;

    /// <param name="texts">Prompts and completions, without control tokens.</param>
    /// <param name="size">Tokens at most, the 256 bytes and <see cref="Specials"/> included; fewer when the texts hold no more pairs.</param>
    /// <param name="pre">How text is cut, see <see cref="PreTokenizer.Names"/>.</param>
    public static Vocabulary Train(IEnumerable<string> texts, int size, string pre = "qwen2")
    {
        var smallest = 256 + Specials.Count;
        if (size < smallest || size > 1 << 16)
        {
            throw new ForgeException(new Problem("vocabulary.train", $"is {size}.", $"Give {smallest} … {1 << 16}: the bytes and control tokens alone take {smallest}."));
        }

        var pairs = new PairCounts(CountWords(texts, PreTokenizer.For(pre)));
        List<string> merges = [];
        while (256 + merges.Count + Specials.Count < size && pairs.JoinMostFrequent(LeastOccurrences) is { } merge)
        {
            merges.Add(merge);
        }

        string[] tokens = [.. ByteAlphabet.InOrder.Select(letter => letter.ToString()), .. merges.Select(merge => merge.Remove(merge.IndexOf(' '), 1)), .. Specials];
        var end = tokens.Length - Specials.Count;
        return new Vocabulary
        {
            Kind = "gpt2",
            Pre = pre,
            Tokens = tokens,
            Types = [.. tokens.Select((_, id) => id < end ? TokenType.Normal : TokenType.Control)],
            Merges = merges,
            // No sequence begins with it, but llama.cpp takes token 11 where a file names none.
            Bos = end,
            Eos = end,
            ChatTemplate = Template,
        };
    }

    // Words in ordinal order, so that ids of parts do not depend on the order of a hash table.
    static SortedDictionary<string, long> CountWords(IEnumerable<string> texts, PreTokenizer preTokenizer)
    {
        var counts = new Dictionary<string, long>();
        foreach (var text in texts)
        {
            foreach (var word in preTokenizer.Split(text))
            {
                System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, word, out _)++;
            }
        }

        return new(counts, StringComparer.Ordinal);
    }
}
