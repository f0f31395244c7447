using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class NearDuplicateTests
{
    [Fact]
    public async Task Keeps_the_first_of_a_cluster_and_names_it()
    {
        var text = Planted.Text(new Random(1), 100);
        var rows = new Rows([("a", text), ("b", Planted.Text(new Random(2), 100)), ("c", Planted.Edit(text, 99)), ("d", Planted.Edit(text, 50)), ("e", text.ToUpperInvariant() + "!")]);

        var verdicts = await Judge(rows, new(By: ExactDuplicate.Parts.Completion));

        Assert.Equal(["Keep", "Keep", "Drop", "Drop", "Drop"], verdicts.Select(verdict => verdict.Action.ToString()));
        Assert.All(verdicts.Where(verdict => verdict.Reason is not null), verdict => Assert.EndsWith("with row 0, may share less than 80%", verdict.Reason!.Detail.Replace(" %", "%"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nearness_does_not_travel_along_a_chain()
    {
        // Of 196 runs two edited words spoil ten: 0.90 between neighbours, 0.81 between the first and the last.
        var first = Planted.Text(new Random(3), 200);
        var second = Planted.Edit(first, 10, 40);
        var third = Planted.Edit(second, 70, 100);

        var verdicts = await Judge(new Rows([("a", first), ("b", second), ("c", third)]), new(Threshold: 0.87, By: ExactDuplicate.Parts.Completion));

        Assert.Equal(["Keep", "Drop", "Keep"], verdicts.Select(verdict => verdict.Action.ToString()));
    }

    [Fact]
    public async Task Short_rows_and_system_messages_do_not_count()
    {
        var system = Planted.Text(new Random(4), 300);
        var rows = new FilterContractTests.InMemory([.. Enumerable.Range(0, 3).Select(i => Some.Example(Planted.Text(new Random(i), 30), i) with { Prompt = [Message.System(system), Message.User("?")] }), Some.Example("Yes, of course.", 5), Some.Example("Yes, of course.", 6)]);

        Assert.All(await Judge(rows, new()), verdict => Assert.Equal(Verdict.Keep, verdict));
    }

    // Jaccard by construction: a pair shares whole blocks of words. Recall is the share of pairs at or above the figure that are found.
    [Theory]
    [InlineData(0.80, 0.85, 0.90)]
    [InlineData(0.90, 0.99, 0.99)]
    public async Task Finds_planted_pairs(double least, double most, double recall)
    {
        const int Pairs = 1000;
        var random = new Random(17);
        var pairs = Enumerable.Range(0, Pairs).Select(_ => Planted.Pair(random, least, most)).ToList();
        var rows = new Rows([.. pairs.Select(pair => ("?", pair.First)), .. pairs.Select(pair => ("?", pair.Second))]);

        var verdicts = await Judge(rows, new(Threshold: 0.8, By: ExactDuplicate.Parts.Completion));

        Assert.All(verdicts.Take(Pairs), verdict => Assert.Equal(Verdict.Keep, verdict));
        var found = verdicts.Skip(Pairs).Select((verdict, i) => verdict.Reason?.Detail.Contains($"with row {i},", StringComparison.Ordinal) == true).Count(right => right);
        var dropped = verdicts.Count(verdict => verdict.Action == FilterAction.Drop);
        Assert.True(found >= recall * Pairs, $"recall {found} of {Pairs}");
        Assert.True(found >= 0.98 * dropped, $"precision {found} of {dropped}");
    }

    [Fact]
    public async Task Pairs_below_the_threshold_stay()
    {
        var random = new Random(18);
        var pairs = Enumerable.Range(0, 500).Select(_ => Planted.Pair(random, 0.6, 0.78)).ToList();

        Assert.All(await Judge(new Rows([.. pairs.Select(pair => ("?", pair.First)), .. pairs.Select(pair => ("?", pair.Second))]), new(By: ExactDuplicate.Parts.Completion)), verdict => Assert.Equal(Verdict.Keep, verdict));
    }

    [Fact]
    public async Task What_does_not_fit_into_memory_is_found_on_disk()
    {
        var random = new Random(19);
        var pairs = Enumerable.Range(0, 300).Select(_ => Planted.Pair(random, 0.9, 0.99)).ToList();
        var rows = new Rows([.. pairs.Select(pair => ("?", pair.First)), .. pairs.Select(pair => ("?", pair.Second))]);

        Assert.Equal(await Judge(rows, new(By: ExactDuplicate.Parts.Completion)), await Judge(rows, new(By: ExactDuplicate.Parts.Completion, MemoryMb: 0)));
    }

    [Theory]
    [InlineData("the same words in the same order make the same runs", "The SAME words, in the same order: make the same runs!", 1.0)]
    [InlineData("one two three four five six", "one two three four five seven", 1 / 3.0)]
    [InlineData("one two three", "one two three", 1.0)]
    [InlineData("one two three", "one two four", 0.0)]
    public void Jaccard_is_exact(string a, string b, double expected) => Assert.Equal(expected, MinHash.Jaccard(Set(a), Set(b)), 12);

    [Fact]
    public void The_share_of_equal_values_of_two_signatures_estimates_jaccard()
    {
        var random = new Random(5);
        var errors = Enumerable.Range(0, 200).Select(_ =>
        {
            var (first, second) = Planted.Pair(random, 0.3, 0.99);
            var (a, b) = (new uint[MinHash.Hashes], new uint[MinHash.Hashes]);
            MinHash.Sign(Set(first), a);
            MinHash.Sign(Set(second), b);
            return (a.Zip(b).Count(pair => pair.First == pair.Second) / (double)MinHash.Hashes) - MinHash.Jaccard(Set(first), Set(second));
        }).ToList();

        // One estimate has a standard deviation of at most 0.047, the mean of 200 one of 0.0034.
        Assert.InRange(errors.Average(), -0.012, 0.012);
        Assert.InRange(errors.Max(Math.Abs), 0, 0.2);
    }

    static uint[] Set(string text)
    {
        var maker = new ShingleMaker(5);
        maker.Add(text);
        return [.. maker.Shingles.ToArray().Distinct().Order()];
    }

    static Task<List<Verdict>> Judge(IDataset rows, NearDuplicate.Options options) => Some.ListAsync(new NearDuplicate(options).JudgeAsync(rows, default));
}

/// <summary>Texts of random words, and pairs of them with a known Jaccard similarity of their 5-word runs.</summary>
static class Planted
{
    public static string Text(Random random, int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => Word(random)));

    /// <summary>Other words at these places.</summary>
    public static string Edit(string text, params int[] places)
    {
        var words = text.Split(' ');
        foreach (var place in places)
        {
            words[place] = "edited" + place;
        }

        return string.Join(' ', words);
    }

    /// <summary>The second has another end: of n runs each, s are shared, and J = s / (2n − s).</summary>
    public static (string First, string Second) Pair(Random random, double least, double most)
    {
        var runs = random.Next(100, 400);
        var wanted = least + ((most - least) * random.NextDouble());
        var shared = (int)Math.Ceiling(2 * runs * wanted / (1 + wanted));
        var common = Text(random, shared + 4);
        return ($"{common} {Text(random, runs - shared)}", $"{common} {Text(random, runs - shared)}");
    }

    static string Word(Random random) => string.Create(random.Next(3, 9), random, static (letters, random) =>
    {
        foreach (ref var letter in letters)
        {
            letter = (char)('a' + random.Next(26));
        }
    });
}
