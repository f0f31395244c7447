using System.Text;

namespace DistillForge.Evaluation.Perturbations;

/// <summary>Spaces too many, another mark at the end, a comma where none belongs.</summary>
[Component("punctuation")]
public sealed class Punctuation : IPerturbation
{
    const double SpaceChance = 0.3;
    const double CommaChance = 0.1;

    static readonly string[] Ends = ["", " ", "!!", "...", " .", "?!"];

    public string Apply(string text, Random chance)
    {
        var changed = Fixed.Around(text, part => Between(part, chance));
        var bare = changed.TrimEnd('.', '?', '!', ' ');
        // Quoted marks and those of code stay where they are.
        return Fixed.IsIn(text) ? changed : bare + Another(changed[bare.Length..], chance);
    }

    static string Between(string part, Random chance)
    {
        var text = new StringBuilder();
        for (var i = 0; i < part.Length; i++)
        {
            var isGap = part[i] == ' ' && i > 0 && char.IsLetter(part[i - 1]);
            text.Append(isGap && chance.NextDouble() < CommaChance ? "," : "").Append(part[i]).Append(isGap && chance.NextDouble() < SpaceChance ? new string(' ', chance.Next(1, 3)) : "");
        }

        return text.ToString();
    }

    static string Another(string end, Random chance)
    {
        string[] others = [.. Ends.Where(other => other != end)];
        return others[chance.Next(others.Length)];
    }
}

/// <summary>Words that one says while one thinks, between any two.</summary>
[Component("fillers")]
public sealed class Fillers : IPerturbation
{
    const double EachGap = 0.15;

    // A comma follows.
    static readonly string[] Words = ["um", "uh", "er", "like", "well", "you know"];

    public string Apply(string text, Random chance)
    {
        var words = text.Split(' ');
        if (words.Length < 2 || Fixed.IsIn(text))
        {
            return text;
        }

        // One at least.
        var surely = chance.Next(1, words.Length);
        return string.Join(' ', words.Select((word, i) => i == surely || (i > 0 && chance.NextDouble() < EachGap) ? $"{Words[chance.Next(Words.Length)]}, {word}" : word));
    }
}

/// <summary>A sentence before the question that has nothing to do with it.</summary>
[Component("distraction")]
public sealed class Distraction : IPerturbation
{
    static readonly string[] Sentences =
    [
        "It rained all morning.", "My neighbour bought a new bicycle.", "I read half of a book yesterday.", "The bakery was closed again.", "My sister says hello.", "Our train was late this week.",
        "I had soup for lunch.", "The cat slept well.", "Somebody painted the fence green.", "I lost a button of my coat.",
    ];

    public string Apply(string text, Random chance) => $"{Sentences[chance.Next(Sentences.Length)]} {text}";
}
