using System.Globalization;
using System.Text.Json;
using DistillForge.Filters;

namespace DistillForge.Benchmarks;

/// <summary>
/// Fits what each feature counts for in the filter <c>refusal</c>: a logistic regression by FTRL-proximal (McMahan et al. 2013), whose L1 leaves few weights. The seed is fixed, so the same rows give the same file:
/// <code>dotnet run --project tests/DistillForge.Benchmarks -c Release -- fit-refusals OUT.tsv [hold=SOURCE] WEIGHT:FILE.jsonl …</code>
/// A row is <c>{"text", "refusal"}</c>. WEIGHT is what a row of the file counts; with a question mark behind it (<c>0.1?</c>) the labels are not trusted: rows that a first fit contradicts are left out. <c>hold</c> leaves out the files
/// whose name begins so and measures on them instead of writing.
/// </summary>
static class RefusalFit
{
    const float Rate = 0.1f, Beta = 1, L2 = 0.05f, L1 = 1.5f;
    // Smaller weights change nothing but the size of the file.
    const float Least = 0.035f;
    const int Epochs = 6, Rarest = 3, Seed = 1;

    public sealed record Row(string Text, bool Refusal);

    sealed record Sample(Row Row, float Weight, bool IsTrusted, string Source)
    {
        public int[] Features { get; set; } = [];
    }

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static int Run(string[] args)
    {
        var held = args.FirstOrDefault(arg => arg.StartsWith("hold=", StringComparison.Ordinal))?["hold=".Length..];
        var samples = args[1..].Where(arg => arg.Contains(':')).SelectMany(Read).ToList();
        if (samples.Count == 0)
        {
            Console.Error.WriteLine("No rows: name files as WEIGHT:FILE.jsonl.");
            return 2;
        }

        var names = Number(samples);
        var test = held is null ? [] : samples.Where(sample => sample.Source.StartsWith(held, StringComparison.Ordinal)).ToList();
        var train = samples.Except(test).ToList();
        var weights = Fit(train, names.Count);
        var trusted = train.Where(sample => sample.IsTrusted || (sample.Row.Refusal ? Points(weights, sample) > -0.5 : Points(weights, sample) < 0.5)).ToList();
        weights = Fit(trusted, names.Count);
        Console.WriteLine($"{train.Count} rows, {train.Count - trusted.Count} contradicted and left out, {weights.Count(weight => weight != 0)} of {names.Count} features count");
        if (held is not null)
        {
            Show(test, weights);
            return 0;
        }

        using var file = new StreamWriter(args[0]) { NewLine = "\n" };
        foreach (var (name, weight) in names.Zip(weights).Where(one => MathF.Abs(one.Second) > Least).OrderBy(one => one.First, StringComparer.Ordinal))
        {
            file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}\t{weight:0.00}"));
        }

        return 0;
    }

    static IEnumerable<Sample> Read(string argument)
    {
        var (weight, path) = (argument[..argument.IndexOf(':')], argument[(argument.IndexOf(':') + 1)..]);
        return Rows(path).Select(row => new Sample(row, float.Parse(weight.TrimEnd('?'), CultureInfo.InvariantCulture), !weight.EndsWith('?'), Path.GetFileName(path)));
    }

    public static IEnumerable<Row> Rows(string path) => File.ReadLines(path).Select(line => JsonSerializer.Deserialize<Row>(line, Json)!);

    // Numbers the features that are in more than a few rows, and returns their names.
    static List<string> Number(List<Sample> samples)
    {
        var counts = new Dictionary<uint, int>();
        Parallel.ForEach(samples, sample =>
        {
            var keys = Features(sample.Row.Text);
            lock (counts)
            {
                foreach (var key in keys.Keys)
                {
                    counts[key] = counts.GetValueOrDefault(key) + 1;
                }
            }
        });
        var (numbers, names) = (new Dictionary<uint, int>(), new List<string>());
        foreach (var sample in samples)
        {
            var features = new List<int>();
            foreach (var (key, where) in Features(sample.Row.Text))
            {
                if (counts[key] < Rarest)
                {
                    continue;
                }

                if (!numbers.TryGetValue(key, out var number))
                {
                    numbers[key] = number = names.Count;
                    names.Add(Name(sample.Row.Text, where));
                }

                features.Add(number);
            }

            sample.Features = [.. features];
        }

        return names;
    }

    static string Name(string text, RefusalFeatures.Place where)
    {
        var words = new AnswerWords(new char[AnswerWords.Characters], new AnswerWords.Word[AnswerWords.Most]);
        words.Read(text);
        return RefusalFeatures.NameOf(words, where);
    }

    static Dictionary<uint, RefusalFeatures.Place> Features(string text)
    {
        var words = new AnswerWords(new char[AnswerWords.Characters], new AnswerWords.Word[AnswerWords.Most]);
        words.Read(text);
        var all = new Listing([]);
        RefusalFeatures.Read(words, text.Length, text.AsSpan().Count('\n'), ref all);
        return all.Found;
    }

    readonly struct Listing(Dictionary<uint, RefusalFeatures.Place> found) : IFeatureSink
    {
        public Dictionary<uint, RefusalFeatures.Place> Found => found;

        public void Add(uint key, RefusalFeatures.Place where) => found.TryAdd(key, where);
    }

    static float[] Fit(List<Sample> samples, int count)
    {
        var (weights, z, n) = (new float[count], new float[count], new float[count]);
        var (order, random) = (samples.ToArray(), new Random(Seed));
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            random.Shuffle(order);
            foreach (var sample in order)
            {
                var share = 1 / (1 + Math.Exp(-Points(weights, sample)));
                var slope = (float)((share - (sample.Row.Refusal ? 1 : 0)) * sample.Weight);
                if (slope * slope < 1e-10f)
                {
                    continue;
                }

                foreach (var i in sample.Features)
                {
                    var sigma = (MathF.Sqrt(n[i] + slope * slope) - MathF.Sqrt(n[i])) / Rate;
                    z[i] += slope - sigma * weights[i];
                    n[i] += slope * slope;
                    weights[i] = MathF.Abs(z[i]) <= L1 ? 0 : -(z[i] - MathF.Sign(z[i]) * L1) / ((Beta + MathF.Sqrt(n[i])) / Rate + L2);
                }
            }
        }

        return weights;
    }

    static double Points(float[] weights, Sample sample)
    {
        var sum = 0.0;
        foreach (var i in sample.Features)
        {
            sum += weights[i];
        }

        return sum;
    }

    static void Show(List<Sample> test, float[] weights)
    {
        foreach (var set in test.GroupBy(sample => sample.Source))
        {
            foreach (var bound in new[] { -1, -0.5, 0, 0.5, 1, 2 })
            {
                var dropped = set.Where(sample => Points(weights, sample) > bound).ToList();
                var right = dropped.Count(sample => sample.Row.Refusal);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{set.Key} bound {bound}: recall {100.0 * right / Math.Max(1, set.Count(sample => sample.Row.Refusal)):0.0}, precision {100.0 * right / Math.Max(1, dropped.Count):0.0}, wrong {dropped.Count - right} of {set.Count(sample => !sample.Row.Refusal)}"));
            }

            foreach (var sample in set.Where(sample => sample.Row.Refusal != Points(weights, sample) > 0).OrderBy(sample => sample.Row.Refusal).ThenBy(sample => Points(weights, sample)))
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {(sample.Row.Refusal ? "missed" : "wrong")} {Points(weights, sample):0.0} {sample.Row.Text.ReplaceLineEndings("⏎")[..Math.Min(150, sample.Row.Text.ReplaceLineEndings("⏎").Length)]}"));
            }
        }
    }
}
