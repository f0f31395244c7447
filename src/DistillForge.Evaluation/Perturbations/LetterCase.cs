namespace DistillForge.Evaluation.Perturbations;

/// <summary>all in small letters</summary>
[Component("lower-case")]
public sealed class LowerCase : IPerturbation
{
    public string Apply(string text, Random chance) => Fixed.Around(text, part => part.ToLowerInvariant());
}

/// <summary>ALL IN CAPITALS</summary>
[Component("upper-case")]
public sealed class UpperCase : IPerturbation
{
    public string Apply(string text, Random chance) => Fixed.Around(text, part => part.ToUpperInvariant());
}

/// <summary>eAcH LetTer BY chaNce</summary>
[Component("random-case")]
public sealed class RandomCase : IPerturbation
{
    public string Apply(string text, Random chance)
        => Fixed.Around(text, part => string.Concat(part.Select(letter => chance.Next(2) == 0 ? char.ToLowerInvariant(letter) : char.ToUpperInvariant(letter))));
}
