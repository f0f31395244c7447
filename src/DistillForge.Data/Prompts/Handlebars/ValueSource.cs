using DistillForge.Core;

namespace DistillForge.Data.Prompts;

/// <summary>A list of values that a prompt draws from: texts, or rows with columns.</summary>
/// <param name="Name">What templates call it.</param>
/// <param name="Values">A text, or a map of columns.</param>
/// <param name="Weights">Of each value; above 0 for at least one.</param>
/// <param name="Pick">0 gives one value; k gives a list of k different ones.</param>
sealed record ValueSource(string Name, IReadOnlyList<object> Values, IReadOnlyList<double> Weights, int Pick)
{
    /// <summary>Entries of a picked list, at most.</summary>
    public const int MostPicked = 64;

    readonly Lottery lottery = new(Weights);

    /// <summary>One value, or as many different ones as are picked.</summary>
    public object Draw(Random random)
    {
        if (Pick == 0)
        {
            return Values[lottery.Draw(random)];
        }

        var (chosen, at) = (new HashSet<int>(), new List<object>());
        while (at.Count < Pick)
        {
            var index = lottery.Draw(random);
            // Rare values may take long to come by chance: after many repeats the next one that is not there yet is taken.
            for (var tries = 0; !chosen.Add(index); tries++)
            {
                index = tries < 100 ? lottery.Draw(random) : (index + 1) % Values.Count;
            }

            at.Add(Values[index]);
        }

        return at;
    }
}

/// <summary>Every combination of some sources, once each in a seeded order before any comes again.</summary>
sealed class CrossProduct(IReadOnlyList<ValueSource> sources)
{
    // Above this an order of all is not written down; the odds of a repeat are small, and repeats are refused by their text.
    const long MostOrdered = 4 << 20;

    readonly long size = sources.Aggregate(1L, (product, source) => product > long.MaxValue / source.Values.Count ? long.MaxValue : product * source.Values.Count);
    int[] order = [];
    int next;

    public void Draw(Random random, Dictionary<string, object> slots)
    {
        var index = size > MostOrdered ? random.NextInt64(size) : Next(random);
        foreach (var source in sources)
        {
            (index, var at) = Math.DivRem(index, source.Values.Count);
            slots[source.Name] = source.Values[(int)at];
        }
    }

    int Next(Random random)
    {
        if (next == order.Length)
        {
            order = [.. Enumerable.Range(0, (int)size)];
            random.Shuffle(order);
            next = 0;
        }

        return order[next++];
    }
}

/// <summary>A prompt file of <c>kind: handlebars</c>, as it was read.</summary>
sealed record HandlebarsDefinition : PromptDefinition
{
    public required IReadOnlyList<ValueSource> Sources { get; init; }

    public required IReadOnlyList<string> Cross { get; init; }

    /// <summary>The user's turns, one or more.</summary>
    public required IReadOnlyList<HandlebarsText> Turns { get; init; }

    public HandlebarsText? System { get; init; }

    public HandlebarsText? Answer { get; init; }

    public HandlebarsText? Category { get; init; }

    public HandlebarsText? Key { get; init; }

    public override IDraws Draws(Random random) => new Stream(this, random);

    sealed class Stream(HandlebarsDefinition definition, Random random) : IDraws
    {
        readonly CrossProduct? cross = definition.Cross.Count > 0 ? new CrossProduct([.. definition.Sources.Where(source => definition.Cross.Contains(source.Name))]) : null;

        public PromptDraw Next()
        {
            var slots = new Dictionary<string, object>();
            cross?.Draw(random, slots);
            foreach (var source in definition.Sources.Where(source => !slots.ContainsKey(source.Name)))
            {
                slots[source.Name] = source.Draw(random);
            }

            return definition.Fill(slots);
        }
    }

    PromptDraw Fill(Dictionary<string, object> slots)
    {
        var user = Message.User(Fill("user", Turns[0], slots)!);
        IReadOnlyList<Message> messages = Fill("system", System, slots) is { Length: > 0 } system ? [Message.System(system), user] : [user];
        return new PromptDraw(messages, Fill("answer", Answer, slots), Fill("category", Category, slots))
        {
            FollowUps = Turns.Count > 1 ? [.. Turns.Skip(1).Select(turn => Fill("turns", turn, slots)!)] : null,
            Key = Fill("key", Key, slots),
        };
    }

    string? Fill(string where, HandlebarsText? template, Dictionary<string, object> slots)
    {
        try
        {
            return template?.Render(slots).Trim();
        }
        catch (FormatException error)
        {
            throw new ForgeException(Path, [new Problem(where, error.Message)], inner: error);
        }
    }
}
