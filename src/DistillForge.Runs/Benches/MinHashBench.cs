using System.Diagnostics;
using DistillForge.Core;
using DistillForge.Filters;

namespace DistillForge.Runs.Benches;

/// <summary>Near duplicates at corpus speed: signatures a second on one core, whole corpora of 10k, 100k and 1 M documents, and what is found of planted pairs.</summary>
[Component("minhash")]
sealed class MinHashBench : IBench
{
    const int Characters = 2000;
    const int Documents = 4000;
    const int Pairs = 10_000;

    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    public string Purpose => "MinHash near-duplicates: signatures a second on one core, whole corpora, recall and precision on planted pairs";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var text = new BenchText(1);
        var documents = Enumerable.Range(0, Documents).Select(i => text.Write(i, Characters)).ToArray();
        // Until the runtime has compiled the loops for good, which it does some time after they were first run.
        for (var warm = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(warm) < WarmUp;)
        {
            Sign(documents, withHashes: true);
        }

        var rounds = request.Rounds > 0 ? request.Rounds : 7;
        var before = GC.GetAllocatedBytesForCurrentThread();
        Sign(documents, withHashes: true);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var seconds = await Rounds.MedianAsync(rounds, "signatures", log, [() => Task.FromResult(Sign(documents, withHashes: true)), () => Task.FromResult(Sign(documents, withHashes: false))], cancellationToken);
        var rate = Documents / seconds[0];
        var details = new List<Measurement>
        {
            new("characters_per_document", documents.Average(document => document.Length), "characters", Better.Higher),
            new("words_alone", Documents / seconds[1], "documents/s", Better.Higher),
            new("allocated_per_document", (double)allocated / Documents, "bytes", Better.Lower),
        };
        details.AddRange(await PlantedAsync(0.80, cancellationToken));
        details.AddRange(await PlantedAsync(0.90, cancellationToken));
        foreach (var size in new[] { 10_000, 100_000, 1_000_000 })
        {
            log.Report("corpora", size, 1_000_000, "documents");
            details.Add(await CorpusAsync(text, size, cancellationToken));
        }

        return new Measurement("minhash", rate, "documents/s/core", Better.Higher, "asked for: 100000 documents/s/core", rate / 100_000) { Details = details };
    }

    static double Sign(string[] documents, bool withHashes)
    {
        var start = Stopwatch.GetTimestamp();
        var maker = new ShingleMaker(5);
        Span<uint> signature = stackalloc uint[MinHash.Hashes];
        Span<uint> keys = stackalloc uint[MinHash.Bands];
        foreach (var document in documents)
        {
            maker.Clear();
            maker.Add(document);
            if (withHashes)
            {
                MinHash.Sign(maker.Shingles, signature);
                MinHash.BandKeys(signature, keys);
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // One row in ten repeats the row five before it with a tenth of its words changed in one place.
    static async Task<Measurement> CorpusAsync(BenchText text, int size, CancellationToken cancellationToken)
    {
        var dataset = new MadeRows(size, i => BenchText.Row(i, "", text.Write(i % 10 == 9 ? Edited(text.Draw(i - 5, Characters), 0.9, (ulong)i) : text.Draw(i, Characters))));
        var start = Stopwatch.GetTimestamp();
        await foreach (var row in dataset.ReadAsync(cancellationToken))
        {
        }

        var making = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var peak = new Peak();
        start = Stopwatch.GetTimestamp();
        var dropped = 0;
        await foreach (var verdict in new NearDuplicate(new NearDuplicate.Options()).JudgeAsync(dataset, cancellationToken))
        {
            dropped += verdict.Action == FilterAction.Drop ? 1 : 0;
            peak.Look();
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Measurement($"corpus_{size}", size / seconds, "documents/s", Better.Higher)
        {
            Details =
            [
                new("seconds", seconds, "s", Better.Lower),
                new("of_which_making_the_text", making, "s", Better.Lower),
                new("peak_memory", peak.Bytes / 1e9, "GB", Better.Lower),
                new("found_of_planted", dropped / (size / 10.0), "share", Better.Higher),
            ],
        };
    }

    /// <summary>Pairs whose Jaccard similarity is just above the threshold, and as many just below it, which must stay.</summary>
    static async Task<IReadOnlyList<Measurement>> PlantedAsync(double similarity, CancellationToken cancellationToken)
    {
        var text = new BenchText(2);
        var threshold = similarity;
        // Rows 4p, 4p + 1: a pair above; 4p + 2, 4p + 3: a pair below.
        var dataset = new MadeRows(4L * Pairs, i =>
        {
            var drawn = text.Draw(i & ~1L, Characters);
            return BenchText.Row(i, "", text.Write((i & 1) == 0 ? drawn : Edited(drawn, (i & 2) == 0 ? similarity + 0.003 : similarity - 0.05, (ulong)i)));
        });
        var (right, wrong, number) = (0, 0, 0L);
        await foreach (var verdict in new NearDuplicate(new NearDuplicate.Options(Threshold: threshold)).JudgeAsync(dataset, cancellationToken))
        {
            if (verdict.Action == FilterAction.Drop)
            {
                _ = (number & 3) == 1 ? right++ : wrong++;
            }

            number++;
        }

        return
        [
            new Measurement($"recall_at_{similarity:0.0}", (double)right / Pairs, "share", Better.Higher, $"asked for: {(similarity < 0.85 ? 0.90 : 0.99)}", (double)right / Pairs / (similarity < 0.85 ? 0.90 : 0.99)),
            new Measurement($"precision_at_{similarity:0.0}", (double)right / (right + wrong), "share", Better.Higher, "asked for: 0.98", (double)right / (right + wrong) / 0.98),
        ];
    }

    /// <summary>Other words in places that are five apart or more, so many that the 5-word runs have at least this Jaccard similarity and hardly more.</summary>
    static List<int> Edited(List<int> words, double similarity, ulong seed)
    {
        // n runs of which r change: J = (n − r)/(n + r).
        var runs = words.Count - 4;
        var change = (int)(runs * (1 - similarity) / (1 + similarity));
        var state = BenchText.Spread(seed);
        var edited = new List<int>(words);
        // A stretch of k other words takes k + 4 runs with it; half of the change in single words, five runs each, the rest in one stretch.
        var single = change / 2 / 5;
        var stretch = change - (5 * single) - 4;
        var step = (runs - change) / Math.Max(1, single + 1);
        var at = 4 + (step / 2);
        for (var i = 0; i < single; i++, at += Math.Max(step, 6))
        {
            edited[at] = Other(edited[at], ref state);
        }

        for (var i = 0; i < stretch; i++)
        {
            edited[^(i + 1 + 4)] = Other(edited[^(i + 1 + 4)], ref state);
        }

        return edited;
    }

    static int Other(int word, ref ulong state)
    {
        int other;
        do
        {
            other = BenchText.Next(ref state);
        }
        while (other == word);
        return other;
    }

    /// <summary>The most memory that the process held, as far as looks found it.</summary>
    sealed class Peak
    {
        int looks;

        public long Bytes { get; private set; } = Environment.WorkingSet;

        public void Look()
        {
            if ((++looks & 0x3fff) == 0)
            {
                Bytes = Math.Max(Bytes, Environment.WorkingSet);
            }
        }
    }
}
