using System.Text.Json;
using DistillForge.Core;
using DistillForge.Llama.Grammars;

namespace DistillForge.Llama;

/// <summary>
/// Turns a JSON Schema into a GBNF grammar. Every answer that follows the grammar is valid under the schema; where a schema leaves
/// something open (further properties beside the named ones, their order, white space), the grammar takes one choice.
/// </summary>
public static class JsonSchemaGrammar
{
    const int LongestSchema = 1 << 20;
    const int Deepest = 64;

    /// <exception cref="ForgeException">No JSON, too deep or too large, or it says something that no grammar of ours expresses: where.</exception>
    public static string ToGbnf(string schema)
    {
        if (schema.Length > LongestSchema)
        {
            throw Unfit("", $"has {schema.Length} characters.", $"Keep it below {LongestSchema}.");
        }

        try
        {
            using var document = JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = Deepest });
            return new SchemaReader(document.RootElement).Read();
        }
        catch (JsonException notJson)
        {
            throw new ForgeException(new Problem("json_schema", $"is no JSON: {notJson.Message}"), inner: notJson);
        }
    }

    internal static ForgeException Unfit(string place, string what, string instead = "Leave it out, or write a GBNF grammar.")
        => new(new Problem($"json_schema#{place}", what, instead));
}
