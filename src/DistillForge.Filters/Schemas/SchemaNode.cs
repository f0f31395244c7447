using System.Text.Json;

namespace DistillForge.Filters;

/// <summary>The types that JSON Schema knows.</summary>
[Flags]
enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Object = 4,
    Array = 8,
    Number = 16,
    String = 32,

    /// <summary>A number without a fraction; 1.0 is one.</summary>
    Integer = 64,
}

/// <summary>One compiled JSON Schema (draft 2020-12). What it does not restrict is null.</summary>
sealed class SchemaNode
{
    /// <summary>Where it stands in the schema file, as a JSON pointer.</summary>
    public required string Path { get; init; }

    /// <summary>The schema <c>false</c>.</summary>
    public bool Nothing { get; set; }

    public JsonTypes? Types { get; set; }
    public IReadOnlyList<JsonElement>? Enum { get; set; }
    public JsonElement? Const { get; set; }

    public decimal? Minimum { get; set; }
    public decimal? Maximum { get; set; }
    public decimal? ExclusiveMinimum { get; set; }
    public decimal? ExclusiveMaximum { get; set; }
    public decimal? MultipleOf { get; set; }

    public int? MinLength { get; set; }
    public int? MaxLength { get; set; }
    public Pattern? Pattern { get; set; }
    public Func<string, bool>? Format { get; set; }
    public string FormatName { get; set; } = "";

    public IReadOnlyDictionary<string, SchemaNode>? Properties { get; set; }
    public IReadOnlyList<(Pattern Pattern, SchemaNode Schema)>? PatternProperties { get; set; }
    public SchemaNode? AdditionalProperties { get; set; }
    public SchemaNode? PropertyNames { get; set; }
    public IReadOnlyList<string>? Required { get; set; }
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? DependentRequired { get; set; }
    public IReadOnlyDictionary<string, SchemaNode>? DependentSchemas { get; set; }
    public int? MinProperties { get; set; }
    public int? MaxProperties { get; set; }

    public IReadOnlyList<SchemaNode>? PrefixItems { get; set; }
    public SchemaNode? Items { get; set; }
    public SchemaNode? Contains { get; set; }
    public int? MinContains { get; set; }
    public int? MaxContains { get; set; }
    public int? MinItems { get; set; }
    public int? MaxItems { get; set; }
    public bool UniqueItems { get; set; }

    /// <summary>What <c>$ref</c> names.</summary>
    public SchemaNode? Reference { get; set; }
    public IReadOnlyList<SchemaNode>? AllOf { get; set; }
    public IReadOnlyList<SchemaNode>? AnyOf { get; set; }
    public IReadOnlyList<SchemaNode>? OneOf { get; set; }
    public SchemaNode? Not { get; set; }
    public SchemaNode? If { get; set; }
    public SchemaNode? Then { get; set; }
    public SchemaNode? Else { get; set; }

    /// <summary>Schemas that judge the same value as this one, so that a circle of them would never end.</summary>
    public IEnumerable<SchemaNode> Beside()
        => new[] { Reference, Not, If, Then, Else }.OfType<SchemaNode>().Concat(AllOf ?? []).Concat(AnyOf ?? []).Concat(OneOf ?? []).Concat(DependentSchemas?.Values ?? []);
}
