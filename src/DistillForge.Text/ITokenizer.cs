namespace DistillForge.Text;

/// <summary>Turns text into token ids and back.</summary>
/// <remarks>The implementer gives exactly the ids that llama.cpp gives for the same vocabulary, adds none of its own, and may be called from several threads at once.</remarks>
public interface ITokenizer
{
    /// <param name="parseSpecial">Whether the text of a control token becomes that token. False for anything that a user wrote.</param>
    int[] Encode(string text, bool parseSpecial);

    /// <summary>The text of the tokens; control tokens are left out, bytes that are no UTF-8 become U+FFFD.</summary>
    string Decode(IReadOnlyList<int> ids);
}

/// <summary>Stands where a tokenizer must and none is needed.</summary>
sealed class NoTokenizer : ITokenizer
{
    public int[] Encode(string text, bool parseSpecial) => throw new NotSupportedException("Only texts are asked for.");

    public string Decode(IReadOnlyList<int> ids) => throw new NotSupportedException("Only texts are asked for.");
}
