using System.Globalization;
using DistillForge.Core;
using DistillForge.Data.Yaml;

namespace DistillForge.Data;

/// <summary>How a sweep goes through its values.</summary>
public enum SweepSearch
{
    /// <summary>Every value with every other.</summary>
    Grid,

    /// <summary>As many different combinations as are asked for, drawn by the seed. A value <c>1e-4..1e-2</c> is any number between, as likely in each power of ten.</summary>
    Random,
}

/// <summary>When a sweep gives a student up.</summary>
public enum SweepStop
{
    /// <summary>It is worse than half of those before it were at the same step. Golovin et al., Vizier, 2017.</summary>
    Median,

    Never,
}

/// <summary>Several students of one recipe, on the same rows; the one that the held-out rows like best is kept.</summary>
public sealed record SweepSettings
{
    /// <summary>What is tried: the path of a key under <c>train</c> or <c>student</c>, and its values, e.g. <c>train.learning_rate: [1e-3, 2e-3]</c> or <c>train.losses.forward-kl.temperature: [1, 2]</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Values { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    public SweepSearch Search { get; init; } = SweepSearch.Grid;

    /// <summary>Students of a random search.</summary>
    public int Runs { get; init; } = 8;

    public SweepStop Stop { get; init; } = SweepStop.Median;
}

/// <summary>One student of a sweep.</summary>
/// <param name="Values">The value of each swept key.</param>
public sealed record SweepTrial(IReadOnlyDictionary<string, string> Values, Recipe Recipe)
{
    /// <summary>Names what is trained: the same in any sweep.</summary>
    public string Id => RecipePart.Of(Recipe, "student", "train").Sha256[..8];

    const string Losses = "train.losses.";

    public override string ToString() => string.Join(", ", Values.Select(value => $"{Short(value.Key)} {value.Value}"));

    /// <summary>A swept key as a person calls it: <c>learning_rate</c>, but <c>forward-kl.weight</c>, since each loss has one.</summary>
    public static string Short(string key) => key.StartsWith(Losses, StringComparison.Ordinal) ? key[Losses.Length..] : key[(key.LastIndexOf('.') + 1)..];
}

/// <summary>Makes a recipe of each combination of a sweep's values: the file as it stands, with these values in their places.</summary>
static class SweepReader
{
    const int Most = 1000;

    // What these decide comes before training, and would give every student other rows.
    static readonly string[] Fixed = ["student.vocabulary", "student.gguf", "student.huggingface", "student.tokenizer", "train.targets", "train.validation"];

    /// <param name="bind">Reads and judges a whole recipe.</param>
    public static IReadOnlyList<SweepTrial> Trials(Recipe recipe, YamlNode root, List<Problem> problems, Func<YamlNode, List<Problem>, Recipe> bind)
    {
        var sweep = recipe.Sweep!;
        var line = (root as YamlMap)?["sweep"]?.Line ?? 0;
        problems.AddRange(Check(recipe, sweep).Select(problem => problem with { Line = line }));
        if (problems.Count > 0)
        {
            return [];
        }

        var trials = new List<SweepTrial>();
        foreach (var values in Combinations(sweep, recipe.Seed))
        {
            var own = new List<Problem>();
            var changed = values.Aggregate(root, (node, value) => Put(node, value.Key.Split('.'), value, own, line));
            var trial = own.Count == 0 ? bind(changed, own) : recipe;
            if (own.Count > 0)
            {
                problems.AddRange(own.Select(problem => problem with { Where = $"sweep: {problem.Where}", Line = line }));
                return [];
            }

            trials.Add(new SweepTrial(values, trial with { Sweep = null }));
        }

        return [.. trials.DistinctBy(trial => trial.Id)];
    }

    static IEnumerable<Problem> Check(Recipe recipe, SweepSettings sweep)
    {
        if (sweep.Values.Count == 0 || sweep.Values.Any(value => value.Value.Count == 0))
        {
            yield return new Problem("sweep.values", "has nothing to try.", "Name a key and its values, e.g. 'train.learning_rate: [ 1e-3, 2e-3 ]'.");
        }

        foreach (var path in sweep.Values.Keys.Where(path => !(path.StartsWith("train.", StringComparison.Ordinal) || path.StartsWith("student.", StringComparison.Ordinal)) || Fixed.Any(key => path == key || path.StartsWith(key + ".", StringComparison.Ordinal))))
        {
            yield return new Problem($"sweep.values.{path}", "is decided before training, and all students of a sweep learn from the same rows.", "Sweep over keys of train, or the shape of the student.");
        }

        foreach (var (path, heat) in NotCaptured(recipe, sweep))
        {
            yield return new Problem($"sweep.values.{path}", $"tries {heat}, which is not captured with the teacher's answers.", "Name it in generate.temperatures.");
        }

        foreach (var (path, values) in sweep.Values.Where(value => value.Value.Any(text => Span(text) is not null) && (sweep.Search != SweepSearch.Random || value.Value.Count > 1)))
        {
            yield return new Problem($"sweep.values.{path}", "has a span of numbers among its values.", "A random search takes one, by itself: 'search: random'.");
        }

        if (recipe.Train.Validation == 0)
        {
            yield return new Problem("sweep", "compares students by held-out rows, and train.validation is 0.", "Raise it.");
        }

        if (sweep.Runs is < 1 or > Most || (sweep.Search == SweepSearch.Grid && sweep.Values.Values.Aggregate(1L, (product, list) => Math.Min(Most + 1, product * Math.Max(1, list.Count))) > Most))
        {
            yield return new Problem("sweep", $"has more than {Most} students, or none.", "Try fewer values, or 'search: random' with 'runs: 20'.");
        }
    }

    // What a teacher's tail was not captured at is found out here, not after half of the students are trained.
    static IEnumerable<(string Path, string Temperature)> NotCaptured(Recipe recipe, SweepSettings sweep) => recipe.AllTeachers.Count == 0 || recipe.Train.Targets != TrainTargets.Trace ? [] :
        from value in sweep.Values
        where value.Key.StartsWith("train.losses.", StringComparison.Ordinal) && value.Key.EndsWith(".temperature", StringComparison.Ordinal)
        from text in value.Value
        where !(float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var heat) && (heat == 1 || recipe.Generate.Temperatures.Contains(heat)))
        select (value.Key, text);

    // Low and high of 1e-4..1e-2.
    static (double Low, double High)? Span(string text)
        => text.Split("..") is [var first, var last] && double.TryParse(first, NumberStyles.Float, CultureInfo.InvariantCulture, out var low) && double.TryParse(last, NumberStyles.Float, CultureInfo.InvariantCulture, out var high) && low > 0 && high > low && double.IsFinite(high)
            ? (low, high)
            : null;

    static IEnumerable<IReadOnlyDictionary<string, string>> Combinations(SweepSettings sweep, long seed) => sweep.Values.Values.Any(values => Span(values[0]) is not null)
        ? Enumerable.Range(0, sweep.Runs).Select(number => sweep.Values.ToDictionary(value => value.Key, value => Drawn(value.Value, Seeds.Source(seed, "sweep", $"{number} {value.Key}"))))
        : Listed(sweep, seed);

    static string Drawn(IReadOnlyList<string> values, Random random) => Span(values[0]) is { } span
        ? (span.Low * Math.Pow(span.High / span.Low, random.NextDouble())).ToString("G3", CultureInfo.InvariantCulture)
        : values[random.Next(values.Count)];

    static IEnumerable<IReadOnlyDictionary<string, string>> Listed(SweepSettings sweep, long seed)
    {
        var keys = sweep.Values.Keys.ToArray();
        var counts = keys.Select(key => (long)sweep.Values[key].Count).ToArray();
        var all = counts.Aggregate(1L, (product, count) => product * count);
        var chosen = sweep.Search == SweepSearch.Grid ? Range(all) : Draw(all, sweep.Runs, Seeds.Source(seed, "sweep", "order"));
        foreach (var number in chosen)
        {
            // The last key changes fastest, as one reads.
            var (rest, values) = (number, new string[keys.Length]);
            for (var k = keys.Length - 1; k >= 0; k--)
            {
                values[k] = sweep.Values[keys[k]][(int)(rest % counts[k])];
                rest /= counts[k];
            }

            yield return keys.Zip(values).ToDictionary(pair => pair.First, pair => pair.Second);
        }
    }

    static IEnumerable<long> Range(long count)
    {
        for (var i = 0L; i < count; i++)
        {
            yield return i;
        }
    }

    static IEnumerable<long> Draw(long all, int wanted, Random random)
    {
        var drawn = new HashSet<long>();
        while (drawn.Count < Math.Min(all, wanted))
        {
            if (random.NextInt64(all) is var number && drawn.Add(number))
            {
                yield return number;
            }
        }
    }

    static YamlNode Put(YamlNode node, ReadOnlySpan<string> path, KeyValuePair<string, string> value, List<Problem> problems, int line)
    {
        if (path.IsEmpty)
        {
            return new YamlText(value.Value, IsPlain: true, line);
        }

        var step = path[0];
        switch (node)
        {
            // Losses that are not written are the default ones, which are not this one alone.
            case YamlMap map when step != "losses" || map["losses"] is not null:
                var key = step.Replace('-', '_');
                var entry = map[key];
                var put = Put(entry?.Value ?? new YamlMap([], line), path[1..], value, problems, line);
                return entry is null
                    ? map with { Entries = [.. map.Entries, new YamlEntry(key, step, put, line)] }
                    : map with { Entries = [.. map.Entries.Select(other => other == entry ? entry with { Value = put } : other)] };
            case YamlList list when list.Items.FirstOrDefault(item => NameOf(item) == step) is { } item:
                var options = (item as YamlMap)?.Entries[0].Value ?? new YamlMap([], line);
                var named = new YamlMap([new YamlEntry(step.Replace('-', '_'), step, Put(options is YamlText { IsNull: true } ? new YamlMap([], line) : options, path[1..], value, problems, line), line)], line);
                return list with { Items = [.. list.Items.Select(other => other == item ? named : other)] };
            case YamlText { IsNull: true }:
                return Put(new YamlMap([], line), path, value, problems, line);
            default:
                problems.Add(new Problem(value.Key, $"leads nowhere: there is no '{step}' in the recipe.", "Write the key where it belongs, then sweep over it."));
                return node;
        }
    }

    // A component of a list: its name alone, or with options.
    static string? NameOf(YamlNode item) => item switch
    {
        YamlText text => text.Value,
        YamlMap { Entries: [var only] } => only.Written,
        _ => null,
    };
}
