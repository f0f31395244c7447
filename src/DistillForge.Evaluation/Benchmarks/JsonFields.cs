using System.Globalization;
using System.Text.Json;

namespace DistillForge.Evaluation.Benchmarks;

/// <summary>Answers that are JSON objects, field by field: a field is right when its value is, and one too many is as wrong as one that is missing.</summary>
[Component("json-fields")]
public sealed class JsonFields(JsonFields.Options options) : IBenchmark
{
    // Per-field figures are for forms, not for maps with a key a row.
    const int MostReported = 32;

    public sealed record Options : TableOptions
    {
        /// <summary>Only these paths, e.g. <c>[ customer.name, items ]</c>, and what is below them; empty for all.</summary>
        public IReadOnlyList<string> Fields { get; init; } = [];

        /// <summary>How far a number may be off.</summary>
        public double Tolerance { get; init; }

        /// <summary>Whether <c>Oslo</c> is <c>oslo</c>.</summary>
        public bool IgnoreCase { get; init; }

        public override IEnumerable<Problem> Check() => Tolerance is >= 0 and <= double.MaxValue ? base.Check() : [.. base.Check(), new Problem("tolerance", $"is {Tolerance}; it is not negative.")];
    }

    public string Measure => "fields right";

    public string? Title => options.Title;

    public IEnumerable<Question> Questions()
    {
        foreach (var question in QuestionFile.Read(options))
        {
            yield return Leaves(question.Expected) is { Count: > 0 } ? question
                : throw new ForgeException(options.File.Path, [new Problem(options.Answer, $"of {question.Id} is no JSON object with fields{(options.Fields.Count > 0 ? " of those that are named" : "")}.", "Give it one, or take exact-match.")]);
        }
    }

    public double Grade(Question question, string answer) => Judge(question, answer).Score;

    /// <summary>Right fields / (expected ones and those too many); 1 where all is right, 0 for what is no JSON.</summary>
    public Grade Judge(Question question, string answer)
    {
        var expected = Leaves(question.Expected)!;
        var given = Leaves(answer);
        var right = expected.Where(field => given is not null && given.TryGetValue(field.Key, out var value) && IsSame(field.Value, value)).Select(field => field.Key).ToHashSet();
        var missing = expected.Keys.Where(path => given?.ContainsKey(path) != true).ToList();
        var extra = given?.Keys.Where(path => !expected.ContainsKey(path)).ToList() ?? [];
        var figures = new Dictionary<string, double> { ["valid JSON"] = given is null ? 0 : 1, ["missing fields"] = missing.Count, ["extra fields"] = extra.Count };
        foreach (var path in expected.Keys.Take(MostReported))
        {
            figures[$"field {path}"] = right.Contains(path) ? 1 : 0;
        }

        List<string> why = [.. given is null ? ["no JSON object"] : expected.Keys.Where(path => !right.Contains(path) && !missing.Contains(path)).Select(path => $"{path} differs"), .. given is null ? [] : missing.Select(path => $"{path} is missing"), .. extra.Select(path => $"{path} is too much")];
        return new((double)right.Count / (expected.Count + extra.Count), figures, why.Count == 0 ? null : string.Join(", ", why.Take(8)));
    }

    bool IsSame(JsonElement one, JsonElement other) => (one.ValueKind, other.ValueKind) switch
    {
        (JsonValueKind.Number, JsonValueKind.Number) => one.TryGetDecimal(out var a) && other.TryGetDecimal(out var b) ? a == b || Math.Abs((double)(a - b)) <= options.Tolerance : Math.Abs(one.GetDouble() - other.GetDouble()) <= options.Tolerance,
        (JsonValueKind.String, JsonValueKind.String) => string.Equals(one.GetString(), other.GetString(), options.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal),
        // Of what is left only the kind counts: true, false, null, and empty objects and lists.
        var (a, b) => a == b,
    };

    // Path → value; an empty object or list is a value of its own. Null for what is no object.
    SortedDictionary<string, JsonElement>? Leaves(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            var leaves = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
            Walk("", json.RootElement.Clone(), leaves);
            return leaves;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    void Walk(string path, JsonElement value, SortedDictionary<string, JsonElement> leaves)
    {
        var isEmpty = true;
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in value.EnumerateObject())
            {
                isEmpty = false;
                Walk(path.Length == 0 ? property.Name : $"{path}.{property.Name}", property.Value, leaves);
            }
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var (item, i) in value.EnumerateArray().Select((item, i) => (item, i)))
            {
                isEmpty = false;
                Walk(string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), item, leaves);
            }
        }

        if (isEmpty && path.Length > 0 && (options.Fields.Count == 0 || options.Fields.Any(field => path == field || path.StartsWith(field + ".", StringComparison.Ordinal) || path.StartsWith(field + "[", StringComparison.Ordinal))))
        {
            leaves[path] = value;
        }
    }
}
