using DistillForge.Text;

namespace DistillForge.Packaging;

/// <summary>
/// A chat template as plain text around each turn, found by rendering and proved by rendering: most small models' templates are no more
/// than that, and then any other program's template language can say it too.
/// </summary>
/// <param name="Turns">Role → text around its content. Where one turn's end meets the next one's beginning, it counts to the beginning.</param>
/// <param name="Answer">Before the assistant speaks.</param>
sealed record TurnLayout(IReadOnlyDictionary<string, TurnLayout.Turn> Turns, string Answer)
{
    /// <param name="First">Before the content of a conversation's first turn.</param>
    /// <param name="Later">Before the content of any other.</param>
    public sealed record Turn(string First, string Later, string Suffix = "");

    // Nothing that a template would trim or look for.
    const string Mark = "Q7content7Q";

    static readonly Message User = Message.User("How are you?");
    static readonly Message Assistant = Message.Assistant("Fine, 2 + 2 = 4.");
    static readonly Message System = Message.System("Be short.");

    /// <summary>Null when the template does more than put text around turns, e.g. numbers them or looks into them.</summary>
    public static TurnLayout? Of(ChatTemplate template, string bos, string eos)
    {
        string Render(IReadOnlyList<Message> messages) => template.Render(messages, addGenerationPrompt: true, bos, eos);
        var layout = Dialogue(Render);
        if (layout is null || !layout.Equals(Render, [User], [User, Assistant, User], [User, Assistant, User, Assistant, User]))
        {
            return null;
        }

        var withSystem = layout.WithSystem(Render);
        return withSystem is not null && withSystem.Equals(Render, [System, User], [System, User, Assistant, User]) ? withSystem : layout;
    }

    public string Render(IReadOnlyList<Message> messages)
        => string.Concat(messages.Select((message, i) => (i == 0 ? Turns[message.Role].First : Turns[message.Role].Later) + message.Content + Turns[message.Role].Suffix)) + Answer;

    static TurnLayout? Dialogue(Func<IReadOnlyList<Message>, string> render)
    {
        var (user, assistant) = (Message.User(Mark), Message.Assistant(Mark));
        var one = Cut(render, [user]);
        var three = Cut(render, [user, assistant, user]);
        return one.Length != 2 || three.Length != 4
            ? null
            : new TurnLayout(new Dictionary<string, Turn> { ["user"] = new(one[0], three[2]), ["assistant"] = new(three[1], three[1]) }, one[1]);
    }

    TurnLayout? WithSystem(Func<IReadOnlyList<Message>, string> render)
    {
        var parts = Cut(render, [Message.System(Mark), Message.User(Mark)]);
        var next = Turns["user"].Later;
        return parts.Length != 3 || !parts[1].EndsWith(next, StringComparison.Ordinal)
            ? null
            : this with { Turns = new Dictionary<string, Turn>(Turns) { ["system"] = new(parts[0], parts[0], parts[1][..^next.Length]) } };
    }

    bool Equals(Func<IReadOnlyList<Message>, string> render, params ReadOnlySpan<Message[]> conversations)
    {
        foreach (var conversation in conversations)
        {
            if (TryRender(render, conversation) != Render(conversation))
            {
                return false;
            }
        }

        return true;
    }

    static string[] Cut(Func<IReadOnlyList<Message>, string> render, Message[] messages) => TryRender(render, messages)?.Split(Mark) ?? [];

    static string? TryRender(Func<IReadOnlyList<Message>, string> render, Message[] messages)
    {
        try
        {
            return render(messages);
        }
        catch (ForgeException)
        {
            return null;   // the template refuses such a conversation, e.g. one with a system message
        }
    }
}
