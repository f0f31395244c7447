using DistillForge.Core;
using DistillForge.Data.Duck;

namespace DistillForge.Data;

sealed class TraceSchema : ParquetSchema<TokenTrace>
{
    static readonly Codec<IReadOnlyList<TailLogSums>> LogSums = new RowsCodec<TailLogSums>(new PairCodec<TailLogSums, float, float[]>(
        "temperature", Types.Float, tail => tail.Temperature, "values", Types.Nats, tail => tail.Values, (temperature, values) => new TailLogSums(temperature, values)));

    static readonly Codec<IReadOnlyList<TailSamples>> Samples = new RowsCodec<TailSamples>(new PairCodec<TailSamples, float, int[]>(
        "temperature", Types.Float, tail => tail.Temperature, "ids", Types.Integers, tail => tail.Ids, (temperature, ids) => new TailSamples(temperature, ids)));

    // None or one; a list, so that it reads like the tails.
    static readonly Codec<IReadOnlyList<HeadDraws>> Draws = new RowsCodec<HeadDraws>(new PairCodec<HeadDraws, float, int[]>(
        "temperature", Types.Float, draws => draws.Temperature, "counts", Types.Bytes, draws => draws.Counts, (temperature, counts) => new HeadDraws(temperature, counts)));

    readonly Column<string> id, scorer, vocabulary;
    readonly Column<int[]> tokenIds, tokenRanks, headSizes, headIds;
    readonly Column<int> promptLength;
    readonly Column<bool[]> lossMask;
    readonly Column<float[]> tokenLogprobs, entropies, headLogprobs, plainHeadLogprobs;
    readonly Column<IReadOnlyList<HeadDraws>> headDraws;
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
        tokenLogprobs = Add("token_logprobs", Types.Nats, trace => trace.TokenLogprobs);
        tokenRanks = Add("token_ranks", Types.Integers, trace => trace.TokenRanks);
        entropies = Add("entropies", Types.Nats, trace => trace.Entropies);
        headSizes = Add("head_sizes", Types.Bytes, trace => trace.HeadSizes);
        headIds = Add("head_ids", Types.Integers, trace => trace.HeadIds);
        headLogprobs = Add("head_logprobs", Types.CodedLogprobs, trace => trace.HeadLogprobs);
        plainHeadLogprobs = AddOlder("head_logprobs", Types.Floats);
        headDraws = Add("head_draws", Draws, trace => trace.HeadDraws is { } draws ? [draws] : [], isRequired: false);
        tailLogSums = Add("tail_logsums", LogSums, trace => trace.TailLogSums);
        tailSamples = Add("tail_samples", Samples, trace => trace.TailSamples);
        capped = Add("capped", Types.Boolean, trace => trace.Capped);
    }

    public override IReadOnlyDictionary<string, string> Notes { get; } = new Dictionary<string, string>
    {
        ["head_logprobs"] = LogprobCode.Description,
        ["token_logprobs"] = "natural logarithms, rounded to 1/1024; entropies and tail_logsums too",
        ["head_ids"] = "ascending within a position; head_sizes says how many belong to each",
        ["tail_samples"] = "with replacement, ascending within a position",
    };

    public override int Weigh(TokenTrace row) => 500 + (20 * row.TokenIds.Length) + (8 * row.HeadIds.Length)
        + row.TailLogSums.Sum(tail => 4 * tail.Values.Length) + row.TailSamples.Sum(tail => 4 * tail.Ids.Length);

    protected override TokenTrace Build(Values values, int row)
    {
        var (coded, plain, draws) = (values.Get(headLogprobs, row), values.Get(plainHeadLogprobs, row), values.Get(headDraws, row));
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
            HeadLogprobs = plain.Length > 0 ? plain : coded,
            HeadDraws = draws.Count > 0 ? draws[0] : null,
            TailLogSums = values.Get(tailLogSums, row),
            TailSamples = values.Get(tailSamples, row),
            Capped = values.Get(capped, row),
        };
        if ((trace.Check() ?? TraceValues.Check(trace)) is { } problem)
        {
            throw new InvalidDataException($"row {trace.Id}: {problem}");
        }

        if (coded.Length > 0)
        {
            Normalise(trace);
        }

        return trace;
    }

    static void Normalise(TokenTrace trace)
    {
        if (trace.TailLogSums.FirstOrDefault(tail => tail.Temperature == 1) is not { } tail)
        {
            return;
        }

        var start = 0;
        for (var position = 0; position < trace.HeadSizes.Length; position++)
        {
            LogprobCode.Normalise(trace.HeadLogprobs.AsSpan(start, trace.HeadSizes[position]), tail.Values[position]);
            start += trace.HeadSizes[position];
        }
    }
}
