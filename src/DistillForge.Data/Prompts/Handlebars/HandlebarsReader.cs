using DistillForge.Core;
using DistillForge.Data.Yaml;

namespace DistillForge.Data.Prompts;

/// <summary>Reads a prompt file of <c>kind: handlebars</c>.</summary>
static class HandlebarsReader
{
    static readonly string[] Keys = ["kind", "description", "sources", "cross", "system", "user", "turns", "answer", "category", "key", "exclude", "held_out"];

    /// <exception cref="ForgeException">Everything that is wrong with it.</exception>
    public static HandlebarsDefinition Read(YamlSource source)
    {
        var entries = source.Entries(source.Root, "", Keys);
        if (source.Text(entries["kind"], "kind") is var kind && kind != "handlebars")
        {
            source.Wrong(entries["kind"], "kind", $"is '{kind}'.", "Write 'kind: handlebars', or leave the key out for a grammar of slots and rules.");
        }

        var files = new List<string> { source.Path };
        var sources = new SourceReader(source, files).Read(entries.GetValueOrDefault("sources"));
        var exclude = entries.TryGetValue("exclude", out var excluded) ? source.Texts(excluded, "exclude").Select(file => TemplateReader.Beside(source.Path, file)).ToArray() : [];
        var definition = new HandlebarsDefinition
        {
            Path = source.Path,
            Sources = sources,
            Cross = entries.TryGetValue("cross", out var cross) ? Cross(source, cross, sources) : [],
            Turns = Turns(source, entries),
            System = Template("system"),
            Answer = Template("answer"),
            Category = Template("category"),
            Key = Template("key"),
            Exclude = exclude,
            HeldOut = entries.TryGetValue("held_out", out var share) ? source.Number(share, "held_out", 0, 0.5) : 0.02,
            Files = [.. files, .. exclude],
        };
        source.ThrowIfWrong();
        // One trial: a slot that is misspelt is told now and not after an hour.
        definition.Draws(new Random(0)).Next();
        return definition;

        HandlebarsText? Template(string key) => entries.TryGetValue(key, out var node) ? Text(source, node, key) : null;
    }

    static List<HandlebarsText> Turns(YamlSource source, Dictionary<string, YamlNode> entries)
    {
        if (entries.ContainsKey("user") == entries.ContainsKey("turns"))
        {
            source.Wrong(source.Root, "user", entries.ContainsKey("user") ? "is given beside turns." : "is missing.", "Write 'user:' for one turn, or 'turns: [ …, … ]' for several that are asked one after the other.");
            return [];
        }

        var (key, node) = entries.TryGetValue("user", out var user) ? ("user", user) : ("turns", entries["turns"]);
        var texts = key == "turns" && node is YamlList list ? list.Items : [node];
        return [.. texts.Select(text => Text(source, text, key)).OfType<HandlebarsText>()];
    }

    static HandlebarsText? Text(YamlSource source, YamlNode node, string where)
    {
        try
        {
            return new HandlebarsText(source.Text(node, where));
        }
        catch (FormatException error)
        {
            source.Wrong(node, where, error.Message);
            return null;
        }
    }

    static List<string> Cross(YamlSource source, YamlNode node, IReadOnlyList<ValueSource> sources)
    {
        var names = source.Texts(node, "cross").Distinct().ToList();
        foreach (var name in names)
        {
            var found = sources.FirstOrDefault(candidate => candidate.Name == name);
            if (found is null)
            {
                source.Wrong(node, "cross", $"names '{name}', which is no source.", NearName.Suggest(name, sources.Select(s => s.Name)) ?? "Define it under sources.");
            }
            else if (found.Pick > 0)
            {
                source.Wrong(node, "cross", $"names '{name}', which picks several values at once.", "Leave it out; it is drawn for every prompt.");
            }
        }

        return names;
    }
}

/// <summary>Reads the sources: lists of texts, of <c>{ value, weight }</c>, of maps, or a file.</summary>
sealed class SourceReader(YamlSource source, List<string> files)
{
    const int MostValues = 4 << 20;

    static readonly string[] FileKinds = ["csv", "jsonl", "parquet"];

    public List<ValueSource> Read(YamlNode? node)
        => node is null ? [] : [.. source.Entries(node, "sources").Select(entry => ReadOne(entry.Key, entry.Value)).OfType<ValueSource>()];

    ValueSource? ReadOne(string name, YamlNode node)
    {
        var where = $"sources.{name}";
        if (name.Length == 0 || !char.IsLetter(name[0]) || !name.All(c => char.IsLetterOrDigit(c) || c == '_'))
        {
            source.Wrong(node, where, "is no name.", "Letters, digits and '_', a letter first.");
            return null;
        }

        var values = new List<object>();
        var weights = new List<double>();
        var pick = 0;
        if (node is YamlMap map && FileKinds.Append("list").Any(kind => map[kind] is not null))
        {
            pick = ReadMap(node, where, values, weights);
        }
        else
        {
            ReadList(node, where, values, weights);
        }

        if (weights.Sum() <= 0 || values.Count > MostValues)
        {
            source.Wrong(node, where, values.Count > MostValues ? $"has more than {MostValues:N0} values." : "has no value with a weight above 0.");
            return null;
        }

        if (pick > Math.Min(ValueSource.MostPicked, weights.Count(weight => weight > 0)))
        {
            source.Wrong(node, where, $"picks {pick} of {weights.Count(weight => weight > 0)} values.", $"Pick fewer, at most {ValueSource.MostPicked}.");
            return null;
        }

        return new ValueSource(name, values, weights, pick);
    }

    // { csv: file, weight: column, pick: 3 } or { list: [...], pick: 3 }
    int ReadMap(YamlNode node, string where, List<object> values, List<double> weights)
    {
        var entries = source.Entries(node, where, [.. FileKinds, "list", "weight", "pick"]);
        var column = entries.TryGetValue("weight", out var weight) ? source.Text(weight, $"{where}.weight") : null;
        if (entries.TryGetValue("list", out var list))
        {
            ReadList(list, where, values, weights);
        }
        else if (FileKinds.FirstOrDefault(entries.ContainsKey) is { } kind)
        {
            ReadFile(entries[kind], $"{where}.{kind}", kind, column, values, weights);
        }

        return entries.TryGetValue("pick", out var pick) ? (int)source.Number(pick, $"{where}.pick", 1, ValueSource.MostPicked) : 0;
    }

    void ReadFile(YamlNode node, string where, string kind, string? weightColumn, List<object> values, List<double> weights)
    {
        var path = TemplateReader.Beside(source.Path, source.Text(node, where));
        if (Path.GetExtension(path) is var extension && extension != $".{kind}" && !(kind == "csv" && extension == ".tsv") && !(kind == "jsonl" && extension == ".ndjson"))
        {
            source.Wrong(node, where, $"names a '{extension}' file.", $"Name a .{kind} file.");
            return;
        }

        files.Add(path);
        foreach (var row in Rows.Read(path))
        {
            values.Add(row.ToDictionary(column => column.Key, column => (object)column.Value.Text));
            weights.Add(weightColumn is null ? 1 : Weight(node, where, row, weightColumn));
        }
    }

    double Weight(YamlNode node, string where, IReadOnlyDictionary<string, SlotValue> row, string column)
    {
        if (row.TryGetValue(column, out var text) && double.TryParse(text.Text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var weight) && weight is >= 0 and <= 1e6)
        {
            return weight;
        }

        source.Wrong(node, where, row.ContainsKey(column) ? $"has the weight '{row[column].Text}'." : $"has no column '{column}' for the weight.", NearName.Suggest(column, row.Keys) ?? "A weight is a number from 0 to 1000000.");
        source.ThrowIfWrong();
        return 0;
    }

    // Texts, { value: text, weight: 3 }, or maps of columns, which may have a weight too.
    void ReadList(YamlNode node, string where, List<object> values, List<double> weights)
    {
        foreach (var item in node is YamlList list ? list.Items : [node])
        {
            var weight = 1.0;
            if (item is YamlMap)
            {
                var entries = source.Entries(item, where);
                weight = entries.Remove("weight", out var given) ? source.Number(given, $"{where}.weight", 0, 1e6) : 1;
                values.Add(entries is { Count: 1 } && entries.TryGetValue("value", out var only)
                    ? source.Text(only, where)
                    : entries.ToDictionary(entry => entry.Key, entry => (object)source.Text(entry.Value, $"{where}.{entry.Key}")));
            }
            else
            {
                values.Add(source.Text(item, where));
            }

            weights.Add(weight);
        }
    }
}
