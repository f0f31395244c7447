using System.Globalization;
using System.Text.RegularExpressions;

namespace DistillForge.Evaluation.Benchmarks;

/// <summary>Answers that come to a number, whatever is written around it: 1,234.50, −3 °C, 1.2e3, 45 %.</summary>
[Component("numeric")]
public sealed class Numeric(Numeric.Options options) : IBenchmark
{
    /// <summary>Which of several numbers in an answer counts.</summary>
    public enum Which
    {
        /// <summary>The last, as worked answers end with their result (GSM8K).</summary>
        Last,
        First,

        /// <summary>An answer with several numbers has none.</summary>
        Only,
    }

    public sealed record Options : TableOptions
    {
        /// <summary>How far the answer may be off, in the unit of the expected one.</summary>
        public double Tolerance { get; init; }

        /// <summary>How far it may be off as a share of the expected number; the larger of both counts.</summary>
        public double RelativeTolerance { get; init; } = 1e-9;

        public Which Take { get; init; } = Which.Last;

        /// <summary>1.234,5 instead of 1,234.5.</summary>
        public bool DecimalComma { get; init; }

        /// <summary>What a unit after the number stands for, e.g. <c>{ km: 1000, m: 1 }</c>. An expected number with one of them wants an answer with one of them.</summary>
        public IReadOnlyDictionary<string, double> Units { get; init; } = new Dictionary<string, double>();

        public override IEnumerable<Problem> Check()
        {
            foreach (var problem in base.Check())
            {
                yield return problem;
            }

            if (Tolerance is not (>= 0 and <= double.MaxValue) || RelativeTolerance is not (>= 0 and <= 1))
            {
                yield return new Problem("tolerance", $"is {Tolerance} and relative_tolerance {RelativeTolerance}; the first is not negative, the second lies between 0 and 1.");
            }

            if (Units.Where(unit => unit.Value is 0 || !double.IsFinite(unit.Value)).Select(unit => unit.Key).FirstOrDefault() is { } useless)
            {
                yield return new Problem("units", $"makes '{useless}' worth {Units[useless]}.");
            }
        }
    }

    public string Measure => "numeric accuracy";

    public string? Title => options.Title;

    public IEnumerable<Question> Questions()
    {
        foreach (var question in QuestionFile.Read(options))
        {
            yield return NumberText.Read(question.Expected, options) is not null ? question
                : throw new ForgeException(options.File.Path, [new Problem(options.Answer, $"of {question.Id} is '{TerminalText.OnOneLine(question.Expected)}', which is no number.", "Give it a number, or take exact-match.")]);
        }
    }

    public double Grade(Question question, string answer) => Judge(question, answer).Score;

    public Grade Judge(Question question, string answer)
    {
        var expected = NumberText.Read(question.Expected, options)!;
        if (NumberText.Read(answer, options) is not { } given)
        {
            return new(0, new Dictionary<string, double> { ["a number"] = 0 }, "no number");
        }

        var figures = new Dictionary<string, double> { ["a number"] = 1 };
        if (expected.HasUnit && !given.HasUnit)
        {
            return new(0, figures, "no unit");
        }

        var off = Math.Abs(given.Value - expected.Value);
        return off <= Math.Max(options.Tolerance * Math.Abs(expected.Unit), options.RelativeTolerance * Math.Abs(expected.Value)) ? new(1, figures)
            : new(0, figures, string.Create(CultureInfo.InvariantCulture, $"{given.Value:R}, off by {off:R}"));
    }
}

/// <summary>A number as people write it.</summary>
/// <param name="Value">Times its unit.</param>
/// <param name="Unit">What the unit stands for; 1 where there is none that is known.</param>
sealed partial record NumberText(double Value, double Unit, bool HasUnit)
{
    const int LongestRead = 1 << 20;

    /// <returns>Null where there is none, or several and only one was wanted.</returns>
    public static NumberText? Read(string text, Numeric.Options options)
    {
        var numbers = (options.DecimalComma ? WithComma() : WithPoint()).Matches(text.Length <= LongestRead ? text : text[^LongestRead..]);
        var match = options.Take switch
        {
            _ when numbers.Count == 0 => null,
            Numeric.Which.Last => numbers[^1],
            Numeric.Which.First => numbers[0],
            _ => numbers.Count == 1 ? numbers[0] : null,
        };
        return match is null || Parse(match, options.DecimalComma) is not { } value ? null
            : options.Units.TryGetValue(match.Groups["unit"].Value, out var factor) ? new(value * factor, factor, HasUnit: true) : new(value, 1, HasUnit: false);
    }

    static double? Parse(Match match, bool decimalComma)
    {
        var whole = string.Concat(match.Groups["whole"].Value.Where(char.IsAsciiDigit));
        var part = match.Groups["part"].Value.TrimStart(decimalComma ? ',' : '.');
        var text = $"{(match.Groups["sign"].Value is "-" or "−" ? "-" : "")}{(whole.Length > 0 ? whole : "0")}{(part.Length > 0 ? $".{part}" : "")}{match.Groups["power"].Value}";
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;
    }

    // Thousands by comma, apostrophe, underscore or (thin, no-break) space: only in groups of three. Not within a word (B2B), and a hyphen between digits is no sign (3-4).
    const string After = @"(?<power>[eE][-+]?\d{1,3})?(?:[ \u00A0\u202F]?(?<unit>[%‰°€$£\p{L}][\p{L}\d/²³°]*))?";

    [GeneratedRegex(@"(?<![\p{L}\d_])(?<sign>(?<![\p{L}\d])[-−+])?[$€£]?(?:(?<whole>\d{1,3}(?:[,'’_ \u00A0\u202F\u2009]\d{3})+(?!\d)|\d+)(?<part>\.\d+)?|(?<whole>)(?<part>\.\d+))" + After, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex WithPoint();

    [GeneratedRegex(@"(?<![\p{L}\d_])(?<sign>(?<![\p{L}\d])[-−+])?[$€£]?(?:(?<whole>\d{1,3}(?:[.'’_ \u00A0\u202F\u2009]\d{3})+(?!\d)|\d+)(?<part>,\d+)?|(?<whole>)(?<part>,\d+))" + After, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex WithComma();
}
