namespace DistillForge.Data;

/// <summary>A column of a file of rows, or a field of a struct.</summary>
/// <param name="Type">DuckDB's name of a plain type, e.g. <c>VARCHAR</c>; <c>STRUCT</c> where there are fields.</param>
/// <param name="Lists">How deep the value lies in lists; 0 for none.</param>
public sealed record DataColumn(string Name, string Type, int Lists, IReadOnlyList<DataColumn> Fields)
{
    /// <summary>Those of <c>curated.parquet</c>.</summary>
    public static IReadOnlyList<DataColumn> OfExamples { get; } = [.. new ExampleSchema().Written.Select(column => Parse(column.Name, column.Sql))];

    /// <summary>Those of an exported file; in CSV everything is text.</summary>
    public static IReadOnlyList<DataColumn> Of(ExportShape shape, string path)
        => [.. shape.Columns.Select(column => Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase) ? new DataColumn(column.Name, "VARCHAR", 0, []) : Parse(column.Name, column.Sql))];

    // E.g. STRUCT(role VARCHAR, content VARCHAR)[]
    internal static DataColumn Parse(string name, string type)
    {
        if (type.EndsWith("[]", StringComparison.Ordinal))
        {
            var inner = Parse(name, type[..^2]);
            return inner with { Lists = inner.Lists + 1 };
        }

        return type.StartsWith("STRUCT(", StringComparison.Ordinal)
            ? new DataColumn(name, "STRUCT", 0, [.. Parts(type["STRUCT(".Length..^1]).Select(part => part.Trim().Split(' ', 2)).Select(part => Parse(part[0], part[1]))])
            : new DataColumn(name, type, 0, []);
    }

    static IEnumerable<string> Parts(string text)
    {
        var (depth, from) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] is '(' ? 1 : text[i] is ')' ? -1 : 0;
            if (text[i] == ',' && depth == 0)
            {
                yield return text[from..i];
                from = i + 1;
            }
        }

        yield return text[from..];
    }
}
