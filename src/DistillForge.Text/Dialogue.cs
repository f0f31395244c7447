namespace DistillForge.Text;

/// <summary>The one place that turns conversations into token ids.</summary>
public sealed class Dialogue
{
    readonly ITokenizer tokenizer;
    readonly ControlTokens control;

    /// <param name="tokenizer">Of this vocabulary: a <see cref="BpeTokenizer"/>, or llama.cpp's own.</param>
    /// <exception cref="ForgeException">The vocabulary has no chat template or no token that ends a turn.</exception>
    public Dialogue(Vocabulary vocabulary, ITokenizer tokenizer)
    {
        Vocabulary = vocabulary;
        this.tokenizer = tokenizer;
        control = new ControlTokens(vocabulary);
        Template = ChatTemplate.Parse(vocabulary.ChatTemplate ?? throw new ForgeException(new Problem("tokenizer.chat_template", "is missing.", "Use a model that was made for conversations.")));
        End = FindEnd() ?? vocabulary.Eos ?? vocabulary.Eot ?? throw new ForgeException(new Problem("tokenizer.ggml.eos_token_id", "is missing, so no answer could end.", "Convert the model again."));
    }

    /// <summary>For a byte-level BPE vocabulary that <see cref="BpeTokenizer"/> knows.</summary>
    public static Dialogue For(Vocabulary vocabulary) => new(vocabulary, new BpeTokenizer(vocabulary));

    /// <summary>For texts alone, of any vocabulary: nothing is made into ids.</summary>
    public static Dialogue OfText(Vocabulary vocabulary) => new(vocabulary, new NoTokenizer());

    public Vocabulary Vocabulary { get; }

    public ChatTemplate Template { get; }

    /// <summary>The token that ends an answer: what the template writes after one, else the end of the sequence or of the turn.</summary>
    public int End { get; }

    /// <summary>The ids of everything up to where the assistant begins to speak.</summary>
    /// <exception cref="CompletionFailedException"><c>control-token</c>: a message holds the text of a control token.</exception>
    public int[] Prompt(IReadOnlyList<Message> messages)
    {
        var ids = tokenizer.Encode(Text(messages), parseSpecial: true);
        return Vocabulary.AddBos && Vocabulary.Bos is { } bos && (ids.Length == 0 || ids[0] != bos) ? [bos, .. ids] : ids;
    }

    /// <summary>The ids of an answer, <see cref="End"/> included.</summary>
    public int[] Completion(string text) => [.. tokenizer.Encode(text, parseSpecial: false), End];

    /// <summary>Prompt and completion, ready to be scored or trained on.</summary>
    public TokenSequence Sequence(IReadOnlyList<Message> messages, string completion)
    {
        var prompt = Prompt(messages);
        return new TokenSequence(Vocabulary.Fingerprint, [.. prompt, .. Completion(completion)], prompt.Length);
    }

    /// <summary>A trace without log-probabilities, for text that nobody has scored: every completion position may be trained on.</summary>
    public TokenTrace Trace(string id, IReadOnlyList<Message> messages, string completion)
    {
        var sequence = Sequence(messages, completion);
        return new TokenTrace
        {
            Id = id,
            Scorer = "",
            Vocabulary = sequence.Vocabulary,
            TokenIds = [.. sequence.TokenIds],
            PromptLength = sequence.PromptLength,
            LossMask = [.. Enumerable.Repeat(true, sequence.TokenIds.Count - sequence.PromptLength)],
        };
    }

    /// <summary>Prompt and answer as text with every mark that the ids would have, for somebody who tokenizes it without adding any.</summary>
    /// <exception cref="CompletionFailedException"><c>control-token</c>: a message or the answer holds the text of a control token.</exception>
    public (string Prompt, string Answer) Marked(IReadOnlyList<Message> messages, string completion)
    {
        Refuse(Message.Assistant(completion));
        var (text, bos) = (Text(messages), Vocabulary.AddBos ? Vocabulary.TextOf(Vocabulary.Bos) : "");
        return (text.StartsWith(bos, StringComparison.Ordinal) ? text : bos + text, completion + Vocabulary.TextOf(End));
    }

    string Text(IReadOnlyList<Message> messages)
    {
        foreach (var message in messages)
        {
            Refuse(message);
        }

        try
        {
            return Render(messages, addGenerationPrompt: true);
        }
        catch (TemplateException refusal)
        {
            throw new CompletionFailedException(refusal.Code, refusal.Message);
        }
    }

    string Render(IReadOnlyList<Message> messages, bool addGenerationPrompt)
        => Template.Render(messages, addGenerationPrompt, Vocabulary.TextOf(Vocabulary.Bos), Vocabulary.TextOf(Vocabulary.Eos));

    // The file's end of sequence is often not what ends a turn; the template knows.
    int? FindEnd()
    {
        const string Answer = "distillforge";
        try
        {
            var text = Render([Message.User("?"), Message.Assistant(Answer)], addGenerationPrompt: false);
            var at = text.LastIndexOf(Answer, StringComparison.Ordinal);
            return at < 0 ? null : control.FindAtStart(text[(at + Answer.Length)..].TrimStart());
        }
        catch (TemplateException)
        {
            // It wants other turns than these; the file's word has to do.
            return null;
        }
    }

    // Nobody gets to speak in another's name: neither by a control token's text nor by a role that closes its own mark.
    void Refuse(Message message)
    {
        if (control.FindIn(message.Content) is { } token)
        {
            throw new CompletionFailedException("control-token", $"the {message.Role} message holds the control token '{token}'");
        }

        if (message.Role.Length == 0 || !message.Role.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
        {
            throw new CompletionFailedException("unknown-role", $"'{message.Role}' is no role");
        }
    }
}
