using DistillForge.Core;

namespace DistillForge.Data.Yaml;

/// <summary>Reads the entries of a list of components: <c>name</c>, or <c>name: { option: value }</c>.</summary>
sealed class ComponentBinder(RecordBinder records, List<Problem> problems, ComponentsAttribute list, IReadOnlyDictionary<string, Type?>? known)
{
    sealed record Reserved(ScheduledWeight? Weight = null, FilterAction Action = FilterAction.Drop, TokenWeighting? Tokens = null);

    public ComponentSetting? Read(YamlNode node, string where)
    {
        var (name, body) = node switch
        {
            YamlText { IsNull: false } text => (text.Value, null),
            YamlMap { Entries: [var only] } => (only.Written, only.Value),
            _ => ("", null),
        };
        if (name.Length == 0)
        {
            problems.Add(new Problem(where, $"is {Values.Describe(node)}; it takes the name of a {list.Noun}, or 'name: {{ option: value }}'.", "", node.Line));
            return null;
        }

        if (known is not null && !known.ContainsKey(name))
        {
            problems.Add(new Problem(where, $"unknown {list.Noun} '{name}'.", NearName.Suggest(name, known.Keys) ?? $"Known: {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}.", node.Line));
            return null;
        }

        return Bind(name, body, $"{where}.{name}", node.Line);
    }

    ComponentSetting Bind(string name, YamlNode? body, string where, int line)
    {
        var reserved = (Reserved)records.Record(typeof(Reserved), ReservedPart(body), where, []);
        var weight = reserved.Weight ?? 1;
        var keys = list.Reserved;
        problems.AddRange(Wrong(weight, reserved.Tokens).Select(problem => problem with { Where = RecordBinder.Join(where, problem.Where), Line = line }));
        var already = problems.Count;
        var text = known?.GetValueOrDefault(name) is { } options
            ? Checked(records.Record(options, body, where, keys), already, body, where, line)
            : CanonicalText.Of(WithoutReserved(body));
        if (known is not null && known[name] is null && WithoutReserved(body).Entries is [var first, ..])
        {
            problems.Add(new Problem(RecordBinder.Join(where, first.Written), "unknown key.", $"'{name}' has no options.", first.Line));
        }

        return new ComponentSetting(name, weight, reserved.Action, new YamlOptions(body, where, keys, records.Resolve), $"{name} weight={weight} action={Values.NameOf(reserved.Action)} {(reserved.Tokens is { } tokens ? $"tokens={CanonicalText.Of(tokens)} " : "")}{text}", line, reserved.Tokens);
    }

    // With the content of the files that the options name: a changed list of terms judges anew.
    string Checked(object options, int already, YamlNode? body, string where, int line)
    {
        // Options that could not all be read are not judged by what is left of them.
        if (options is ICheckedOptions rules && problems.Count == already)
        {
            problems.AddRange(rules.Check().Select(problem => problem with
            {
                Where = RecordBinder.Join(where, problem.Where),
                Line = (body as YamlMap)?[problem.Where]?.Line ?? line,
            }));
        }

        var files = Member.Of(options.GetType())
            .SelectMany(member => member.Property.GetValue(options) switch
            {
                RecipeFile file => [file],
                IEnumerable<RecipeFile> several => several,
                IEnumerable<RecipeFolder> folders => folders.SelectMany(RowsIn),
                _ => Enumerable.Empty<RecipeFile>(),
            })
            .Where(file => File.Exists(file.Path) && OutsideFile.Refusal(file.Path) is null)
            .Select(file => $" {file.Written}={Sha256.OfFile(file.Path)}");
        return CanonicalText.Of(options) + string.Concat(files);
    }

    static IEnumerable<RecipeFile> RowsIn(RecipeFolder folder) => Directory.Exists(folder.Path)
        ? Directory.EnumerateFiles(folder.Path, "*.parquet").Order(StringComparer.Ordinal).Select(file => new RecipeFile($"{folder.Written}/{Path.GetFileName(file)}", file))
        : [];

    static IEnumerable<Problem> Wrong(ScheduledWeight weight, TokenWeighting? tokens)
        => weight.IsValid ? tokens?.Check() ?? [] : [new Problem("weight", $"is {weight}; it may not be negative."), .. tokens?.Check() ?? []];

    YamlMap ReservedPart(YamlNode? body)
        => new(body is YamlMap map ? [.. map.Entries.Where(entry => list.Reserved.Contains(entry.Key))] : [], body?.Line ?? 0);

    YamlMap WithoutReserved(YamlNode? body)
        => new(body is YamlMap map ? [.. map.Entries.Where(entry => !list.Reserved.Contains(entry.Key))] : [], body?.Line ?? 0);
}

/// <summary>A component's options as they stand in a file.</summary>
/// <param name="resolve">Finds a file that the options name, as it was found when the file was read.</param>
sealed class YamlOptions(YamlNode? body, string where, IReadOnlyList<string> reserved, Func<string, RecipeFile> resolve) : IOptionsSource
{
    public object Bind(Type options)
    {
        var problems = new List<Problem>();
        var binder = new RecordBinder(problems, KnownNames.Unchecked, resolve, NamedFiles.MayBeAbsent);
        var record = binder.Record(options, body, where, reserved);
        return problems.Count == 0 ? record : throw new ForgeException(where, problems);
    }
}
