using System.Diagnostics;
using DistillForge.Text;

namespace DistillForge.Tests;

public class BpeTests
{
    static readonly string[] Corpus = ["low low low low low", "lower lower", "newest newest newest newest newest newest", "widest widest widest"];

    [Fact]
    public void Training_joins_the_most_frequent_pairs_in_order()
    {
        var vocabulary = BpeTrainer.Train(Corpus, 266);

        // est: 9 words, then Ġ before w or n, low: 6 …; counted by hand for the first three.
        Assert.Equal(["e s", "es t", "l o"], vocabulary.Merges.Take(3));
        Assert.Equal(["es", "est", "lo"], vocabulary.Tokens.Skip(256).Take(3));
        Assert.Equal(["<|end|>", "<|user|>", "<|assistant|>", "<|system|>"], vocabulary.Tokens.TakeLast(4));
    }

    [Fact]
    public void The_same_texts_in_another_order_give_the_same_vocabulary()
        => Assert.Equal(BpeTrainer.Train(Corpus, 280).Fingerprint, BpeTrainer.Train(Corpus.Reverse(), 280).Fingerprint);

    [Fact]
    public void Training_stops_when_no_pair_occurs_twice()
    {
        Assert.Equal(["a b"], BpeTrainer.Train(["ab ab"], 1024).Merges);
        Assert.Empty(BpeTrainer.Train(["ab"], 1024).Merges);
    }

    [Theory]
    [InlineData(259)]
    [InlineData(70_000)]
    public void A_size_that_cannot_be_is_refused(int size)
        => Assert.Contains($"is {size}", Assert.Throws<ForgeException>(() => BpeTrainer.Train(Corpus, size)).Message);

    [Fact]
    public void A_hundred_thousand_short_texts_take_seconds()
    {
        var chance = new Random(1);
        string[] words = ["turn", "dim", "the", "lamp", "kitchen", "bedroom", "to", "percent", "please", "in", "minutes", "heating", "degrees", "off", "on"];
        var texts = Enumerable.Range(0, 100_000).Select(_ => string.Join(' ', Enumerable.Range(0, 8).Select(_ => words[chance.Next(words.Length)])) + $" {chance.Next(100)}");
        var watch = Stopwatch.StartNew();

        var vocabulary = BpeTrainer.Train(texts, 1024);

        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
        Assert.Contains("Ġkitchen", vocabulary.Tokens);
    }

    [Theory]
    [InlineData("dim the low lamp to 30 percent")]
    [InlineData("newest, lowest: é 日本 🎉 \u0000\t\r\n   end")]
    [InlineData("<|end|> is text here")]
    [InlineData("")]
    public void What_is_encoded_decodes_to_itself(string text)
    {
        var tokenizer = new BpeTokenizer(BpeTrainer.Train(Corpus, 280));

        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, parseSpecial: false)));
    }

    [Fact]
    public void Merges_apply_by_rank_and_not_by_length()
    {
        var vocabulary = SomeVocabulary.Of("b c", "a b", "ab c");
        var tokenizer = new BpeTokenizer(vocabulary);

        // b c comes first, so "abc" is a + bc although abc is a token.
        Assert.Equal(["a", "bc"], tokenizer.Encode("abc", parseSpecial: false).Select(id => vocabulary.Tokens[id]));
    }

    [Fact]
    public void Of_equal_pairs_the_leftmost_is_joined_first()
    {
        var vocabulary = SomeVocabulary.Of("a a");

        Assert.Equal(["aa", "aa", "a"], new BpeTokenizer(vocabulary).Encode("aaaaa", parseSpecial: false).Select(id => vocabulary.Tokens[id]));
    }

    [Fact]
    public void Control_tokens_are_found_only_when_asked_for()
    {
        var vocabulary = BpeTrainer.Train(Corpus, 280);
        var tokenizer = new BpeTokenizer(vocabulary);

        Assert.Equal([vocabulary.Eos!.Value], tokenizer.Encode("<|end|>", parseSpecial: true));
        Assert.DoesNotContain(vocabulary.Eos.Value, tokenizer.Encode("<|end|>", parseSpecial: false));
        Assert.Equal("low", tokenizer.Decode([.. tokenizer.Encode("low", parseSpecial: false), vocabulary.Eos.Value]));
    }

    [Fact]
    public void The_longest_control_token_wins()
    {
        var vocabulary = SomeVocabulary.Of(["<x>", "<x><y>"], []);

        Assert.Equal([257], new BpeTokenizer(vocabulary).Encode("<x><y>", parseSpecial: true));
    }

    [Fact]
    public void A_word_of_fifty_thousand_letters_is_no_trouble()
    {
        var watch = Stopwatch.StartNew();

        Assert.Equal(25_000, new BpeTokenizer(SomeVocabulary.Of("a a")).Encode(new string('a', 50_000), parseSpecial: false).Length);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void Many_threads_get_the_same_ids()
    {
        var tokenizer = new BpeTokenizer(BpeTrainer.Train(Corpus, 280));
        var expected = tokenizer.Encode("the newest low widest lower", parseSpecial: false);

        Parallel.For(0, 200, _ => Assert.Equal(expected, tokenizer.Encode("the newest low widest lower", parseSpecial: false)));
    }

    [Fact]
    public void A_sentencepiece_vocabulary_is_left_to_llama_cpp()
    {
        var vocabulary = new Vocabulary { Kind = "llama", Tokens = ["a"], Types = [TokenType.Normal] };

        Assert.Contains("'llama'", Assert.Throws<ForgeException>(() => new BpeTokenizer(vocabulary)).Message);
    }
}
