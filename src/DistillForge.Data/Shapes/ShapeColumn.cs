using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data.Duck;

namespace DistillForge.Data;

/// <summary>A column of a shape: how a row's value is written to each kind of file.</summary>
abstract class ShapeColumn(string name)
{
    public string Name => name;

    /// <summary>The type, as DuckDB names it.</summary>
    public abstract string Sql { get; }

    /// <summary>A text stands in a cell as it is; anything else as JSON.</summary>
    public abstract bool IsText { get; }

    public abstract void AddTo(ShapeSchema schema);

    public abstract string TextOf(Example row);

    public abstract void Write(Utf8JsonWriter json, Example row);
}

sealed class ShapeColumn<T>(string name, Codec<T> codec, Func<Example, T> get, Action<Utf8JsonWriter, T> write) : ShapeColumn(name)
{
    public override string Sql => codec.Sql;

    public override bool IsText => typeof(T) == typeof(string);

    public override void AddTo(ShapeSchema schema) => schema.Take(Name, codec, get);

    public override string TextOf(Example row) => (string)(object)get(row)!;

    public override void Write(Utf8JsonWriter json, Example row) => write(json, get(row));
}

/// <summary>OpenAI's <c>input</c>: the question as an object around its messages.</summary>
sealed class InputColumn() : ShapeColumn("input")
{
    public override string Sql => $"STRUCT(messages {Types.Messages.Sql})";

    public override bool IsText => false;

    public override void AddTo(ShapeSchema schema) => throw new NotSupportedException();

    public override string TextOf(Example row) => throw new NotSupportedException();

    public override void Write(Utf8JsonWriter json, Example row)
    {
        json.WriteStartObject();
        json.WritePropertyName("messages");
        ShapeJson.List(json, row.Prompt, ShapeJson.Role);
        json.WriteEndObject();
    }
}

/// <summary>The columns of a shape as Parquet; only written.</summary>
sealed class ShapeSchema : ParquetSchema<Example>
{
    public ShapeSchema(ExportShape shape)
    {
        foreach (var column in shape.Columns)
        {
            column.AddTo(this);
        }
    }

    public void Take<T>(string name, Codec<T> codec, Func<Example, T> get) => Add(name, codec, get);

    public override int Weigh(Example row) => Types.Weigh(row.Prompt) + Types.Weigh(row.Completion) + (2 * (row.Rejected?.Length ?? 0));

    protected override Example Build(Values values, int row) => throw new NotSupportedException();
}

/// <summary>Parts of shapes as JSON.</summary>
static class ShapeJson
{
    public static void Role(Utf8JsonWriter json, Message message) => Pair(json, "role", message.Role, "content", message.Content);

    public static void From(Utf8JsonWriter json, Message message) => Pair(json, "from", RowShapes.FromOf(message.Role), "value", message.Content);

    public static void Part(Utf8JsonWriter json, MarkedText part)
    {
        json.WriteStartObject();
        json.WriteBoolean("label", part.IsTrained);
        json.WriteString("text", part.Text);
        json.WriteEndObject();
    }

    public static void List<T>(Utf8JsonWriter json, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray();
        foreach (var item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    }

    static void Pair(Utf8JsonWriter json, string first, string one, string second, string other)
    {
        json.WriteStartObject();
        json.WriteString(first, one);
        json.WriteString(second, other);
        json.WriteEndObject();
    }
}
