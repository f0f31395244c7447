using DistillForge.Text;

namespace DistillForge.Tests;

public class VocabularyPruningTests
{
    static readonly Vocabulary Whole = Vocabulary.Read(Path.Combine(Home.Root, "models", "home-teacher.gguf"));
    static readonly string[] Rows = ["dim the bedroom lamp to 30 percent", "{\"action\":\"set_brightness\",\"target\":\"bedroom.lamp\",\"value\":30,\"delay_s\":600}", "turn everything off, please"];

    [Fact]
    public void Rows_are_cut_as_before_and_anything_else_can_still_be_written()
    {
        var tokenizer = new BpeTokenizer(Whole);
        var pruned = Whole.Prune(Rows.SelectMany(row => tokenizer.Encode(row, parseSpecial: false)));
        var map = VocabularyMap.Between(Whole, pruned)!;
        var smaller = new BpeTokenizer(pruned);

        Assert.InRange(pruned.Size, 270, Whole.Size / 2);
        Assert.All(Rows, row => Assert.Equal(map.Of(tokenizer.Encode(row, parseSpecial: false)), smaller.Encode(row, parseSpecial: false)));
        Assert.All(["the kitchen heating, 日本 🎉", "<|end|>", "\0\r\n  x"], text => Assert.Equal(text, smaller.Decode(smaller.Encode(text, parseSpecial: false))));
    }

    [Fact]
    public void Special_tokens_stay_what_they_are()
    {
        var pruned = Whole.Prune([]);

        Assert.Equal(Whole.TextOf(Whole.Eos), pruned.TextOf(pruned.Eos));
        Assert.Equal(Whole.Tokens.Where((_, id) => Whole.Types[id] == TokenType.Control), pruned.Tokens.Where((_, id) => pruned.Types[id] == TokenType.Control));
        Assert.Equal(Whole.ChatTemplate, pruned.ChatTemplate);
        Assert.NotEqual(Whole.Fingerprint, pruned.Fingerprint);
    }

    // Vocabularies of a small alphabet, where merges stand in each other's way; every word of up to six letters.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_is_gone_could_only_be_joined_inside_what_is_gone(int seed)
    {
        var chance = new Random(seed);
        List<string> parts = ["a", "b", "c"];
        var merges = new List<string>();
        while (merges.Count < 14)
        {
            var (left, right) = (parts[chance.Next(parts.Count)], parts[chance.Next(parts.Count)]);
            if (left.Length + right.Length <= 5 && !parts.Contains(left + right))
            {
                merges.Add($"{left} {right}");
                parts.Add(left + right);
            }
        }

        var whole = SomeVocabulary.Of([.. merges]);
        var tokenizer = new BpeTokenizer(whole);
        List<string> words = [.. Enumerable.Range(0, 729).Select(i => string.Concat(Enumerable.Range(0, 6).Select(k => "abc"[i / (int)Math.Pow(3, k) % 3])))];
        var checkedWords = 0;
        for (var round = 0; round < 20; round++)
        {
            var used = words.OrderBy(_ => chance.Next()).Take(2).SelectMany(word => tokenizer.Encode(word, parseSpecial: false)).ToHashSet();
            var pruned = whole.Prune(used);
            var map = VocabularyMap.Between(whole, pruned)!;
            var smaller = new BpeTokenizer(pruned);
            foreach (var word in words)
            {
                if (map.Of(tokenizer.Encode(word, parseSpecial: false)) is { } ids)
                {
                    Assert.Equal(ids, smaller.Encode(word, parseSpecial: false));
                    checkedWords++;
                }
            }
        }

        Assert.InRange(checkedWords, 100, 14_000);
    }

    [Fact]
    public void A_vocabulary_of_another_kind_is_refused()
    {
        var other = new Vocabulary { Kind = "bert", Tokens = ["a"], Types = [TokenType.Normal] };

        Assert.Contains("a vocabulary of kind 'bert' is not cut down here", Assert.Throws<ForgeException>(() => other.Prune([0])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_a_part_has_a_map()
    {
        Assert.Null(VocabularyMap.Between(Whole, SomeVocabulary.Of("x y")));
        Assert.Equal(Whole.Size, VocabularyMap.Between(Whole, Whole)!.Kept.Count);
    }
}
