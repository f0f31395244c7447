using DistillForge.Data.Yaml;

namespace DistillForge.Data.Prompts;

/// <summary>
/// Reads one slot or rule. A slot is a mapping of values to what one says for them, a list of texts (each its own value), a list of
/// <c>{text, value, weight}</c>, or a range <c>{from, to, step, words}</c>. A rule is a text, a list of texts, or <c>{text, set, weight}</c>.
/// </summary>
sealed class DefinitionReader(YamlSource source, string where, string? argument, bool isSlot)
{
    const int MaxRange = 10_000;

    readonly List<(Alternative Alternative, YamlNode Node)> read = [];

    public string Where => where;

    /// <summary>Whether some of it could not be read.</summary>
    public bool IsBroken { get; private set; }

    public IReadOnlyList<(Alternative Alternative, YamlNode Node)> Read(YamlNode node)
    {
        switch (node)
        {
            case YamlMap range when isSlot && range["from"] is not null:
                ReadRange(range);
                break;
            case YamlMap values when isSlot:
                foreach (var entry in values.Entries)
                {
                    ReadWords(entry.Value, weight: 1, Expression(new YamlText(entry.Written, IsPlain: true, entry.Line)), []);
                }

                break;
            case YamlMap:
                ReadItem(node);
                break;
            case YamlList list:
                foreach (var item in list.Items)
                {
                    ReadItem(item);
                }

                break;
            default:
                ReadWords(node, weight: null, null, []);
                break;
        }

        if (read.Sum(a => a.Alternative.Weight) <= 0)
        {
            if (!IsBroken)
            {
                Wrong(node, "has nothing to say.", "Give it at least one text.");
            }

            read.Clear();
        }

        return read;
    }

    void ReadItem(YamlNode item)
    {
        if (item is not YamlMap)
        {
            ReadWords(item, weight: null, null, []);
            return;
        }

        var entries = source.Entries(item, where, isSlot ? ["text", "value", "weight"] : ["text", "set", "weight"]);
        if (!entries.TryGetValue("text", out var words))
        {
            Wrong(item, "has no 'text'.");
            return;
        }

        var sets = entries.TryGetValue("set", out var set)
            ? source.Entries(set, $"{where}.set").Select(entry => (entry.Key, Value: Expression(entry.Value))).Where(s => s.Value is not null).Select(s => (s.Key, s.Value!)).ToArray()
            : [];
        double? weight = entries.TryGetValue("weight", out var given) ? source.Number(given, $"{where}.weight", 0, 1e6) : null;
        ReadWords(words, weight, entries.TryGetValue("value", out var value) ? Expression(value) : null, sets);
    }

    // All ways to say one thing share its weight; without one each counts by itself.
    void ReadWords(YamlNode words, double? weight, ValueExpression? value, IReadOnlyList<(string, ValueExpression)> sets)
    {
        var parsed = new List<(Phrase Phrase, double Weight, YamlNode Node)>();
        foreach (var node in words is YamlList list ? list.Items : [words])
        {
            try
            {
                var text = source.Text(node, where);
                text = argument is null ? text : text.Replace("$", argument, StringComparison.Ordinal);
                var (phrase, own) = PhraseParser.Parse(text, node.Line);
                parsed.Add((phrase, own, node));
            }
            catch (FormatException error)
            {
                Wrong(node, error.Message);
            }
        }

        var scale = weight is { } total && parsed.Count > 0 ? total / parsed.Sum(p => p.Weight) : 1;
        read.AddRange(parsed.Select(p => (new Alternative(p.Phrase, p.Weight * scale, value, sets), p.Node)));
    }

    void ReadRange(YamlMap range)
    {
        var entries = source.Entries(range, where, "from", "to", "step", "words");
        int Whole(string key, int otherwise) => entries.TryGetValue(key, out var node) ? (int)source.Number(node, $"{where}.{key}", 0, 999_999) : otherwise;
        var (from, to, step) = (Whole("from", 0), Whole("to", 0), Math.Max(1, Whole("step", 1)));
        var words = entries.TryGetValue("words", out var share) ? source.Number(share, $"{where}.words", 0, 1) : 0;
        if (to < from || (to - from) / step >= MaxRange)
        {
            Wrong(range, $"goes from {from} to {to}.", $"Write 'to' at or above 'from', at most {MaxRange} numbers.");
            return;
        }

        for (var number = from; number <= to; number += step)
        {
            var value = new ValueExpression(number.ToString(), isQuoted: false);
            read.Add((new Alternative(new Words(number.ToString()), 1 - words, value, []), range));
            read.Add((new Alternative(new Words(NumberWords.Say(number)), words, value, []), range));
        }
    }

    ValueExpression? Expression(YamlNode node)
    {
        var expression = source.Expression(node, where);
        IsBroken |= expression is null;
        return expression;
    }

    void Wrong(YamlNode node, string what, string instead = "")
    {
        IsBroken = true;
        source.Wrong(node, where, what, instead);
    }
}
