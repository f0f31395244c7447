using DistillForge.Core;
using DistillForge.Data.Duck;

namespace DistillForge.Data;

sealed class TraceSchema : ParquetSchema<TokenTrace>
{
    static readonly Codec<IReadOnlyList<TailLogSums>> LogSums = new RowsCodec<TailLogSums>(new PairCodec<TailLogSums, float, float[]>(
        "temperature", Types.Float, tail => tail.Temperature, "values", Types.Floats, tail => tail.Values, (temperature, values) => new TailLogSums(temperature, values)));

    static readonly Codec<IReadOnlyList<TailSamples>> Samples = new RowsCodec<TailSamples>(new PairCodec<TailSamples, float, int[]>(
        "temperature", Types.Float, tail => tail.Temperature, "ids", Types.Integers, tail => tail.Ids, (temperature, ids) => new TailSamples(temperature, ids)));

    readonly Column<string> id, scorer, vocabulary;
    readonly Column<int[]> tokenIds, tokenRanks, headSizes, headIds;
    readonly Column<int> promptLength;
    readonly Column<bool[]> lossMask;
    readonly Column<float[]> tokenLogprobs, entropies, headLogprobs;
    readonly Column<IReadOnlyList<TailLogSums>> tailLogSums;
    readonly Column<IReadOnlyList<TailSamples>> tailSamples;
    readonly Column<bool> capped;

    public TraceSchema()
    {
        id = Add("id", Types.Text, trace => trace.Id);
        scorer = Add("scorer", Types.Text, trace => trace.Scorer);
        vocabulary = Add("vocabulary", Types.Text, trace => trace.Vocabulary);
        tokenIds = Add("token_ids", Types.Integers, trace => trace.TokenIds);
        promptLength = Add("prompt_length", Types.Integer, trace => trace.PromptLength);
        lossMask = Add("loss_mask", Types.Booleans, trace => trace.LossMask);
        tokenLogprobs = Add("token_logprobs", Types.Floats, trace => trace.TokenLogprobs);
        tokenRanks = Add("token_ranks", Types.Integers, trace => trace.TokenRanks);
        entropies = Add("entropies", Types.Floats, trace => trace.Entropies);
        headSizes = Add("head_sizes", Types.Bytes, trace => trace.HeadSizes);
        headIds = Add("head_ids", Types.Integers, trace => trace.HeadIds);
        headLogprobs = Add("head_logprobs", Types.Floats, trace => trace.HeadLogprobs);
        tailLogSums = Add("tail_logsums", LogSums, trace => trace.TailLogSums);
        tailSamples = Add("tail_samples", Samples, trace => trace.TailSamples);
        capped = Add("capped", Types.Boolean, trace => trace.Capped);
    }

    public override int Weigh(TokenTrace row) => 500 + (20 * row.TokenIds.Length) + (8 * row.HeadIds.Length)
        + row.TailLogSums.Sum(tail => 4 * tail.Values.Length) + row.TailSamples.Sum(tail => 4 * tail.Ids.Length);

    protected override TokenTrace Build(Values values, int row)
    {
        var trace = new TokenTrace
        {
            Id = values.Get(id, row),
            Scorer = values.Get(scorer, row),
            Vocabulary = values.Get(vocabulary, row),
            TokenIds = values.Get(tokenIds, row),
            PromptLength = values.Get(promptLength, row),
            LossMask = values.Get(lossMask, row),
            TokenLogprobs = values.Get(tokenLogprobs, row),
            TokenRanks = values.Get(tokenRanks, row),
            Entropies = values.Get(entropies, row),
            HeadSizes = values.Get(headSizes, row),
            HeadIds = values.Get(headIds, row),
            HeadLogprobs = values.Get(headLogprobs, row),
            TailLogSums = values.Get(tailLogSums, row),
            TailSamples = values.Get(tailSamples, row),
            Capped = values.Get(capped, row),
        };
        return trace.Check() is { } problem
            ? throw new InvalidDataException($"row {trace.Id}: {problem}")
            : Negative(trace.TokenIds) || Negative(trace.HeadIds)
                ? throw new InvalidDataException($"row {trace.Id}: a token id is negative")
                : trace;
    }

    static bool Negative(int[] ids) => ids.AsSpan().ContainsAnyInRange(int.MinValue, -1);
}
