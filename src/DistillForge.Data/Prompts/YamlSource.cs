using DistillForge.Core;
using DistillForge.Data.Yaml;

namespace DistillForge.Data.Prompts;

/// <summary>One YAML file of a template; gathers what is wrong with it.</summary>
sealed class YamlSource
{
    const int MaxBytes = 4 << 20;

    YamlSource(string path, YamlMap root) => (Path, Root) = (path, root);

    public string Path { get; }

    public YamlMap Root { get; }

    public List<Problem> Problems { get; } = [];

    /// <exception cref="ForgeException">It is not there, too large, or no YAML mapping.</exception>
    public static YamlSource Load(string path)
    {
        var problems = new List<Problem>();
        var node = YamlFile.Read(path, problems, MaxBytes);
        if (node is not YamlMap && problems.Count == 0)
        {
            problems.Add(new Problem("", "is no mapping.", "Begin with a key, e.g. 'user: …'.", 1));
        }

        return problems.Count == 0 ? new YamlSource(path, (YamlMap)node!) : throw new ForgeException(path, problems);
    }

    public void Wrong(YamlNode node, string where, string what, string instead = "") => Problems.Add(new Problem(where, what, instead, node.Line));

    public void ThrowIfWrong()
    {
        if (Problems.Count > 0)
        {
            throw new ForgeException(Path, [.. Problems.OrderBy(problem => problem.Line)]);
        }
    }

    /// <summary>The mapping's entries; a key outside <paramref name="known"/> is wrong.</summary>
    public Dictionary<string, YamlNode> Entries(YamlNode node, string where, params string[] known)
    {
        var entries = new Dictionary<string, YamlNode>();
        if (node is not YamlMap map)
        {
            Wrong(node, where, "is no mapping.", $"Write 'key: value' lines{(known.Length > 0 ? $" with {string.Join(", ", known)}" : "")}.");
            return entries;
        }

        foreach (var entry in map.Entries)
        {
            if (known.Length > 0 && !known.Contains(entry.Written))
            {
                Problems.Add(new Problem(where.Length > 0 ? $"{where}.{entry.Written}" : entry.Written, "unknown key.", NearName.Suggest(entry.Written, known) ?? $"Known: {string.Join(", ", known)}.", entry.Line));
            }
            else
            {
                entries[entry.Written] = entry.Value;
            }
        }

        return entries;
    }

    public string Text(YamlNode node, string where)
    {
        if (node is YamlText text)
        {
            return text.Value;
        }

        Wrong(node, where, "is no text.");
        return "";
    }

    public IReadOnlyList<string> Texts(YamlNode node, string where)
        => node is YamlList list ? [.. list.Items.Select(item => Text(item, where))] : [Text(node, where)];

    public double Number(YamlNode node, string where, double least, double most)
    {
        if (double.TryParse(Text(node, where), out var number) && number >= least && number <= most)
        {
            return number;
        }

        Wrong(node, where, "is no fit number.", $"Give one from {least} to {most}.");
        return least;
    }

    /// <summary>A value that may read slots; null, and a problem, when it cannot be read.</summary>
    public ValueExpression? Expression(YamlNode node, string where)
    {
        try
        {
            return new ValueExpression(Text(node, where), isQuoted: node is YamlText { IsPlain: false });
        }
        catch (FormatException error)
        {
            Wrong(node, where, error.Message);
            return null;
        }
    }
}
