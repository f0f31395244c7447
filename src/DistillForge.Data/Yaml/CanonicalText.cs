using System.Collections;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Data.Yaml;

/// <summary>
/// One text for one meaning: JSON with sorted keys, defaults written out, absent and incidental values left out (and later keys at their default). Two files that
/// differ in comments, order, or values that are the default anyway have the same text.
/// </summary>
static class CanonicalText
{
    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(object? value) => value switch
    {
        null => "null",
        string text => JsonSerializer.Serialize(text, Plain),
        bool flag => flag ? "true" : "false",
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        int or long => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        Enum name => Of(Values.NameOf(name)),
        RecipeFile file => Of(file.Written),
        RecipeFolder folder => Of(folder.Written),
        ComponentSetting component => Of(component.Text),
        YamlText text => text.IsNull ? "null" : Of(text.Value),
        YamlList list => Of(list.Items),
        YamlMap map => Of(map.Entries.ToDictionary(entry => entry.Key, entry => entry.Value)),
        IDictionary map => Map(map.Keys.Cast<string>().Select(key => (key, map[key]))),
        IEnumerable list => $"[{string.Join(',', list.Cast<object?>().Select(Of))}]",
        _ => Map(Member.Of(value.GetType()).Where(member => !member.IsIncidental && !IsLaterDefault(member, value)).Select(member => (member.Key, member.Property.GetValue(value)))),
    };

    /// <summary>A key that earlier versions did not know, at its default.</summary>
    public static bool IsLaterDefault(Member member, object record)
        => member.IsAddedLater && Of(member.Property.GetValue(record)) == Of(member.Property.GetValue(Fresh(record.GetType())));

    // Options may be records of parameters, each with its default.
    static object? Fresh(Type record) => record.GetConstructor(Type.EmptyTypes) is null ? DefaultOptions.Create(record) : Activator.CreateInstance(record);

    static string Map(IEnumerable<(string Key, object? Value)> entries)
        => $"{{{string.Join(',', entries.Where(e => e.Value is not null).OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{Of(e.Key)}:{Of(e.Value)}"))}}}";
}
