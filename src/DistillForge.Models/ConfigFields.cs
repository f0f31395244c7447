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

    // transformers 5 moved rope_theta into rope_parameters.
    public float RopeTheta()
    {
        if (Find("rope_parameters") is not { ValueKind: JsonValueKind.Object } rope)
        {
            return Number("rope_theta", 10_000f);
        }

        if (rope.TryGetProperty("rope_type", out var type) && (type.ValueKind != JsonValueKind.String || type.GetString() != "default"))
        {
            throw Unfit("rope_parameters", $"has rope_type {Printable.Name(type.GetRawText())}, which is not built.");
        }

        return Number(rope, "rope_theta", 10_000f);
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
        nameof(ModelShape.Context) => "max_position_embeddings",
        _ => "rms_norm_eps",
    };

    JsonElement? Find(string field) => root.TryGetProperty(field, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;

    float Number(JsonElement from, string field, float otherwise)
        => !from.TryGetProperty(field, out var found) || found.ValueKind == JsonValueKind.Null ? otherwise
            : found.ValueKind == JsonValueKind.Number && found.TryGetSingle(out var value) ? value
            : throw Unfit(field, $"is {Printable.Name(found.GetRawText())}, but must be a number.");
}
