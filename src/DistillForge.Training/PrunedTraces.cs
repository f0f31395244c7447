using DistillForge.Core;
using DistillForge.Text;

namespace DistillForge.Training;

/// <summary>
/// A teacher's traces for a student that knows only some of its tokens K: the teacher's distribution given that the token is one of K,
/// p(i) / P_K. With all of the vocabulary in the head that is exact.
/// </summary>
/// <remarks>
/// <para>Head H with draws from its tail: κ_T is the share of the draws at T that lie in K, an unbiased estimate of the tail's share in K at T (1 where
/// nothing was drawn: the bucket keeps its mass). Z = Σ_{H∩K} p + κ_1 S_1; head p/Z, tail sums κ_T S_T / Z^{1/T}, draws those in K, repeated
/// to as many as there were. Before the division by Z the draws' total is unbiased for each token of K; Z's own error is second order in the tail.</para>
/// <para>Random draws (RS-KD) from r ∝ p^{1/s}: N′ of N lie in K and are draws from r given K. P_K is estimated by Σ (n/N)(p/r) over K, K's share of r
/// by N′/N; for s = 1 the weights n/N′ are unbiased for p(i) / P_K whatever was lost.</para>
/// <para>Where nothing that is known lies in K, the realised token, which does, is all there is.</para>
/// </remarks>
public sealed class PrunedTraces(VocabularyMap map)
{
    /// <returns>Null where a token of the row is not in K; a trace of another vocabulary as it is, for the preflight to refuse.</returns>
    public TokenTrace? Of(TokenTrace trace)
    {
        if (trace.Vocabulary != map.Whole.Fingerprint)
        {
            return trace;
        }

        if (map.Of(trace.TokenIds) is not { } tokens)
        {
            return null;
        }

        var bare = trace with { TokenIds = tokens, Vocabulary = map.Part.Fingerprint };
        return trace.IsScored ? new Pruning(trace, bare, map).Run() : bare;
    }

    // One row. The arrays are those of the new trace.
    sealed class Pruning(TokenTrace trace, TokenTrace bare, VocabularyMap map)
    {
        readonly int length = trace.CompletionLength;
        readonly List<int> ids = [];
        readonly List<float> logs = [];
        readonly List<int> counts = [];
        readonly int[] sizes = new int[trace.CompletionLength];
        readonly int[] ranks = [.. trace.TokenRanks];
        readonly float[] realised = [.. trace.TokenLogprobs];
        readonly float[] entropies = [.. trace.Entropies];
        readonly float[][] sums = [.. trace.TailLogSums.Select(tail => tail.Values.ToArray())];
        readonly int[][] draws = [.. trace.TailSamples.Select(tail => tail.Ids.ToArray())];

        public TokenTrace Run()
        {
            var start = 0;
            for (var i = 0; i < length; i++)
            {
                var head = Enumerable.Range(start, trace.HeadSizes[i]).Select(k => new Candidate(map.Of(trace.HeadIds[k]), trace.HeadLogprobs[k], trace.HeadDraws?.Counts[k] ?? 0)).ToList();
                start += trace.HeadSizes[i];
                Position(i, head);
            }

            return bare with
            {
                TokenLogprobs = realised,
                TokenRanks = ranks,
                Entropies = entropies,
                HeadSizes = sizes,
                HeadIds = [.. ids],
                HeadLogprobs = [.. logs],
                HeadDraws = trace.HeadDraws is { } drawn ? drawn with { Counts = [.. counts] } : null,
                TailLogSums = [.. trace.TailLogSums.Select((tail, k) => tail with { Values = sums[k] })],
                TailSamples = [.. trace.TailSamples.Select((tail, k) => tail with { Ids = draws[k] })],
            };
        }

        void Position(int i, List<Candidate> head)
        {
            var kept = head.FindAll(candidate => candidate.Id >= 0);
            var token = trace.TokenLogprobs[i];
            ranks[i] -= head.Count(candidate => candidate.Id < 0 && candidate.Log > token);
            var logZ = trace.HeadDraws is { } drawn ? Drawn(i, head, kept, drawn.Temperature) : Listed(i, head, kept);
            if (double.IsNegativeInfinity(logZ))
            {
                Alone(i);
                return;
            }

            realised[i] = (float)Math.Min(0, token - logZ);
            sizes[i] = kept.Count;
            ids.AddRange(kept.Select(candidate => candidate.Id));
            logs.AddRange(kept.Select(candidate => (float)Math.Min(0, candidate.Log - logZ)));
            counts.AddRange(trace.HeadDraws is null ? [] : kept.Select(candidate => candidate.Draws));
        }

        // The most likely ids, and draws from the rest.
        double Listed(int i, List<Candidate> head, List<Candidate> kept)
        {
            double[] shares = [.. trace.TailLogSums.Select(tail => Share(i, tail.Temperature))];
            var one = Index(1);
            var tail = one < 0 ? 0 : shares[one] * Math.Exp(trace.TailLogSums[one].Values[i]);
            var logZ = Math.Log(kept.Sum(candidate => Math.Exp(candidate.Log)) + tail);
            if (double.IsNegativeInfinity(logZ))
            {
                return logZ;
            }

            // Σ p log p of the tail is split as its mass is: for the reported value only.
            var rest = -trace.Entropies[i] - head.Sum(Weighted);
            var inside = kept.Sum(Weighted) + (one < 0 ? 0 : shares[one] * rest);
            entropies[i] = (float)Math.Max(0, logZ - (inside / Math.Exp(logZ)));
            for (var k = 0; k < sums.Length; k++)
            {
                var temperature = trace.TailLogSums[k].Temperature;
                sums[k][i] = (float)(trace.TailLogSums[k].Values[i] + Math.Log(shares[k]) - (logZ / temperature));
            }

            for (var k = 0; k < draws.Length; k++)
            {
                Redraw(i, k);
            }

            return logZ;
        }

        static double Weighted(Candidate candidate) => double.IsNegativeInfinity(candidate.Log) ? 0 : Math.Exp(candidate.Log) * candidate.Log;

        int Index(float temperature) => trace.TailLogSums.Index().Where(pair => pair.Item.Temperature == temperature).Select(pair => pair.Index).DefaultIfEmpty(-1).First();

        double Share(int i, float temperature)
        {
            var ids = trace.TailSamples.FirstOrDefault(tail => tail.Temperature == temperature)?.Ids ?? [];
            var each = length == 0 ? 0 : ids.Length / length;
            var here = ids.AsSpan(i * each, each);
            return each == 0 || here[0] < 0 ? 1 : (double)here.ToArray().Count(id => map.Of(id) >= 0) / each;
        }

        // As many as there were: each of those left equally often, and who of them once more, chance decides.
        void Redraw(int i, int k)
        {
            var each = draws[k].Length / length;
            var here = draws[k].AsSpan(i * each, each);
            int[] left = [.. here.ToArray().Where(id => id >= 0).Select(map.Of).Where(id => id >= 0)];
            if (left.Length == 0)
            {
                here.Fill(-1);
                return;
            }

            if (left.Length < each)
            {
                Seeds.Source(0, "pruned draws", $"{trace.Id} {i} {k}").Shuffle(left);
            }

            for (var slot = 0; slot < each; slot++)
            {
                here[slot] = left[slot % left.Length];
            }

            here.Sort();
        }

        // What random draws hit.
        double Drawn(int i, List<Candidate> head, List<Candidate> kept, float s)
        {
            if (kept.Count == 0)
            {
                return double.NegativeInfinity;
            }

            var (all, left) = (head.Sum(candidate => candidate.Draws), kept.Sum(candidate => candidate.Draws));
            var at = Index(s);
            var zs = head.Sum(candidate => Math.Exp(candidate.Log / s)) + Math.Exp(trace.TailLogSums[at].Values[i]);   // Σ p^(1/s) over the vocabulary
            var mass = kept.Sum(candidate => (double)candidate.Draws / all * Math.Exp(candidate.Log - (candidate.Log / s)) * zs);
            var logZ = Math.Log(mass);
            for (var k = 0; k < sums.Length; k++)
            {
                var temperature = trace.TailLogSums[k].Temperature;
                var whole = temperature == 1 ? mass
                    : (head.Sum(candidate => Math.Exp(candidate.Log / temperature)) + Math.Exp(trace.TailLogSums[k].Values[i])) * left / all;
                var outside = Math.Max(0, whole - kept.Sum(candidate => Math.Exp(candidate.Log / temperature)));
                sums[k][i] = (float)(Math.Log(outside) - (logZ / temperature));
            }

            entropies[i] = (float)Math.Max(0, -kept.Sum(candidate => (double)candidate.Draws / all * Math.Exp(candidate.Log - (candidate.Log / s)) * zs / mass * (candidate.Log - logZ)));
            return logZ;
        }

        void Alone(int i)
        {
            (realised[i], ranks[i], entropies[i], sizes[i]) = (0, 0, 0, 1);
            ids.Add(bare.TokenIds[bare.PromptLength + i]);
            logs.Add(0);
            counts.AddRange(trace.HeadDraws is null ? [] : [1]);
            foreach (var values in sums)
            {
                values[i] = float.NegativeInfinity;
            }

            foreach (var sampled in draws)
            {
                var each = sampled.Length / length;
                sampled.AsSpan(i * each, each).Fill(-1);
            }
        }
    }

    /// <param name="Id">In the student's vocabulary; −1: gone.</param>
    /// <param name="Log">log p.</param>
    /// <param name="Draws">0 where the heads are the most likely ids.</param>
    sealed record Candidate(int Id, float Log, int Draws);
}

/// <summary>A teacher as a student of fewer tokens hears it: it is given the student's ids and answers in them, see <see cref="PrunedTraces"/>.</summary>
public sealed class PrunedTeacher(ILanguageModel teacher, VocabularyMap map) : ILanguageModel
{
    readonly PrunedTraces traces = new(map);

    public string Vocabulary => map.Part.Fingerprint;

    /// <summary>Its own words, which may have tokens that the student lacks.</summary>
    public Task<Completion> CompleteAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken) => teacher.CompleteAsync(prompt, sampling, cancellationToken);

    public async Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken)
    {
        var wanted = want is Want.At at ? new Want.At([.. at.Ids.Select(id => map.Kept[id])]) : want;
        var trace = await teacher.ScoreAsync(new TokenSequence(map.Whole.Fingerprint, [.. tokens.TokenIds.Select(id => map.Kept[id])], tokens.PromptLength), wanted, cancellationToken);
        return traces.Of(trace) ?? throw new InvalidOperationException("every token of the student is one of the teacher's");
    }
}
