using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>
/// Drops rows that nearly repeat an earlier one that stays: the first of a cluster, in the dataset's order, represents it; where several may stay, verdicts name the row that is repeated and that first one. Candidates come from
/// <see cref="MinHash"/> bands and are verified by the exact Jaccard similarity of their word runs.
/// </summary>
[Component("near-duplicate")]
public sealed class NearDuplicate(NearDuplicate.Options options) : IDatasetFilter
{
    const int ChunkRows = 1024;

    // A row may share a band with any number of kept rows (a form letter with ever other contents); more than this many are not compared.
    const int MostCandidates = 256;

    /// <param name="Threshold">Jaccard similarity from which a row repeats another.</param>
    /// <param name="Words">Length of the word runs that are compared.</param>
    /// <param name="MinWords">Rows of fewer words are left to exact-duplicate: a word more or less is much of them.</param>
    /// <param name="By">System messages never count: every row has the same.</param>
    /// <param name="MemoryMb">For the word runs of kept rows; what is more goes to a temporary file. The bands need about 300 bytes a kept row beside.</param>
    /// <param name="Most">Rows that may stay of a cluster: one that nearly repeats any of them belongs to it.</param>
    public sealed record Options(double Threshold = 0.8, int Words = 5, int MinWords = 15, ExactDuplicate.Parts By = ExactDuplicate.Parts.PromptAndCompletion, int MemoryMb = 1536, [property: AddedLater] int Most = 1) : ICheckedOptions
    {
        public IEnumerable<Problem> Check()
        {
            if (Threshold is not (>= 0.6 and <= 1))
            {
                yield return new Problem("threshold", $"is {Threshold}; it lies between 0.6 and 1.", "Below, the bands find too few of the pairs.");
            }

            if (Words is < 1 or > 20 || MinWords < 1 || MemoryMb < 0 || Most < 1)
            {
                yield return new Problem("words", "min_words and most count from 1, words to 20; memory_mb is not negative.");
            }
        }
    }

    sealed record Sketch(string Id, uint[] Shingles, uint[] Keys);

    public async IAsyncEnumerable<Verdict> JudgeAsync(IDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var index = new Index(options);
        await foreach (var chunk in dataset.ReadAsync(cancellationToken).Chunk(ChunkRows).WithCancellation(cancellationToken))
        {
            // Sketches are most of the work and need only their own row; who repeats whom is decided in the dataset's order.
            var sketches = new Sketch?[chunk.Length];
            Parallel.For(0, chunk.Length, new ParallelOptions { CancellationToken = cancellationToken }, () => new ShingleMaker(options.Words), (i, _, maker) =>
            {
                sketches[i] = SketchOf(chunk[i], maker);
                return maker;
            }, _ => { });
            foreach (var sketch in sketches)
            {
                yield return sketch is null ? Verdict.Keep : index.Judge(sketch);
            }
        }
    }

    Sketch? SketchOf(Example example, ShingleMaker maker)
    {
        maker.Clear();
        if (options.By != ExactDuplicate.Parts.Completion)
        {
            foreach (var message in example.Prompt)
            {
                if (message.Role != "system")
                {
                    maker.Add(message.Content);
                }
            }
        }

        if (options.By != ExactDuplicate.Parts.Prompt)
        {
            foreach (var message in example.Completion)
            {
                maker.Add(message.Content);
            }
        }

        if (maker.Words < options.MinWords)
        {
            return null;
        }

        Span<uint> signature = stackalloc uint[MinHash.Hashes];
        var keys = new uint[MinHash.Bands];
        MinHash.Sign(maker.Shingles, signature);
        MinHash.BandKeys(signature, keys);
        return new Sketch(example.Id, maker.Shingles.ToArray(), keys);
    }

    /// <summary>The rows that stay.</summary>
    sealed class Index(Options options) : IDisposable
    {
        readonly BandTable[] bands = [.. Enumerable.Range(0, MinHash.Bands).Select(_ => new BandTable())];
        readonly ShingleStore store = new(options.MemoryMb * (1L << 20));
        readonly List<string> ids = [];
        // Row → the first row of its cluster, and how many of it stay. Kept for more than one a cluster only: else each row is the first of its own.
        readonly List<int> firsts = [];
        readonly Dictionary<int, int> sizes = [];
        readonly SortedSet<int> candidates = [];

        public Verdict Judge(Sketch sketch)
        {
            Collect(sketch.Keys);
            var cluster = ids.Count;
            if (Similar(sketch.Shingles) is var (candidate, similarity))
            {
                cluster = options.Most == 1 ? candidate : firsts[candidate];
                if (sizes.GetValueOrDefault(cluster, 1) >= options.Most)
                {
                    var of = options.Most == 1 ? "" : $"; the cluster of row {ids[cluster]} has {options.Most} rows already";
                    return Verdict.Drop("near-duplicate", $"shares {similarity:P1} of its runs of {options.Words} words with row {ids[candidate]}, may share less than {options.Threshold:P0}{of}");
                }

                sizes[cluster] = sizes.GetValueOrDefault(cluster, 1) + 1;
            }

            for (var band = 0; band < bands.Length; band++)
            {
                bands[band].Add(sketch.Keys[band], ids.Count);
            }

            if (options.Most > 1)
            {
                firsts.Add(cluster);
            }

            ids.Add(sketch.Id);
            store.Add(sketch.Shingles);
            return Verdict.Keep;
        }

        // The first, in the dataset's order, of the candidates that are near enough.
        (int Row, double Similarity)? Similar(uint[] shingles)
        {
            if (candidates.Count == 0)
            {
                return null;
            }

            var ours = MinHash.SortedSetOf(shingles);
            foreach (var candidate in candidates)
            {
                var similarity = MinHash.Jaccard(ours, MinHash.SortedSetOf(store.Read(candidate)));
                if (similarity >= options.Threshold)
                {
                    return (candidate, similarity);
                }
            }

            return null;
        }

        public void Dispose() => store.Dispose();

        // In the order of the rows, so that the first of several is named.
        void Collect(uint[] keys)
        {
            candidates.Clear();
            for (var band = 0; band < bands.Length; band++)
            {
                for (var row = bands[band].Newest(keys[band]); row >= 0 && candidates.Count < MostCandidates; row = bands[band].Older(row))
                {
                    candidates.Add(row);
                }
            }
        }
    }
}
