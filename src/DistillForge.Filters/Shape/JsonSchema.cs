using System.Text;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>Drops answers that are not one JSON value of a given schema (draft 2020-12).</summary>
[Component("json-schema")]
public sealed class JsonSchema : IFilter
{
    const int MaximumDepth = 64;

    readonly SchemaNode schema;

    public sealed record Options : ICheckedOptions
    {
        /// <summary>A JSON Schema file.</summary>
        public RecipeFile? Schema { get; init; }

        public IEnumerable<Problem> Check()
        {
            if (Schema is null)
            {
                return [new Problem("schema", "is missing.", "Name a JSON Schema file.")];
            }

            var problems = new List<Problem>();
            if (File.Exists(Schema.Path))
            {
                SchemaReader.Read(Schema.Path, problems);
            }

            return problems.Select(problem => new Problem("schema", $"{Schema.Written} {problem.Where} {problem.What}".Replace("  ", " "), problem.Instead));
        }
    }

    public JsonSchema(Options options)
    {
        var problems = new List<Problem>();
        schema = options.Schema is { } file
            ? SchemaReader.Read(file.Path, problems) ?? throw new ForgeException(file.Written, problems)
            : new SchemaNode { Path = "#" };
    }

    public Verdict Judge(Example example)
    {
        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(example.Text), new JsonDocumentOptions { MaxDepth = MaximumDepth, AllowDuplicateProperties = false });
            var check = new SchemaCheck();
            return check.Why(schema, document.RootElement) is not { } why ? Verdict.Keep
                : check.GaveUp ? Verdict.Drop("schema-too-costly", why)
                : Verdict.Drop("schema-mismatch", why);
        }
        catch (JsonException exception)
        {
            return Verdict.Drop("not-json", $"at byte {exception.BytePositionInLine + 1} of line {exception.LineNumber + 1}");
        }
        catch (InvalidOperationException)
        {
            return Verdict.Drop("not-json", "a string holds half a character");
        }
    }
}
