using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Drops answers that say too much.</summary>
[Component("max-length")]
public sealed class MaxLength(MaxLength.Options options) : IFilter
{
    /// <param name="Words">Pieces between white space, at most.</param>
    /// <param name="Characters">Without white space around the answer, at most.</param>
    public sealed record Options(int Words = 2000, int Characters = 20_000) : ICheckedOptions
    {
        public IEnumerable<Problem> Check() => TextLength.Check(Words, Characters, least: 1);
    }

    public Verdict Judge(Example example)
    {
        var words = TextLength.Words(example.Text);
        var characters = example.Text.AsSpan().Trim().Length;
        return words > options.Words ? Verdict.Drop("too-long", $"{words} words, may have {options.Words}")
            : characters > options.Characters ? Verdict.Drop("too-long", $"{characters} characters, may have {options.Characters}")
            : Verdict.Keep;
    }
}
