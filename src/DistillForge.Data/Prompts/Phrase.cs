namespace DistillForge.Data.Prompts;

/// <summary>What a slot or a column holds: text, or a number that JSON writes bare.</summary>
public readonly record struct SlotValue(string Text, bool IsNumber);

/// <summary>A piece of a prompt that can be drawn: words, choices, references to slots and rules.</summary>
abstract class Phrase
{
    public abstract void Draw(Draft draft);

    /// <summary>The pieces inside, for linking.</summary>
    public virtual IEnumerable<Phrase> Parts => [];

    public IEnumerable<Reference> References => this is Reference self ? [self] : Parts.SelectMany(part => part.References);
}

sealed class Words(string text) : Phrase
{
    public override void Draw(Draft draft) => draft.Append(text);
}

sealed class Sequence(IReadOnlyList<Phrase> parts) : Phrase
{
    public override IEnumerable<Phrase> Parts => parts;

    public override void Draw(Draft draft)
    {
        foreach (var part in parts)
        {
            part.Draw(draft);
        }
    }
}

sealed class Choice : Phrase
{
    readonly IReadOnlyList<Phrase> options;
    readonly Lottery lottery;

    public Choice(IReadOnlyList<(Phrase Phrase, double Weight)> options)
        => (this.options, lottery) = ([.. options.Select(o => o.Phrase)], new Lottery(options.Select(o => o.Weight)));

    public override IEnumerable<Phrase> Parts => options;

    public override void Draw(Draft draft)
    {
        draft.Step();
        options[lottery.Draw(draft.Random)].Draw(draft);
    }
}

/// <summary>Draws an index in proportion to its weight.</summary>
sealed class Lottery
{
    readonly double[] upTo;

    public Lottery(IEnumerable<double> weights)
    {
        upTo = [.. weights];
        for (var i = 1; i < upTo.Length; i++)
        {
            upTo[i] += upTo[i - 1];
        }
    }

    public int Draw(Random random)
    {
        var at = random.NextDouble() * upTo[^1];
        var index = Array.BinarySearch(upTo, at);
        // An exact hit on a bound belongs to the next one, and a weight of 0 is never drawn.
        for (index = index < 0 ? ~index : index + 1; index < upTo.Length - 1 && upTo[index] <= at; index++)
        {
        }

        return Math.Min(index, upTo.Length - 1);
    }
}

/// <summary><c>{name}</c>, <c>{bound_as:name}</c> or <c>{rule(argument)}</c>, linked after everything is read.</summary>
sealed class Reference(string name, string? boundAs, string? argument, int line) : Phrase
{
    public string Name => name;

    public string? BoundAs => boundAs;

    public string? Argument => argument;

    public int Line => line;

    /// <summary>The slot or rule; null for a column, whose value the draft already holds.</summary>
    public Definition? Target { get; set; }

    public override void Draw(Draft draft)
    {
        if (Target is { } target)
        {
            target.Draw(draft, boundAs ?? name);
        }
        else
        {
            draft.Append(draft.Bound.TryGetValue(name, out var value) ? value.Text : "");
        }
    }
}

/// <summary>One way to say a slot or rule.</summary>
/// <param name="Value">What a slot is then given; null for the words themselves.</param>
/// <param name="Sets">What a rule binds besides.</param>
sealed record Alternative(Phrase Phrase, double Weight, ValueExpression? Value, IReadOnlyList<(string Name, ValueExpression Value)> Sets);

/// <summary>A slot, which has a value and keeps what lies inside to itself, or a rule, which has none and passes all on.</summary>
sealed class Definition(string name, bool isSlot, IReadOnlyList<Alternative> alternatives)
{
    readonly Lottery lottery = new(alternatives.Select(a => a.Weight));

    public string Name => name;

    public bool IsSlot => isSlot;

    public IReadOnlyList<Alternative> Alternatives => alternatives;

    public void Draw(Draft draft, string boundAs)
    {
        draft.Step();
        var chosen = alternatives[lottery.Draw(draft.Random)];
        if (isSlot)
        {
            draft.Bound[boundAs] = DrawValue(draft, chosen);
            return;
        }

        chosen.Phrase.Draw(draft);
        foreach (var (key, value) in chosen.Sets)
        {
            if (value.Evaluate(draft.Bound) is { } set)
            {
                draft.Bound[key] = set;
            }
        }
    }

    static SlotValue DrawValue(Draft draft, Alternative chosen)
    {
        var (outer, start) = (draft.Bound, draft.Length);
        draft.Bound = [];
        chosen.Phrase.Draw(draft);
        var value = chosen.Value is null ? new SlotValue(draft.Since(start), IsNumber: false) : chosen.Value.Evaluate(draft.Bound) ?? new SlotValue("", IsNumber: false);
        draft.Bound = outer;
        return value;
    }
}
