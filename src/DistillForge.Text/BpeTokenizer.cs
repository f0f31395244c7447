using System.Collections.Concurrent;
using System.Text;

namespace DistillForge.Text;

/// <summary>Byte-level BPE with the ids that llama.cpp v0.5.0 gives, for the pre-tokenizers that <see cref="PreTokenizer"/> knows.</summary>
public sealed class BpeTokenizer : ITokenizer
{
    // Words repeat: a corpus of 100,000 commands has a few thousand.
    const int RememberedWords = 1 << 16;
    const int LongestRememberedWord = 64;

    readonly Vocabulary vocabulary;
    readonly PreTokenizer preTokenizer;
    readonly ControlTokens control;
    readonly BpeMerges merges;
    readonly Dictionary<string, int> ids = [];
    readonly ConcurrentDictionary<string, int[]> remembered = new();
    int rememberedCount;

    /// <exception cref="ForgeException">The vocabulary is no byte-level BPE, or has a pre-tokenizer that we do not know.</exception>
    public BpeTokenizer(Vocabulary vocabulary)
    {
        if (vocabulary.Kind != "gpt2")
        {
            throw new ForgeException(new Problem("tokenizer.ggml.model", $"is '{vocabulary.Kind}', not byte-level BPE ('gpt2').", "llama.cpp can tokenize for it."));
        }

        this.vocabulary = vocabulary;
        preTokenizer = PreTokenizer.For(vocabulary.Pre);
        control = new ControlTokens(vocabulary);
        merges = new BpeMerges(vocabulary.Merges);
        for (var id = 0; id < vocabulary.Tokens.Count; id++)
        {
            ids[vocabulary.Tokens[id]] = id;
        }
    }

    public int[] Encode(string text, bool parseSpecial)
    {
        var result = new List<int>(text.Length / 2);
        foreach (var piece in control.Partition(text, parseSpecial))
        {
            if (piece.Text is null)
            {
                result.Add(piece.Id);
                continue;
            }

            foreach (var word in preTokenizer.Split(piece.Text))
            {
                result.AddRange(Word(word));
            }
        }

        return [.. result];
    }

    public string Decode(IReadOnlyList<int> ids)
    {
        var bytes = new List<byte>(4 * ids.Count);
        foreach (var id in ids)
        {
            if (id < 0 || id >= vocabulary.Size)
            {
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"the vocabulary has {vocabulary.Size} tokens");
            }

            Append(bytes, id);
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    void Append(List<byte> bytes, int id)
    {
        var token = vocabulary.Tokens[id];
        switch (control.Types[id])
        {
            case TokenType.UserDefined:
                bytes.AddRange(Encoding.UTF8.GetBytes(token));
                break;
            case TokenType.Normal:
                foreach (var letter in token)
                {
                    // A foreign file may spell a token with letters that stand for no byte: they are shown as they are.
                    bytes.AddRange(ByteAlphabet.Byte(letter) is var value and >= 0 ? [(byte)value] : Encoding.UTF8.GetBytes(letter.ToString()));
                }

                break;
        }
    }

    int[] Word(string word)
    {
        if (remembered.TryGetValue(word, out var known))
        {
            return known;
        }

        var found = new List<int>();
        foreach (var part in merges.Join(ByteAlphabet.Spell(word)))
        {
            if (ids.TryGetValue(part, out var id))
            {
                found.Add(id);
                continue;
            }

            // llama.cpp falls back to single bytes of the spelling, of which only ASCII can be a token; the rest is lost there too.
            found.AddRange(part.Where(char.IsAscii).Select(letter => ids.GetValueOrDefault(letter.ToString(), -1)).Where(single => single >= 0));
        }

        int[] result = [.. found];
        if (word.Length <= LongestRememberedWord && Interlocked.Increment(ref rememberedCount) <= RememberedWords)
        {
            remembered.TryAdd(word, result);
        }

        return result;
    }
}
