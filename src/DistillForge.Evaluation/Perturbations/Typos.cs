using DistillForge.Data.Prompts;

namespace DistillForge.Evaluation.Perturbations;

/// <summary>Slips of the finger within words of four letters and more: two letters swapped, one left out, doubled, or its neighbour on the keyboard hit.</summary>
[Component("typos")]
public sealed class Typos(Typos.Options options) : IPerturbation
{
    /// <param name="Rate">Slips a letter; there is one at least.</param>
    public sealed record Options(double Rate = 0.04) : ICheckedOptions
    {
        public IEnumerable<Problem> Check() => Rate is > 0 and <= 0.5 ? [] : [new Problem("rate", $"is {Rate}; it is a share of the letters above 0 and up to 0.5.")];
    }

    public string Apply(string text, Random chance) => Fixed.Around(text, part =>
    {
        for (var slips = Math.Max(1, (int)Math.Round(options.Rate * part.Count(char.IsAsciiLetter))); slips > 0; slips--)
        {
            part = Slips.Make(part, chance);
        }

        return part;
    });
}
