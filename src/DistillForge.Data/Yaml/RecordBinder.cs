using System.Reflection;
using DistillForge.Core;

namespace DistillForge.Data.Yaml;

/// <summary>
/// Fills records from YAML: constructor parameters and init properties alike, keys in snake_case. Adds every problem to a list and
/// goes on, so that one reading shows them all; a value that does not fit leaves its default behind.
/// </summary>
public sealed class RecordBinder(List<Problem> problems, KnownNames known, Func<string, RecipeFile> resolve, NamedFiles files)
{
    readonly Values values = new(problems);

    internal Func<string, RecipeFile> Resolve => resolve;

    /// <param name="node">Null binds an empty map: all defaults.</param>
    /// <param name="where">Path of keys so far; empty at the top.</param>
    /// <param name="ignored">Keys that somebody else reads.</param>
    public T Bind<T>(YamlNode? node, string where = "", IReadOnlyList<string>? ignored = null)
        where T : class
        => (T)Record(typeof(T), node, where, ignored ?? []);

    internal object Record(Type type, YamlNode? node, string where, IReadOnlyList<string> ignored)
    {
        var map = MapOf(node, where);
        var members = Member.Of(type);
        var given = new Dictionary<Member, object?>();
        foreach (var entry in map.Entries)
        {
            if (members.FirstOrDefault(member => member.Key == entry.Key) is { } member)
            {
                if (Value(member, entry, Join(where, member.Key)) is { } value)
                {
                    given[member] = value;
                }
                else if (member.IsRequired && !member.MayBeNull && entry.Value is YamlText { IsNull: true })
                {
                    problems.Add(new Problem(Join(where, member.Key), "is empty.", "Give it a value.", entry.Line));
                }
            }
            else if (!ignored.Contains(entry.Key))
            {
                problems.Add(new Problem(Join(where, entry.Written), "unknown key.", NearName.Suggest(entry.Key, members.Select(m => m.Key)) ?? $"Known: {string.Join(", ", members.Select(m => m.Key))}.", entry.Line));
            }
        }

        foreach (var missing in members.Where(m => m.IsRequired && !map.Entries.Any(entry => entry.Key == m.Key)))
        {
            problems.Add(new Problem(Join(where, missing.Key), "is missing.", "Give it a value.", map.Line));
        }

        return Member.Build(type, members, given);
    }

    YamlMap MapOf(YamlNode? node, string where)
    {
        switch (node)
        {
            case YamlMap map:
                return map;
            case null or YamlText { IsNull: true }:
                return new YamlMap([], node?.Line ?? 0);
            default:
                problems.Add(new Problem(where, $"is {Values.Describe(node)}; it takes keys and values.", "", node.Line));
                return new YamlMap([], node.Line);
        }
    }

    object? Value(Member member, YamlEntry entry, string where)
        => member.Components is { } components
            ? Components(components, entry.Value, where)
            : Value(member.Type, entry.Value, where);

    object? Value(Type type, YamlNode node, string where)
    {
        if (node is YamlText { IsNull: true })
        {
            return null;
        }

        if (type == typeof(RecipeFile))
        {
            return FileOf(node, where);
        }

        if (type == typeof(RecipeFolder))
        {
            return FolderOf(node, where);
        }

        if (Values.Knows(type))
        {
            return values.Scalar(type, node, where);
        }

        if (Member.ElementOf(type, typeof(IReadOnlyList<>)) is [var element])
        {
            return List(element, node, where);
        }

        if (Member.ElementOf(type, typeof(IReadOnlyDictionary<,>)) is [_, var item])
        {
            return Map(item, node, where);
        }

        return node is YamlText text && type.GetMethod("FromText", BindingFlags.Public | BindingFlags.Static) is { } fromText
            ? values.Guard(text, where, () => fromText.Invoke(null, [text.Value]))
            : Record(type, node, where, []);
    }

    RecipeFile? FileOf(YamlNode node, string where)
    {
        if (values.Scalar(typeof(string), node, where) is not string written)
        {
            return null;
        }

        var file = resolve(written);
        if (files == NamedFiles.MustExist && !File.Exists(file.Path))
        {
            problems.Add(new Problem(where, $"{written} does not exist.", Directory.Exists(file.Path) ? "It is a folder; name a file." : $"Looked for {file.Path}.", node.Line));
        }
        else if (files == NamedFiles.MustExist && OutsideFile.Refusal(file.Path) is { } refusal)
        {
            problems.Add(refusal with { Where = where, What = $"{written} {refusal.What}", Line = node.Line });
        }

        return file;
    }

    RecipeFolder? FolderOf(YamlNode node, string where)
    {
        if (values.Scalar(typeof(string), node, where) is not string written)
        {
            return null;
        }

        var place = resolve(written).Path;
        if (files == NamedFiles.MustExist && !Directory.Exists(place))
        {
            problems.Add(new Problem(where, $"{written} does not exist.", File.Exists(place) ? "It is a file; name its folder." : $"Looked for {place}.", node.Line));
        }

        return new RecipeFolder(written, place);
    }

    // One value where a list is wanted is a list of one.
    Array List(Type element, YamlNode node, string where)
    {
        var items = node is YamlList list ? list.Items : [node];
        problems.AddRange(items.Index().Where(item => item.Item is YamlText { IsNull: true }).Select(item => new Problem($"{where}[{item.Index}]", "is empty.", "Remove it, or give it a value.", item.Item.Line)));
        var bound = items.Select((item, i) => Value(element, item, $"{where}[{i}]")).Where(item => item is not null).ToArray();
        var array = Array.CreateInstance(element, bound.Length);
        Array.Copy(bound, array, bound.Length);
        return array;
    }

    object? Map(Type item, YamlNode node, string where)
    {
        var target = (System.Collections.IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), item))!;
        foreach (var entry in MapOf(node, where).Entries)
        {
            target[entry.Written] = Value(item, entry.Value, Join(where, entry.Written));
        }

        return target;
    }

    ComponentSetting[] Components(ComponentsAttribute components, YamlNode node, string where)
    {
        var reader = new ComponentBinder(this, problems, components, known.For(components.Noun));
        var items = node is YamlList list ? list.Items : [node];
        return [.. items.Select((item, i) => reader.Read(item, $"{where}[{i}]")).OfType<ComponentSetting>()];
    }

    internal static string Join(string where, string key) => where.Length == 0 ? key : $"{where}.{key}";
}
