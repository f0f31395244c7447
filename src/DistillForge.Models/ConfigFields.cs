using System.Text.Json;

namespace DistillForge.Models;

// The fields of one config.json, each read with an error that names it.
sealed class ConfigFields(string path, JsonElement root)
{
    public ModelFileException Unfit(string field, string what) => new(path, field, what, "Choose a plain Llama, Qwen2, Qwen3 or GPT-2 model.");

    public void Demand(string field, string value)
    {
        if (Find(field) is { } found && (found.ValueKind != JsonValueKind.String || found.GetString() != value))
        {
            throw Unfit(field, $"is {Printable.Name(found.GetRawText())}, but only '{value}' is built.");
        }
    }

    public string OneOf(string field, IReadOnlyList<string> values)
        => Find(field) is not { } found ? values[0]
            : found.ValueKind == JsonValueKind.String && values.Contains(found.GetString()!) ? found.GetString()!
            : throw Unfit(field, $"is {Printable.Name(found.GetRawText())}, but only {string.Join(", ", values)} are built.");

    public void Refuse(string field)
    {
        if (Find(field) is { ValueKind: not JsonValueKind.False } found)
        {
            throw Unfit(field, $"is {Printable.Name(found.GetRawText())}, which is not built.");
        }
    }

    public int Integer(string field, int? otherwise = null)
        => Find(field) is not { } found ? otherwise ?? throw Unfit(field, "is missing.")
            : found.ValueKind == JsonValueKind.Number && found.TryGetInt32(out var value) ? value
            : throw Unfit(field, $"is {Printable.Name(found.GetRawText())}, but must be a whole number.");

    public float Number(string field, float otherwise) => Number(root, field, otherwise);

    public bool Flag(string field, bool otherwise = false)
        => Find(field) is not { } found ? otherwise : (found.ValueKind is JsonValueKind.True or JsonValueKind.False ? found.GetBoolean() : throw Unfit(field, "must be true or false."));

    // transformers 5 moved rope_theta and rope_scaling into rope_parameters.
    public float RopeTheta()
        => Find("rope_parameters") is { ValueKind: JsonValueKind.Object } rope && rope.TryGetProperty("rope_theta", out _) ? Number(rope, "rope_theta", 10_000f) : Number("rope_theta", 10_000f);

    public RopeFactors? RopeFactors(int headSize)
    {
        var field = Find("rope_parameters") is { ValueKind: JsonValueKind.Object } ? "rope_parameters" : "rope_scaling";
        if (Find(field) is not { } rope || rope.ValueKind == JsonValueKind.False)
        {
            return null;
        }

        if (rope.ValueKind != JsonValueKind.Object || headSize is < 2 or > 1 << 14)
        {
            throw Unfit(field, $"is {Printable.Name(rope.GetRawText())}, which is not built.");
        }

        var type = rope.TryGetProperty("rope_type", out var found) || rope.TryGetProperty("type", out found) ? found.ValueKind == JsonValueKind.String ? found.GetString() : "" : field == "rope_parameters" ? "default" : "";
        float Of(string name) => Number(rope, name, float.NaN) is var value && value > 0 ? value : throw Unfit($"{field}.{name}", "must be a number above 0.");
        return type switch
        {
            "default" => null,
            "linear" => Models.RopeFactors.OfLinear(Of("factor"), headSize),
            "llama3" => Models.RopeFactors.OfLlama3(headSize, RopeTheta(), Of("factor"), Of("low_freq_factor"), Of("high_freq_factor"), Of("original_max_position_embeddings")),
            "longrope" => OneList(rope, field, headSize),
            _ => throw Unfit(field, $"has rope_type {Printable.Name(type ?? "")}, which is not built."),
        };
    }

    // As we write it: one list for every length.
    RopeFactors OneList(JsonElement rope, string field, int headSize)
    {
        float[] List(string name) => rope.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() == headSize / 2
            && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number)
            ? [.. list.EnumerateArray().Select(item => item.GetSingle())]
            : throw Unfit($"{field}.{name}", $"must be a list of {headSize / 2} numbers.");
        var factors = List("short_factor");
        return factors.AsSpan().SequenceEqual(List("long_factor")) && Number(rope, "attention_factor", 0) == 1
            ? new RopeFactors(factors)
            : throw Unfit(field, "has other factors for long texts than for short ones, which is not built.");
    }

    public static string Name(string property) => property switch
    {
        nameof(ModelShape.Layers) => "num_hidden_layers",
        nameof(ModelShape.Width) => "hidden_size",
        nameof(ModelShape.Heads) => "num_attention_heads",
        nameof(ModelShape.KeyValueHeads) => "num_key_value_heads",
        nameof(ModelShape.HeadSize) => "head_dim",
        nameof(ModelShape.FeedForward) => "intermediate_size",
        nameof(ModelShape.Vocabulary) => "vocab_size",
        nameof(ModelShape.RopeFactors) => "rope_scaling",
        nameof(ModelShape.Context) => "max_position_embeddings",
        _ => "rms_norm_eps",
    };

    JsonElement? Find(string field) => root.TryGetProperty(field, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;

    float Number(JsonElement from, string field, float otherwise)
        => !from.TryGetProperty(field, out var found) || found.ValueKind == JsonValueKind.Null ? otherwise
            : found.ValueKind == JsonValueKind.Number && found.TryGetSingle(out var value) ? value
            : throw Unfit(field, $"is {Printable.Name(found.GetRawText())}, but must be a number.");
}
