namespace DistillForge.Text;

/// <summary>A model's own chat template (Jinja), rendered within limits: an unsupported construct is an error that names it, never a guess.</summary>
public sealed class ChatTemplate
{
    ChatTemplate(string source) => Source = source;

    public string Source { get; }

    /// <summary>SHA-256 of the source.</summary>
    public string Fingerprint => Sha256.OfText(Source);

    /// <exception cref="ForgeException">Not a template that we can render: line and construct.</exception>
    public static ChatTemplate Parse(string source) => new(source);

    /// <param name="bos">Text of the token that the template knows as <c>bos_token</c>.</param>
    /// <exception cref="ForgeException">The template refused the messages, or asked for more than the limits allow.</exception>
    public string Render(IReadOnlyList<Message> messages, bool addGenerationPrompt, string bos = "", string eos = "") => throw new NotSupportedException();
}
