namespace DistillForge.Data.Yaml;

/// <summary>A value of a YAML file, which knows its line.</summary>
public abstract record YamlNode(int Line);

/// <param name="IsPlain">Written without quotes, so that <c>null</c> and <c>~</c> mean nothing at all.</param>
public sealed record YamlText(string Value, bool IsPlain, int Line) : YamlNode(Line)
{
    public bool IsNull => IsPlain && Value is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary><c>[ a, b ]</c> or lines with dashes.</summary>
public sealed record YamlList(IReadOnlyList<YamlNode> Items, int Line) : YamlNode(Line);

/// <summary>Keys in the order of the file.</summary>
public sealed record YamlMap(IReadOnlyList<YamlEntry> Entries, int Line) : YamlNode(Line)
{
    public YamlEntry? this[string key] => Entries.FirstOrDefault(entry => entry.Key == key);
}

/// <param name="Key">With '_' for '-'.</param>
/// <param name="Written">As it stands in the file.</param>
public sealed record YamlEntry(string Key, string Written, YamlNode Value, int Line);
