using DistillForge.Text;

namespace DistillForge.Serving;

/// <summary>A model that requests are answered from.</summary>
/// <remarks>Calls may overlap; the implementer batches what runs side by side, and a cancelled call frees its place.</remarks>
public interface IServedModel
{
    /// <summary>What requests call it.</summary>
    string Name { get; }

    /// <summary>Identity of its weights.</summary>
    string Sha256 { get; }

    Vocabulary Tokens { get; }

    /// <summary>Longest sequence in tokens, prompt and answer.</summary>
    int Context { get; }

    /// <summary>The ids of a conversation, up to where the assistant begins to speak.</summary>
    /// <exception cref="ForgeException">It has no chat template that can be rendered.</exception>
    /// <exception cref="CompletionFailedException">This conversation cannot be rendered.</exception>
    int[] Prompt(IReadOnlyList<Message> messages);

    /// <summary>The ids of a text, the texts of control tokens included.</summary>
    Task<int[]> EncodeAsync(string text, CancellationToken cancellationToken);

    /// <summary>Continues a prompt.</summary>
    /// <exception cref="CompletionFailedException">This prompt cannot be answered; others may.</exception>
    /// <exception cref="ForgeException">The request cannot be answered as it is asked (exit code 2), or nothing can (3).</exception>
    Task<Completion> CompleteAsync(IReadOnlyList<int> prompt, Sampling sampling, long seed, CancellationToken cancellationToken);

    /// <summary>Continues a prompt and hands out the answer while it grows.</summary>
    /// <param name="onPart">Called in order, and never again after the task has ended; it only takes note.</param>
    /// <exception cref="CompletionFailedException">This prompt cannot be answered; others may.</exception>
    /// <exception cref="ForgeException">The request cannot be answered as it is asked (exit code 2), or nothing can (3).</exception>
    Task<Completion> StreamAsync(IReadOnlyList<int> prompt, Sampling sampling, long seed, Action<CompletionPart> onPart, CancellationToken cancellationToken);

    /// <summary>What it thinks of given tokens.</summary>
    /// <exception cref="CompletionFailedException">These tokens cannot be scored; others may.</exception>
    Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken);
}
