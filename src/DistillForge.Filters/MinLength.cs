using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers that say too little.</summary>
[Component("min-length")]
public sealed class MinLength(MinLength.Options options) : IFilter
{
    /// <param name="Words">Pieces between white space, at least.</param>
    /// <param name="Characters">Without white space around the answer, at least.</param>
    public sealed record Options(int Words = 1, int Characters = 1) : ICheckedOptions
    {
        public IEnumerable<Problem> Check() => TextLength.Check(Words, Characters, least: 0);
    }

    public Verdict Judge(Example example)
    {
        var words = TextLength.Words(example.Text);
        var characters = example.Text.AsSpan().Trim().Length;
        return words < options.Words ? Verdict.Drop("too-short", $"{words} words, needs {options.Words}")
            : characters < options.Characters ? Verdict.Drop("too-short", $"{characters} characters, needs {options.Characters}")
            : Verdict.Keep;
    }
}
