using DistillForge.Core;
using DistillForge.Data.Yaml;

namespace DistillForge.Data.Prompts;

/// <summary>Turns slots and rules into definitions when something names them, and finds names that nothing defines.</summary>
sealed class Linker
{
    // A chain of rules is drawn recursively.
    const int MaxChain = 64;

    readonly Dictionary<string, (YamlSource Source, YamlNode Node, bool IsSlot)> written = [];
    readonly Dictionary<string, Definition?> made = [];
    readonly HashSet<string> bindable = [];
    readonly HashSet<string> unfinished = [];
    bool isBroken;

    public IReadOnlyList<string> Columns { get; set; } = [];

    public void Add(YamlSource source, Dictionary<string, YamlNode> entries)
    {
        foreach (var (section, isSlot) in new[] { ("slots", true), ("rules", false) })
        {
            if (entries.TryGetValue(section, out var node))
            {
                foreach (var (name, body) in source.Entries(node, section))
                {
                    written.TryAdd(name, (source, body, isSlot));
                }
            }
        }
    }

    /// <summary>A text whose references draw slots and rules or read columns.</summary>
    public Phrase Plain(YamlSource source, YamlNode node, string where)
        => Linked(source, node, where, () => PhraseParser.ParsePlain(source.Text(node, where), node.Line)) ?? new Words("");

    /// <summary>A text whose references only read what was drawn.</summary>
    public Phrase? Bound(YamlSource source, YamlNode node, string where) => Value(source, node, where) is { } value ? new BoundText(value) : null;

    public ValueExpression? Value(YamlSource source, YamlNode node, string where)
    {
        var expression = source.Expression(node, where);
        // What is behind a mistake would all seem missing here.
        foreach (var name in isBroken ? [] : expression?.Names.Where(name => !bindable.Contains(name) && !Columns.Contains(name)) ?? [])
        {
            source.Wrong(node, where, $"no slot '{name}' is ever filled.", NearName.Suggest(name, bindable.Concat(Columns)) ?? "");
        }

        return expression;
    }

    Phrase? Linked(YamlSource source, YamlNode node, string where, Func<Phrase> parse)
    {
        try
        {
            var phrase = parse();
            foreach (var reference in phrase.References)
            {
                Link(source, node, where, reference);
            }

            return phrase;
        }
        catch (FormatException error)
        {
            source.Wrong(node, where, error.Message);
            return null;
        }
    }

    void Link(YamlSource source, YamlNode node, string where, Reference reference)
    {
        if (!written.TryGetValue(reference.Name, out var found))
        {
            if (!Columns.Contains(reference.Name))
            {
                isBroken = true;
                source.Wrong(node, where, $"nothing is called '{reference.Name}'.", NearName.Suggest(reference.Name, written.Keys.Concat(Columns)) ?? "Define it under slots or rules.");
            }

            return;
        }

        if (found.IsSlot)
        {
            bindable.Add(reference.BoundAs ?? reference.Name);
        }
        else if (reference.BoundAs is not null)
        {
            source.Wrong(node, where, $"'{reference.Name}' is a rule and has no value to call '{reference.BoundAs}'.", "Define it under slots.");
        }

        reference.Target = Make(reference.Name, reference.Argument, source, node, where);
    }

    Definition? Make(string name, string? argument, YamlSource source, YamlNode node, string where)
    {
        var key = argument is null ? name : $"{name}({argument})";
        if (made.TryGetValue(key, out var definition))
        {
            return definition;
        }

        if (!unfinished.Add(key))
        {
            source.Wrong(node, where, $"'{name}' leads back to itself.", "A phrase that contains itself never ends.");
            return null;
        }

        if (unfinished.Count > MaxChain)
        {
            throw new ForgeException(source.Path, [new Problem(where, $"rules name one another more than {MaxChain} deep.", "", node.Line)]);
        }

        var body = written[name];
        var reader = new DefinitionReader(body.Source, $"{(body.IsSlot ? "slots" : "rules")}.{name}", argument, body.IsSlot);
        var alternatives = reader.Read(body.Node);
        foreach (var (alternative, at) in alternatives)
        {
            LinkAlternative(body.Source, at, reader.Where, alternative);
        }

        unfinished.Remove(key);
        isBroken |= reader.IsBroken;
        return made[key] = alternatives.Count > 0 ? new Definition(name, body.IsSlot, [.. alternatives.Select(a => a.Alternative)]) : null;
    }

    void LinkAlternative(YamlSource source, YamlNode node, string where, Alternative alternative)
    {
        foreach (var reference in alternative.Phrase.References)
        {
            Link(source, node, where, reference);
        }

        // Inside a slot only what its own words bind can be read; a rule's settings read what the whole draw bound.
        var inside = alternative.Phrase.References.Select(r => r.BoundAs ?? r.Name).ToHashSet();
        foreach (var name in alternative.Value?.Names.Where(name => !inside.Contains(name)) ?? [])
        {
            source.Wrong(node, where, $"its value reads '{name}', which its words do not hold.", NearName.Suggest(name, inside) ?? "");
        }

        bindable.UnionWith(alternative.Sets.Select(set => set.Name));
    }
}

/// <summary>Reads what was drawn, draws nothing.</summary>
sealed class BoundText(ValueExpression value) : Phrase
{
    public override void Draw(Draft draft) => draft.Append(value.Evaluate(draft.Bound)?.Text ?? "");
}
