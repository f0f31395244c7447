using System.Collections;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using DistillForge.Data.Yaml;
using DistillForge.Filters;

namespace DistillForge.Tests.Filters;

/// <summary>The page of all filters with their options is made from the comments in the code, so that none can be missing (FORGE_ACCEPT=1 writes it).</summary>
public sealed class FilterPageTests
{
    static readonly string Page = Path.Combine(Home.Root, "filters", "README.md");

    static readonly Dictionary<string, XElement> Comments = XDocument.Load(Path.ChangeExtension(typeof(FilterPipeline).Assembly.Location, ".xml")).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);

    [Fact]
    public void Every_filter_has_its_page_and_every_option_its_sentence()
    {
        var page = new StringBuilder("# Filters and their options\n\nMade from the comments in the code by a test; beside its own options each filter takes `action: drop | warn | review`. Policies in this folder show them at work.\n");
        var types = typeof(FilterPipeline).Assembly.GetTypes().Select(type => (Type: type, Name: type.GetCustomAttributes(typeof(ComponentAttribute), false).OfType<ComponentAttribute>().FirstOrDefault()?.Name)).Where(type => type.Name is not null).OrderBy(type => type.Name, StringComparer.Ordinal).ToList();
        Assert.Equal(FilterPipeline.Known.Keys.Order(StringComparer.Ordinal), types.Select(type => type.Name));
        foreach (var (type, name) in types)
        {
            page.Append($"\n## {name}\n\n{Said(Comments[$"T:{type.FullName}"].Element("summary"))}\n");
            if (type.GetNestedType("Options") is { } options)
            {
                page.Append("\n| option | default | |\n|---|---|---|\n");
                var defaults = DefaultOptions.Create(options);
                foreach (var member in Member.Of(options))
                {
                    page.Append($"| `{member.Key}` | {Default(member.Property.GetValue(defaults))} | {SentenceOf(options, member)} |\n");
                }
            }
        }

        if (Environment.GetEnvironmentVariable("FORGE_ACCEPT") == "1")
        {
            File.WriteAllText(Page, page.ToString());
        }

        Assert.Equal(page.ToString(), File.ReadAllText(Page));
    }

    static string SentenceOf(Type options, Member member)
    {
        var type = options.FullName!.Replace('+', '.');
        var property = Comments.GetValueOrDefault($"P:{type}.{member.Property.Name}")?.Element("summary");
        var parameter = Comments.GetValueOrDefault($"T:{type}")?.Elements("param").FirstOrDefault(param => string.Equals(param.Attribute("name")?.Value, member.Property.Name, StringComparison.OrdinalIgnoreCase));
        var said = Said(property ?? parameter).Replace("|", "\\|", StringComparison.Ordinal);
        var values = member.Type.IsEnum ? $" One of {string.Join(", ", Enum.GetNames(member.Type).Select(value => $"`{JsonNamingPolicy.KebabCaseLower.ConvertName(value)}`"))}." : "";
        Assert.True((said + values).Length > 0, $"{type}.{member.Property.Name} has no comment");
        return (said + values).Trim();
    }

    static string Default(object? value) => value switch
    {
        null => "",
        double.PositiveInfinity or double.NegativeInfinity => "none",
        string text => text.Length == 0 ? "" : $"`{text}`",
        Enum name => $"`{JsonNamingPolicy.KebabCaseLower.ConvertName(name.ToString())}`",
        IEnumerable list => list.Cast<object>().Any() ? $"`[ {string.Join(", ", list.Cast<object>().Select(item => Default(item).Trim('`')))} ]`" : "",
        _ => $"`{CanonicalText.Of(value)}`",
    };

    static string Said(XElement? comment)
    {
        if (comment is null)
        {
            return "";
        }

        foreach (var reference in comment.Descendants().Where(element => element.Name.LocalName is "see" or "paramref" or "c").ToList())
        {
            var text = reference.Name.LocalName switch
            {
                "c" => reference.Value,
                "paramref" => JsonNamingPolicy.SnakeCaseLower.ConvertName(reference.Attribute("name")!.Value),
                _ => reference.Attribute("cref")?.Value.Split('.')[^1] ?? reference.Value,
            };
            reference.ReplaceWith(reference.Name.LocalName == "see" ? text : $"`{text}`");
        }

        return Regex.Replace(comment.Value, @"\s+", " ", RegexOptions.None, TimeSpan.FromSeconds(1)).Trim();
    }
}
