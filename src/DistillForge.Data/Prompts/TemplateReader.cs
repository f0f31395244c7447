using DistillForge.Data.Yaml;

namespace DistillForge.Data.Prompts;

/// <summary>What every kind of prompt file says.</summary>
abstract record PromptDefinition
{
    public required string Path { get; init; }

    public required IReadOnlyList<string> Files { get; init; }

    public IReadOnlyList<string> Exclude { get; init; } = [];

    public double HeldOut { get; init; } = 0.02;

    /// <summary>A new stream of draws, before anything is held out.</summary>
    public abstract IDraws Draws(Random random);
}

/// <summary>Prompts without end.</summary>
interface IDraws
{
    PromptDraw Next();
}

/// <summary>A template as it was read: linked, checked, ready to draw.</summary>
sealed record TemplateDefinition : PromptDefinition
{
    public required Phrase User { get; init; }

    public Phrase? System { get; init; }

    public AnswerExpression? Answer { get; init; }

    public Phrase? Category { get; init; }

    public Noise Noise { get; init; } = Noise.None;

    public IReadOnlyList<IReadOnlyDictionary<string, SlotValue>>? Rows { get; init; }

    public override IDraws Draws(Random random) => new DrawSource(this, random);
}

/// <summary>Reads a template and the grammar that it names.</summary>
static class TemplateReader
{
    static readonly string[] GrammarKeys = ["description", "answer", "category", "noise", "slots", "rules"];
    static readonly string[] TemplateKeys = ["system", "user", "grammar", "rows", "exclude", "held_out", .. GrammarKeys];

    public static PromptDefinition Read(string path)
    {
        var source = YamlSource.Load(path);
        if (source.Root["kind"] is not null)
        {
            return HandlebarsReader.Read(source);
        }

        var entries = source.Entries(source.Root, "", TemplateKeys);
        var linker = new Linker();
        linker.Add(source, entries);

        // The template's own words win over its grammar's.
        var grammar = entries.TryGetValue("grammar", out var named) ? YamlSource.Load(Beside(path, source.Text(named, "grammar"))) : null;
        var grammarEntries = grammar?.Entries(grammar.Root, "", GrammarKeys) ?? [];
        if (grammar is not null)
        {
            linker.Add(grammar, grammarEntries);
        }

        var rowsPath = entries.TryGetValue("rows", out var rowsNode) ? Beside(path, source.Text(rowsNode, "rows")) : null;
        var rows = rowsPath is null ? null : Rows.Read(rowsPath).ToList();
        linker.Columns = rows is [var first, ..] ? [.. first.Keys] : [];
        if (rows is { Count: 0 })
        {
            source.Wrong(rowsNode!, "rows", $"{rowsPath} has no rows.");
        }

        (YamlSource Source, YamlNode Node)? Find(string key)
            => entries.TryGetValue(key, out var own) ? (source, own) : grammarEntries.TryGetValue(key, out var inherited) ? (grammar!, inherited) : null;

        var exclude = entries.TryGetValue("exclude", out var files) ? source.Texts(files, "exclude").Select(file => Beside(path, file)).ToArray() : [];
        var definition = new TemplateDefinition
        {
            Path = path,
            Files = [path, .. grammar is null ? Array.Empty<string>() : [grammar.Path], .. rowsPath is null ? Array.Empty<string>() : [rowsPath], .. exclude],
            User = ReadUser(source, entries, linker),
            System = entries.TryGetValue("system", out var system) ? linker.Plain(source, system, "system") : null,
            Noise = Find("noise") is { } noise ? NoiseReader.Read(noise.Source, noise.Node) : Noise.None,
            Rows = rows,
            Exclude = exclude,
            HeldOut = entries.TryGetValue("held_out", out var share) ? source.Number(share, "held_out", 0, 0.5) : 0.02,
            Answer = Find("answer") is { } answer ? ReadAnswer(answer.Source, answer.Node, linker) : null,
            Category = Find("category") is { } category ? linker.Bound(category.Source, category.Node, "category") : null,
        };
        source.ThrowIfWrong();
        grammar?.ThrowIfWrong();
        return definition;
    }

    static Phrase ReadUser(YamlSource source, Dictionary<string, YamlNode> entries, Linker linker)
    {
        if (entries.TryGetValue("user", out var user))
        {
            return linker.Plain(source, user, "user");
        }

        source.Wrong(source.Root, "user", "is missing.", "Say what the user writes, e.g. 'user: \"{command}\"'.");
        return new Words("");
    }

    static AnswerExpression? ReadAnswer(YamlSource source, YamlNode node, Linker linker)
    {
        if (node is not YamlMap)
        {
            return linker.Value(source, node, "answer") is { } text ? new AnswerExpression(text) : null;
        }

        var fields = source.Entries(node, "answer").Select(entry => (entry.Key, Value: linker.Value(source, entry.Value, $"answer.{entry.Key}"))).ToArray();
        return new AnswerExpression([.. fields.Where(field => field.Value is not null).Select(field => (field.Key, field.Value!))]);
    }

    /// <summary>A file that a prompt file names, relative to itself.</summary>
    public static string Beside(string path, string name) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, name));
}

/// <summary>Reads the noise section.</summary>
static class NoiseReader
{
    static readonly string[] Cases = ["lower", "sentence", "upper", "keep"];

    public static Noise Read(YamlSource source, YamlNode node)
    {
        var entries = source.Entries(node, "noise", "tidy", "fillers", "misspellings", "typos", "case", "end");
        Dictionary<string, YamlNode> Part(string key, params string[] known) => entries.TryGetValue(key, out var part) ? source.Entries(part, $"noise.{key}", known) : [];
        double Chance(Dictionary<string, YamlNode> part, string key) => part.TryGetValue("chance", out var chance) ? source.Number(chance, $"noise.{key}.chance", 0, 1) : 0;

        var (fillers, misspellings, typos) = (Part("fillers", "chance", "words"), Part("misspellings", "chance", "words"), Part("typos", "chance", "most"));
        var cases = Part("case", Cases);
        var ends = Part("end");
        return new Noise
        {
            Tidy = entries.TryGetValue("tidy", out var tidy) && source.Text(tidy, "noise.tidy") == "true",
            FillerChance = Chance(fillers, "fillers"),
            Fillers = fillers.TryGetValue("words", out var words) ? source.Texts(words, "noise.fillers.words") : [],
            MisspellingChance = Chance(misspellings, "misspellings"),
            Misspellings = misspellings.TryGetValue("words", out var forms) ? source.Entries(forms, "noise.misspellings.words").ToDictionary(f => f.Key, f => source.Texts(f.Value, "noise.misspellings.words")) : Noise.None.Misspellings,
            TypoChance = Chance(typos, "typos"),
            MostTypos = typos.TryGetValue("most", out var most) ? (int)source.Number(most, "noise.typos.most", 1, 10) : 1,
            Case = cases.Count > 0 ? new Lottery(Cases.Select(c => cases.TryGetValue(c, out var weight) ? source.Number(weight, $"noise.case.{c}", 0, 1e6) : 0)) : Noise.None.Case,
            Ends = ends.Count > 0 ? [.. ends.Keys] : [""],
            End = ends.Count > 0 ? new Lottery(ends.Select(end => source.Number(end.Value, "noise.end", 0, 1e6))) : Noise.None.End,
        };
    }
}
