using DistillForge.Text;
using DistillForge.Training;
using DistillForge.Training.Inference;
using DistillForge.Training.Pretrained;

namespace DistillForge.Engines.Tests.Training;

/// <summary>What a teacher thinks, given that the token is one that the student has: against the whole distribution, by hand.</summary>
public sealed class PrunedTracesTests(Scratch scratch) : IClassFixture<Scratch>
{
    const int Size = 7;
    static readonly double[] P = [0.30, 0.05, 0.20, 0.10, 0.15, 0.12, 0.08];
    static readonly int[] Kept = [0, 2, 3, 5];   // the realised token is 2

    static readonly VocabularyMap Map = MapOf(Kept);

    static double Mass => Kept.Sum(id => P[id]);

    [Fact]
    public void The_whole_distribution_becomes_the_conditional_one()
    {
        var pruned = Of(Enumerable.Range(0, Size), []);

        Assert.Equal([0, 1, 2, 3], pruned.HeadIds);
        Assert.All(pruned.HeadLogprobs.Zip(Kept), pair => Assert.Equal(Math.Log(P[pair.Second] / Mass), pair.First, 1e-6));
        Assert.Equal(-Kept.Sum(id => P[id] / Mass * Math.Log(P[id] / Mass)), pruned.Entropies[0], 1e-5);
        Assert.Equal(Math.Log(P[2] / Mass), pruned.TokenLogprobs[0], 1e-6);
        Assert.Equal([1, 1], pruned.TokenIds);
        Assert.Equal(1, pruned.TokenRanks[0]);
    }

    [Fact]
    public void Draws_from_the_tail_are_unbiased_for_every_token_that_stays()
    {
        // Head 0 and 4 (which goes); every pair of draws from the rest, with its chance.
        int[] tail = [1, 2, 3, 5, 6];
        var (mean, share) = (new double[Size], tail.Sum(id => P[id]));
        foreach (var (a, b) in from a in tail from b in tail select (a, b))
        {
            var pruned = Of([0, 4], [a, b]);
            var chance = P[a] / share * P[b] / share;
            // Z is known from the head: log p(0) − log p′(0).
            var z = P[0] / Math.Exp(pruned.HeadLogprobs[0]);
            mean[0] += chance * z * Math.Exp(pruned.HeadLogprobs[0]);
            var sum = Math.Exp(pruned.TailLogSums[0].Values[0]);
            Assert.Equal(1, Math.Exp(pruned.HeadLogprobs[0]) + sum, 1e-5);
            foreach (var id in pruned.TailSamples[0].Ids.Where(id => id >= 0))
            {
                mean[Kept[id]] += chance * z * sum / 2;
            }
        }

        Assert.All(Kept, id => Assert.Equal(P[id], mean[id], 1e-5));
        Assert.All(Enumerable.Range(0, Size).Except(Kept), id => Assert.Equal(0, mean[id]));
    }

    [Fact]
    public void The_tail_at_another_temperature_shrinks_by_the_share_of_its_own_draws()
    {
        var pruned = Of([0, 4], [2, 1], [(2f, [3, 6, 5, 5])]);

        var z = P[0] + (0.5 * (P[1] + P[2] + P[3] + P[5] + P[6]));
        var root = new[] { 1, 2, 3, 5, 6 }.Sum(id => Math.Sqrt(P[id]));
        Assert.Equal(Math.Log(P[0] / z), pruned.HeadLogprobs[0], 1e-6);
        Assert.Equal(Math.Log(0.75 * root / Math.Sqrt(z)), pruned.TailLogSums[1].Values[0], 1e-5);
        Assert.Equal(4, pruned.TailSamples[1].Ids.Length);
        Assert.All([2, 3], id => Assert.Contains(id, pruned.TailSamples[1].Ids));   // 3 and 5, once more one of them
        Assert.Equal([1, 1], pruned.TailSamples[0].Ids);
    }

    [Fact]
    public void Without_draws_the_bucket_keeps_its_mass()
    {
        var pruned = Of([0, 4], []);

        Assert.Equal(Math.Log(P[0] / (1 - P[4])), pruned.HeadLogprobs[0], 1e-6);
        Assert.Equal(Math.Log(1 - (P[0] / (1 - P[4]))), pruned.TailLogSums[0].Values[0], 1e-5);
    }

    [Fact]
    public void Random_draws_that_are_left_are_unbiased()
    {
        var (mean, chanceOfAny) = (new double[Size], 0.0);
        foreach (var (a, b) in from a in Enumerable.Range(0, Size) from b in Enumerable.Range(0, Size) select (a, b))
        {
            var pruned = new PrunedTraces(Map).Of(Drawn([a, b], 1))!;
            if (!Kept.Contains(a) && !Kept.Contains(b))
            {
                Assert.Equal([1], pruned.HeadIds);   // the realised token is all that is known
                continue;
            }

            chanceOfAny += P[a] * P[b];
            Weigh(pruned, P[a] * P[b], mean);
        }

        Assert.All(Kept, id => Assert.Equal(P[id] / Mass, mean[id] / chanceOfAny, 1e-5));
    }

    [Fact]
    public void Random_draws_at_another_temperature_weigh_as_the_conditional_distribution()
    {
        const int Rounds = 4000;
        var chance = new Random(3);
        var r = P.Select(Math.Sqrt).ToArray();
        int Next()
        {
            var (id, left) = (0, chance.NextDouble() * r.Sum());
            while (id < Size - 1 && (left -= r[id]) > 0)
            {
                id++;
            }

            return id;
        }

        var mean = new double[Size];
        for (var round = 0; round < Rounds; round++)
        {
            Weigh(new PrunedTraces(Map).Of(Drawn([.. Enumerable.Range(0, 50).Select(_ => Next())], 2))!, 1.0 / Rounds, mean);
        }

        // A ratio of two estimates from 50 draws: off by some thousandths, and by chance by as much.
        Assert.All(Kept, id => Assert.InRange(mean[id] / (P[id] / Mass), 0.98, 1.02));
    }

    // As the loss weighs them: (n/N)(p/r), log r from head and tail at s.
    static void Weigh(TokenTrace pruned, double chance, double[] mean)
    {
        Assert.Null(pruned.Check());
        var (s, counts) = (pruned.HeadDraws!.Temperature, pruned.HeadDraws.Counts);
        double All(float temperature) => pruned.HeadLogprobs.Sum(log => Math.Exp(log / temperature)) + Math.Exp(pruned.TailLogSums.First(tail => tail.Temperature == temperature).Values[0]);
        var (one, at) = (All(1), All(s));
        for (var k = 0; k < counts.Length; k++)
        {
            var log = pruned.HeadLogprobs[k];
            mean[Kept[pruned.HeadIds[k]]] += chance * counts[k] / counts.Sum() * (Math.Exp(log) / one / (Math.Exp(log / s) / at));
        }
    }

    static TokenTrace Drawn(int[] draws, float s)
    {
        int[] ids = [.. draws.Distinct().Order()];
        double Outside(float temperature) => Enumerable.Range(0, Size).Except(ids).Sum(id => Math.Pow(P[id], 1 / temperature));
        return Trace(ids, [], []) with
        {
            HeadDraws = new HeadDraws(s, [.. ids.Select(id => draws.Count(drawn => drawn == id))]),
            TailLogSums = [.. new[] { 1f, s }.Distinct().Select(temperature => new TailLogSums(temperature, [(float)Math.Log(Outside(temperature))]))],
        };
    }

    [Fact]
    public void Where_nothing_known_stays_the_realised_token_is_all_there_is()
    {
        var pruned = Of([4], [6, 1]);

        Assert.Equal([1], pruned.HeadIds);
        Assert.Equal(0, pruned.HeadLogprobs[0]);
        Assert.Equal([-1, -1], pruned.TailSamples[0].Ids);
        Assert.True(float.IsNegativeInfinity(pruned.TailLogSums[0].Values[0]));
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public async Task A_model_without_the_rows_of_what_is_gone_thinks_what_the_whole_one_thinks_of_the_rest(string architecture)
    {
        var gguf = PretrainedTests.WriteRandom(scratch[architecture], Small.Of(architecture), Small.Vocabulary);
        var map = VocabularyMap.Between(Small.Vocabulary, EveryThird(Small.Vocabulary))!;
        using var whole = PretrainedWeights.Load(gguf);
        using var model = new CheckpointModel(whole.Shape, whole.Build(CPU, Learning.Frozen), Small.Vocabulary, "whole", tokenizer: null);
        using var part = whole.Keep(map);
        using var smaller = new CheckpointModel(part.Shape, part.Build(CPU, Learning.Frozen), map.Part, "part", tokenizer: null);
        var sequence = new TokenSequence(map.Part.Fingerprint, [3, 1, 4, 1, 5, 9, 2, 6], 2);

        var (thought, kept) = (await new PrunedTeacher(model, map).ScoreAsync(sequence, new Want.Full(), default), await smaller.ScoreAsync(sequence, new Want.Full(), default));

        Assert.Equal(map.Kept.Count * 6, thought.HeadIds.Length);
        Assert.Equal(kept.HeadIds, thought.HeadIds);
        Assert.All(kept.HeadLogprobs.Zip(thought.HeadLogprobs), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        Assert.All(kept.TokenLogprobs.Zip(thought.TokenLogprobs), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        Assert.Equal(kept.TokenRanks, thought.TokenRanks);
    }

    [Fact]
    public void A_row_with_a_token_that_is_gone_has_no_trace() => Assert.Null(new PrunedTraces(MapOf([0, 3])).Of(Trace([0], [], [])));

    [Fact]
    public void A_row_of_another_vocabulary_does_not_pass_for_the_students()
    {
        var foreign = Trace([0], [], []) with { Vocabulary = "another" };

        Assert.Same(foreign, new PrunedTraces(Map).Of(foreign));
    }

    static Vocabulary EveryThird(Vocabulary whole) => new()
    {
        Kind = whole.Kind,
        Pre = whole.Pre,
        Tokens = [.. whole.Tokens.Where((_, id) => id % 3 == 0)],
        Types = [.. whole.Types.Where((_, id) => id % 3 == 0)],
        Eos = whole.Eos / 3,
    };

    static VocabularyMap MapOf(int[] kept)
    {
        static Vocabulary Of(IEnumerable<int> ids) => new() { Kind = "gpt2", Pre = "gpt-2", Tokens = [.. ids.Select(id => $"{(char)('a' + id)}")], Types = [.. ids.Select(_ => TokenType.Normal)] };
        return VocabularyMap.Between(Of(Enumerable.Range(0, Size)), Of(kept))!;
    }

    static TokenTrace Of(IEnumerable<int> head, int[] samples, (float Temperature, int[] Ids)[]? others = null)
    {
        var pruned = new PrunedTraces(Map).Of(Trace([.. head], samples, others ?? []))!;
        Assert.Null(pruned.Check());
        Assert.Equal(Map.Part.Fingerprint, pruned.Vocabulary);
        return pruned;
    }

    // The prompt is token 2's, and so is the answer.
    static TokenTrace Trace(int[] head, int[] samples, (float Temperature, int[] Ids)[] others)
    {
        int[] tail = [.. Enumerable.Range(0, Size).Except(head)];
        (float Temperature, int[] Ids)[] all = [(1f, samples), .. others];
        return new TokenTrace
        {
            Id = "row",
            Scorer = "",
            Vocabulary = Map.Whole.Fingerprint,
            TokenIds = [2, 2],
            PromptLength = 1,
            LossMask = [true],
            TokenLogprobs = [(float)Math.Log(P[2])],
            TokenRanks = [1],
            Entropies = [(float)-P.Sum(p => p * Math.Log(p))],
            HeadSizes = [head.Length],
            HeadIds = head,
            HeadLogprobs = [.. head.Select(id => (float)Math.Log(P[id]))],
            TailLogSums = [.. all.Select(set => new TailLogSums(set.Temperature, [(float)Math.Log(tail.Sum(id => Math.Pow(P[id], 1 / set.Temperature)))]))],
            TailSamples = [.. all.Where(set => set.Ids.Length > 0).Select(set => new TailSamples(set.Temperature, set.Ids))],
        };
    }
}
