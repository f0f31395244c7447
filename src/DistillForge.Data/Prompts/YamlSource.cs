using DistillForge.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace DistillForge.Data.Prompts;

/// <summary>One YAML file, read within bounds; gathers what is wrong with it.</summary>
sealed class YamlSource
{
    const int MaxBytes = 4 << 20;
    const int MaxDepth = 32;

    YamlSource(string path, YamlMappingNode root) => (Path, Root) = (path, root);

    public string Path { get; }

    public YamlMappingNode Root { get; }

    public List<Problem> Problems { get; } = [];

    /// <exception cref="ForgeException">It is not there, too large, or no YAML mapping.</exception>
    public static YamlSource Load(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new ForgeException(new Problem(path, "does not exist."));
        }

        if (file.Length > MaxBytes)
        {
            throw new ForgeException(new Problem(path, $"is {file.Length >> 20} MiB, more than {MaxBytes >> 20}."));
        }

        var text = File.ReadAllText(path);
        try
        {
            CheckShape(path, text);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: YamlMappingNode root }]
                ? new YamlSource(path, root)
                : throw new ForgeException(path, [new Problem("", "is not one YAML mapping.", "Begin with a key, e.g. 'user: …'.", 1)]);
        }
        catch (YamlException error)
        {
            throw new ForgeException(path, [new Problem("", $"is no YAML here: {error.Message}", "", (int)error.Start.Line)]);
        }
    }

    public void Wrong(YamlNode node, string where, string what, string instead = "") => Problems.Add(new Problem(where, what, instead, (int)node.Start.Line));

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
        if (node is not YamlMappingNode mapping)
        {
            Wrong(node, where, "is no mapping.", $"Write 'key: value' lines{(known.Length > 0 ? $" with {string.Join(", ", known)}" : "")}.");
            return entries;
        }

        foreach (var (key, value) in mapping.Children)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (known.Length > 0 && !known.Contains(name))
            {
                Wrong(key, where.Length > 0 ? $"{where}.{name}" : name, "unknown key.", NearName.Suggest(name, known) ?? $"Known: {string.Join(", ", known)}.");
            }
            else
            {
                entries[name] = value;
            }
        }

        return entries;
    }

    public string Text(YamlNode node, string where)
    {
        if (node is YamlScalarNode scalar)
        {
            return scalar.Value ?? "";
        }

        Wrong(node, where, "is no text.");
        return "";
    }

    public IReadOnlyList<string> Texts(YamlNode node, string where)
        => node is YamlSequenceNode list ? [.. list.Children.Select(child => Text(child, where))] : [Text(node, where)];

    public double Number(YamlNode node, string where, double least, double most)
    {
        if (double.TryParse(Text(node, where), out var number) && number >= least && number <= most)
        {
            return number;
        }

        Wrong(node, where, "is no fit number.", $"Give one from {least} to {most}.");
        return least;
    }

    // Before a tree is built: it is built recursively, and an alias would let a small file stand for a huge one.
    static void CheckShape(string path, string text)
    {
        var parser = new Parser(new StringReader(text));
        for (var depth = 0; parser.MoveNext();)
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > MaxDepth || parser.Current is AnchorAlias)
            {
                throw new ForgeException(path, [new Problem("", depth > MaxDepth ? $"is nested more than {MaxDepth} deep." : "has an alias ('*name'), which templates do not take.", "", (int)parser.Current.Start.Line)]);
            }
        }
    }
}
