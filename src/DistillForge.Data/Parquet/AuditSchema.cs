namespace DistillForge.Data;

/// <summary>What a scorer thought of one position, whole.</summary>
/// <param name="Id">The row.</param>
/// <param name="Position">Of the completion, from 0.</param>
/// <param name="TokenId">The realised token.</param>
/// <param name="Logprobs">[V] log p of every id, in half precision.</param>
public sealed record AuditPosition(string Id, string Scorer, string Vocabulary, int Position, int TokenId, Half[] Logprobs);

sealed class AuditSchema : ParquetSchema<AuditPosition>
{
    readonly Column<string> id, scorer, vocabulary;
    readonly Column<int> position, tokenId;
    readonly Column<ushort[]> logprobs;

    public AuditSchema()
    {
        id = Add("id", Types.Text, row => row.Id);
        scorer = Add("scorer", Types.Text, row => row.Scorer);
        vocabulary = Add("vocabulary", Types.Text, row => row.Vocabulary);
        position = Add("position", Types.Integer, row => row.Position);
        tokenId = Add("token_id", Types.Integer, row => row.TokenId);
        logprobs = Add("logprobs_float16", Types.UnsignedShorts, row => Array.ConvertAll(row.Logprobs, BitConverter.HalfToUInt16Bits));
    }

    public override IReadOnlyDictionary<string, string> Notes { get; } = new Dictionary<string, string>
    {
        ["logprobs_float16"] = "log p of ids 0, 1, 2, ...: the bits of IEEE half-precision numbers",
    };

    public override int Weigh(AuditPosition row) => 500 + (2 * row.Logprobs.Length);

    protected override AuditPosition Build(Values values, int row)
    {
        var read = new AuditPosition(
            values.Get(id, row), values.Get(scorer, row), values.Get(vocabulary, row), values.Get(position, row), values.Get(tokenId, row),
            Array.ConvertAll(values.Get(logprobs, row), BitConverter.UInt16BitsToHalf));
        var sum = read.Logprobs.Sum(logprob => Math.Exp((double)logprob));
        return read.Position < 0 ? throw new InvalidDataException($"row {read.Id}: position is {read.Position}")
            : read.TokenId < 0 || read.TokenId >= read.Logprobs.Length ? throw new InvalidDataException($"row {read.Id}: token_id is {read.TokenId}, there are {read.Logprobs.Length} log-probabilities")
            : !(Math.Abs(sum - 1) < 0.05) ? throw new InvalidDataException($"row {read.Id}: the probabilities at position {read.Position} add up to {sum:0.###}")
            : read;
    }
}
