namespace DistillForge.Text;

/// <summary>A model's own chat template (Jinja), rendered within limits: an unsupported construct is an error that names it, never a guess.</summary>
public sealed class ChatTemplate
{
    readonly IReadOnlyList<TemplateNode> nodes;
    readonly TemplateLimits limits;

    ChatTemplate(string source, TemplateLimits limits)
        => (Source, this.limits, nodes, Fingerprint) = (source, limits, TemplateParser.Parse(source, limits), Sha256.OfText(source));

    /// <summary>
    /// What a template that asks for the date (<c>strftime_now</c>) is told, UTC; the time of asking where nobody has said. A run says the
    /// day on which it began, so that what it renders stays the same when it goes on another day.
    /// </summary>
    public static DateTimeOffset? Day { get; set; }

    public string Source { get; }

    /// <summary>SHA-256 of the source.</summary>
    public string Fingerprint { get; }

    /// <exception cref="TemplateException">Not a template that we can render: line and construct.</exception>
    public static ChatTemplate Parse(string source, TemplateLimits? limits = null) => new(source, limits ?? TemplateLimits.Default);

    /// <param name="bos">Text of the token that the template knows as <c>bos_token</c>.</param>
    /// <exception cref="TemplateException">The template refused the messages, or asked for more than the limits allow.</exception>
    public string Render(IReadOnlyList<Message> messages, bool addGenerationPrompt, string bos = "", string eos = "")
        => TemplateRun.Render(
            nodes,
            [
                new("messages", messages.Select(message => (object?)new TemplateMap { ["role"] = message.Role, ["content"] = message.Content }).ToList()),
                new("add_generation_prompt", addGenerationPrompt),
                new("bos_token", bos),
                new("eos_token", eos),
                // Tools and documents are not there, as in llama.cpp; transformers hands none.
            ],
            limits);
}
