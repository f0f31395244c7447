using System.Text;
using DistillForge.Core;

namespace DistillForge.Data.Prompts;

/// <summary>One stream of draws, before anything is held out.</summary>
sealed class DrawSource(TemplateDefinition definition, Random random) : IDraws
{
    readonly Draft draft = new(random);
    int[] order = [];
    int next;

    public PromptDraw Next()
    {
        draft.Clear();
        if (definition.Rows is { } rows)
        {
            foreach (var (column, value) in rows[NextRow(rows.Count)])
            {
                draft.Bound[column] = value;
            }
        }

        definition.User.Draw(draft);
        var user = definition.Noise.Apply(draft.TakeText(), random);
        var messages = definition.System is { } system ? new[] { Message.System(Fill(system)), Message.User(user) } : [Message.User(user)];
        return new PromptDraw(messages, definition.Answer?.Compute(draft.Bound), definition.Category is { } category ? Fill(category) : null);
    }

    string Fill(Phrase phrase)
    {
        phrase.Draw(draft);
        return draft.TakeText();
    }

    // Every row once, in a new order, before any row a second time.
    int NextRow(int count)
    {
        if (next == order.Length)
        {
            order = [.. Enumerable.Range(0, count)];
            random.Shuffle(order);
            next = 0;
        }

        return order[next++];
    }
}

/// <summary>A text in the making and what its slots were given so far.</summary>
sealed class Draft(Random random)
{
    // Enough for any honest prompt; a template that doubles itself again and again stops here.
    const int MaxSteps = 100_000;
    const int MaxCharacters = 1 << 20;

    readonly StringBuilder text = new();
    int steps;

    public Random Random { get; } = random;

    public Dictionary<string, SlotValue> Bound { get; set; } = [];

    public int Length => text.Length;

    public void Clear()
    {
        (steps, Bound) = (0, []);
        text.Clear();
    }

    public void Append(string words)
    {
        Step();
        text.Append(words);
    }

    public void Step()
    {
        if (++steps > MaxSteps || text.Length > MaxCharacters)
        {
            throw new ForgeException(new Problem("user", $"one prompt takes more than {MaxSteps} steps or {MaxCharacters} characters.", "Rules that name others many times over multiply."));
        }
    }

    public string Since(int start) => text.ToString(start, text.Length - start);

    public string TakeText()
    {
        var taken = text.ToString();
        text.Clear();
        return taken;
    }
}
