using DistillForge.Core;
using DistillForge.Data.Duck;

namespace DistillForge.Data;

/// <summary>The types that several files share.</summary>
static class Types
{
    public static readonly Codec<string> Text = (Codec<string>)(object)new TextCodec(mayBeNull: false);
    public static readonly Codec<string?> OptionalText = new TextCodec(mayBeNull: true);
    public static readonly Codec<int> Integer = new NumberCodec<int>(DuckType.Integer, "INTEGER");
    public static readonly Codec<long> BigInt = new NumberCodec<long>(DuckType.BigInt, "BIGINT");
    public static readonly Codec<double> Double = new NumberCodec<double>(DuckType.Double, "DOUBLE");
    public static readonly Codec<float> Float = new NumberCodec<float>(DuckType.Float, "FLOAT");
    public static readonly Codec<bool> Boolean = new NumberCodec<bool>(DuckType.Boolean, "BOOLEAN");
    public static readonly Codec<int[]> Integers = new ArrayCodec<int>(Integer);
    public static readonly Codec<float[]> Floats = new ArrayCodec<float>(Float);
    public static readonly Codec<bool[]> Booleans = new ArrayCodec<bool>(Boolean);
    public static readonly Codec<int[]> Bytes = new BytesCodec();
    public static readonly Codec<float[]> Nats = new NatsCodec();
    public static readonly Codec<float[]> CodedLogprobs = new LogprobsCodec();
    public static readonly Codec<ushort[]> UnsignedShorts = new ArrayCodec<ushort>(new NumberCodec<ushort>(DuckType.USmallInt, "USMALLINT"));

    public static readonly Codec<Message> Message = new PairCodec<Message, string, string>(
        "role", Text, message => message.Role, "content", Text, message => message.Content, (role, content) => new Message(role, content));

    public static readonly Codec<IReadOnlyList<Message>> Messages = new RowsCodec<Message>(Message);

    public static int Weigh(IReadOnlyList<Message> messages) => 100 + messages.Sum(message => 60 + (2 * message.Content.Length));
}

sealed class PromptSchema : ParquetSchema<Prompt>
{
    readonly Column<string> id, source;
    readonly Column<IReadOnlyList<Message>> messages;
    readonly Column<long> seed;
    readonly Column<int> sample;
    readonly Column<string?> expected, category, after, teacher;

    public PromptSchema()
    {
        id = Add("id", Types.Text, prompt => prompt.Id);
        messages = Add("prompt", Types.Messages, prompt => prompt.Messages);
        seed = Add("seed", Types.BigInt, prompt => prompt.Seed);
        source = Add("source", Types.Text, prompt => prompt.Source);
        sample = Add("sample", Types.Integer, prompt => prompt.Sample);
        expected = Add("expected", Types.OptionalText, prompt => prompt.Expected, isRequired: false);
        category = Add("category", Types.OptionalText, prompt => prompt.Category, isRequired: false);
        after = Add("after", Types.OptionalText, prompt => prompt.After, isRequired: false);
        teacher = Add("teacher", Types.OptionalText, prompt => prompt.Teacher, isRequired: false);
    }

    public override int Weigh(Prompt row) => Types.Weigh(row.Messages);

    protected override Prompt Build(Values values, int row) => new(
        values.Get(id, row), values.Get(messages, row), values.Get(seed, row), values.Get(source, row), values.Get(sample, row), values.Get(expected, row), values.Get(category, row),
        values.Get(after, row), values.Get(teacher, row));
}

sealed class FailureSchema : ParquetSchema<Failure>
{
    readonly Column<string> id, code, detail;

    public FailureSchema()
    {
        id = Add("id", Types.Text, failure => failure.Id);
        code = Add("code", Types.Text, failure => failure.Code);
        detail = Add("detail", Types.Text, failure => failure.Detail);
    }

    public override int Weigh(Failure row) => 200 + (2 * row.Detail.Length);

    protected override Failure Build(Values values, int row) => new(values.Get(id, row), values.Get(code, row), values.Get(detail, row));
}

sealed class VerdictSchema : ParquetSchema<JudgedRow>
{
    readonly Column<string> id, filter, action;
    readonly Column<int> order;
    readonly Column<string?> code, detail, version;

    public VerdictSchema()
    {
        id = Add("id", Types.Text, row => row.Id);
        filter = Add("filter", Types.Text, row => row.Filter);
        order = Add("order", Types.Integer, row => row.Order);
        action = Add("action", Types.Text, row => Yaml.Values.NameOf(row.Verdict.Action));
        code = Add("code", Types.OptionalText, row => row.Verdict.Reason?.Code);
        detail = Add("detail", Types.OptionalText, row => row.Verdict.Reason?.Detail);
        version = Add("version", Types.OptionalText, row => row.Version.Length > 0 ? row.Version : null, isRequired: false);
    }

    public override int Weigh(JudgedRow row) => 200;

    protected override JudgedRow Build(Values values, int row)
    {
        var name = values.Get(action, row);
        if (!Enum.TryParse<FilterAction>(name, ignoreCase: true, out var parsed))
        {
            throw new InvalidDataException($"column action has '{name}', which is none of {string.Join(", ", Yaml.Values.NamesOf(typeof(FilterAction)))}");
        }

        var reason = values.Get(code, row) is { } given ? new Reason(given, values.Get(detail, row) ?? "") : null;
        return new JudgedRow(values.Get(id, row), values.Get(filter, row), values.Get(order, row), new Verdict(parsed, reason), values.Get(version, row) ?? "");
    }
}
