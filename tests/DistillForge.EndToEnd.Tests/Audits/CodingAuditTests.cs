using DistillForge.Data;
using DistillForge.Runs.Audits;

namespace DistillForge.EndToEnd.Tests.Audits;

public class CodingAuditTests
{
    static readonly double[] P = [0.5, 0.25, 0.15, 0.1];

    [Fact]
    public async Task The_same_positions_are_chosen_whatever_the_order_and_stay_when_rows_come()
    {
        var rows = Enumerable.Range(0, 60).Select(i => Trace($"row {i}", positions: 1 + (i % 5))).ToList();

        var all = await Choose(rows, most: 20);
        var shuffled = await Choose([.. rows.AsEnumerable().Reverse()], most: 20);
        var few = await Choose(rows[..30], most: 20);

        Assert.Equal(20, all.Count);
        Assert.Equal(all, shuffled);
        // Of those that the first half had, none comes in later: some only had to make room.
        Assert.Subset(few.ToHashSet(), all.Where(choice => rows[..30].Any(row => row.Id == choice.Id)).ToHashSet());
        Assert.NotEqual(all, await Choose(rows, most: 20, seed: 2));
        Assert.Equal(rows.Sum(row => row.CompletionLength), (await Choose(rows, most: 1000)).Count);
    }

    [Fact]
    public async Task Every_position_has_the_same_chance()
    {
        var counts = new int[10];
        for (var seed = 0; seed < 400; seed++)
        {
            foreach (var (_, position) in await Choose([Trace("a", 10)], most: 3, seed))
            {
                counts[position]++;
            }
        }

        Assert.All(counts, count => Assert.InRange(count, 120 - 50, 120 + 50));
    }

    [Fact]
    public async Task Traces_of_another_scorer_and_rows_without_a_trace_are_passed_over()
    {
        var unscored = Trace("b", 3) with { TokenLogprobs = [], TokenRanks = [], Entropies = [], HeadSizes = [], HeadIds = [], HeadLogprobs = [], TailLogSums = [], TailSamples = [] };

        Assert.Empty(await Choose([Trace("a", 3) with { Scorer = "other" }, unscored], most: 5));
    }

    [Fact]
    public void Figures_are_those_of_the_definition()
    {
        var report = Report(Trace("a", 1));

        Assert.Equal(1, report["positions"]);
        Assert.Equal(P.Sum(p => -p * Math.Log(p)), report["entropy"], 3);
        Assert.Equal(0.75, report["head_mass"], 3);
        Assert.Equal(0, report["kl_of_numbers"], 4);
        // Both draws hit id 3: the target is 0.5, 0.25, 0, 0.25.
        Assert.Equal(0.25 * Math.Log(0.25 / 0.1), report["kl_of_target"], 3);
        Assert.Equal(0.15, report["distance_of_target"], 3);
        Assert.Equal(3, report["ids_per_position"]);
    }

    [Fact]
    public void Wrong_numbers_in_a_trace_show()
    {
        var trace = Trace("a", 1) with { HeadLogprobs = [(float)Math.Log(0.6), (float)Math.Log(0.15)] };

        Assert.Equal((0.5 * Math.Log(0.5 / 0.6)) + (0.25 * Math.Log(0.25 / 0.15)), Report(trace)["kl_of_numbers"], 3);
    }

    [Fact]
    public void Drawn_heads_are_weighed_as_training_weighs_them()
    {
        // Four draws at s = 1, three of them id 0: targets 3/4 and 1/4.
        var trace = Trace("a", 1) with { HeadDraws = new HeadDraws(1, [3, 1]), TailSamples = [] };

        Assert.Equal((0.75 * Math.Log(0.75 / 0.5)) + (0.25 * Math.Log(0.25 / 0.25)), Report(trace)["kl_of_target"], 3);
    }

    [Fact]
    public async Task An_audit_comes_back_from_its_file_and_a_broken_one_is_refused()
    {
        using var work = new Workplace();
        var path = Path.Combine(work.Path, "audit.parquet");
        var positions = new[] { Whole("a"), Whole("b") };
        await AuditFile.WriteAsync(path, positions.ToAsyncEnumerable(), default);
        var read = await AuditFile.ReadAsync([path], default).ToListAsync();
        await AuditFile.WriteAsync(path, new[] { Whole("a") with { Logprobs = [(Half)(-1), (Half)(-9)] } }.ToAsyncEnumerable(), default);

        var error = await Assert.ThrowsAsync<ForgeException>(async () => await AuditFile.ReadAsync([path], default).ToListAsync());

        Assert.Equal(positions.Select(position => (position.Id, position.TokenId)), read.Select(position => (position.Id, position.TokenId)));
        Assert.Equal(positions[0].Logprobs, read[0].Logprobs);
        Assert.Contains("add up to 0.368", error.Message, StringComparison.Ordinal);
    }

    static IReadOnlyDictionary<string, double> Report(TokenTrace trace)
    {
        var report = new AuditReport();
        report.Add(new AuditChoice(trace, 0, 0), Whole(trace.Id));
        return report.Figures;
    }

    static AuditPosition Whole(string id) => new(id, "teacher", "v", 0, 1, [.. P.Select(p => (Half)Math.Log(p))]);

    static async Task<List<(string Id, int Position)>> Choose(List<TokenTrace> traces, int most, long seed = 1)
        => [.. (await AuditChoice.ChooseAsync(traces.ToAsyncEnumerable(), "teacher", seed, most, default)).Select(choice => (choice.Trace.Id, choice.Position))];

    // Head 0 and 1 of four ids, both draws from the tail hit 3.
    static TokenTrace Trace(string id, int positions)
    {
        T[] Each<T>(params T[] values) => [.. Enumerable.Repeat(values, positions).SelectMany(v => v)];
        return new TokenTrace
        {
            Id = id,
            Scorer = "teacher",
            Vocabulary = "v",
            TokenIds = [0, .. Each(1)],
            PromptLength = 1,
            LossMask = Each(true),
            TokenLogprobs = Each((float)Math.Log(0.25)),
            TokenRanks = Each(1),
            Entropies = Each(1.2f),
            HeadSizes = Each(2),
            HeadIds = Each(0, 1),
            HeadLogprobs = Each((float)Math.Log(0.5), (float)Math.Log(0.25)),
            TailLogSums = [new TailLogSums(1, Each((float)Math.Log(0.25)))],
            TailSamples = [new TailSamples(1, Each(3, 3))],
        };
    }
}
