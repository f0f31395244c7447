using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

/// <summary>Rows that only measure must not nearly be among those that train.</summary>
public sealed class ClusterSplitTests
{
    // 60 documents of 100 words, five near copies each (one word changed), in an order that mixes them.
    static readonly List<(Example Row, int Document)> Rows =
    [
        .. from place in Enumerable.Range(0, 300)
           let document = place % 60
           let words = Enumerable.Range(0, 100).Select(word => $"w{document * 100 + word}").ToArray()
           let _ = words[99] = $"copy{place}"
           select (Some.Example(string.Join(' ', words), place) with { Prompt = [Message.User($"ask {place}")] }, document),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task No_cluster_is_on_both_sides_and_the_share_is_kept(long seed)
    {
        var split = await SplitAsync(Rows.Select(row => row.Row), seed);

        Assert.Equal((300, 60, 5), (split.Rows, split.Clusters, split.Largest));
        Assert.Equal((30, 6), (split.Validation.Count, split.ValidationClusters));
        var sides = Rows.GroupBy(row => row.Document).Select(document => document.Count(row => split.Validation.Contains(row.Row.Id))).ToList();
        Assert.All(sides, held => Assert.True(held is 0 or 5, $"{held} of 5"));
        Assert.Equal(6, sides.Count(held => held == 5));
    }

    [Fact]
    public async Task The_seed_decides_and_the_order_of_rows_does_not()
    {
        var split = await SplitAsync(Rows.Select(row => row.Row), 1);

        Assert.Equal(split.Validation.Order(), (await SplitAsync(Rows.Select(row => row.Row).Reverse(), 1)).Validation.Order());
        Assert.NotEqual(split.Validation.Order(), (await SplitAsync(Rows.Select(row => row.Row), 2)).Validation.Order());
    }

    [Fact]
    public async Task Answers_to_one_prompt_and_rows_of_one_group_stay_together()
    {
        Example[] rows = [.. Enumerable.Range(0, 100).Select(i => Some.Example($"answer {i}", i) with { Prompt = [Message.User($"ask {i / 2}")], Category = $"group {i / 20}" })];

        var prompts = await SplitAsync(rows, 1);
        var groups = await ClusterSplit.OfAsync(rows.ToAsyncEnumerable(), 0.8, row => row.Category, 0.4, 1, default);

        Assert.Equal((50, 10), (prompts.Clusters, prompts.Validation.Count));
        Assert.All(rows.Chunk(2), pair => Assert.Equal(prompts.Validation.Contains(pair[0].Id), prompts.Validation.Contains(pair[1].Id)));
        Assert.Equal((5, 2, 40), (groups.Clusters, groups.ValidationClusters, groups.Validation.Count));
        Assert.Equal(2, rows.Where(row => groups.Validation.Contains(row.Id)).Select(row => row.Category).Distinct().Count());
    }

    [Fact]
    public async Task A_cluster_that_is_larger_than_the_share_trains()
    {
        Example[] rows = [.. Enumerable.Range(0, 100).Select(i => Some.Example($"answer {i}", i) with { Prompt = [Message.User(i < 50 ? "one" : $"ask {i}")] })];

        var split = await SplitAsync(rows, 1);

        Assert.Equal((51, 50, 10), (split.Clusters, split.Largest, split.Validation.Count));
        Assert.DoesNotContain(rows.Take(50), row => split.Validation.Contains(row.Id));
    }

    static Task<ClusterSplit> SplitAsync(IEnumerable<Example> rows, long seed) => ClusterSplit.OfAsync(rows.ToAsyncEnumerable(), 0.8, null, 0.1, seed, default);
}
