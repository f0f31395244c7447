using DistillForge.Core;

namespace DistillForge.Filters;

/// <summary>Which messages of a row a filter reads.</summary>
public enum Scope
{
    Completion,
    Prompt,
    All,
}

/// <summary>One message that a filter reads.</summary>
readonly record struct Passage(bool IsPrompt, int Message, string Text)
{
    /// <summary>The messages in reading order.</summary>
    public static IEnumerable<Passage> Of(Example example, Scope scope)
    {
        for (var i = 0; i < example.Prompt.Count && scope != Scope.Completion; i++)
        {
            yield return new Passage(true, i, example.Prompt[i].Content);
        }

        for (var i = 0; i < example.Completion.Count && scope != Scope.Prompt; i++)
        {
            yield return new Passage(false, i, example.Completion[i].Content);
        }
    }

    /// <summary>Where it is, for a verdict's detail: UTF-16 units of the message, the end excluded.</summary>
    public string At(int start, int end)
        => IsPrompt ? $"characters {start}..{end} of prompt message {Message + 1}"
            : Message > 0 ? $"characters {start}..{end} of completion message {Message + 1}"
            : $"characters {start}..{end}";

    /// <summary>At most 60 characters of a text, for a verdict's detail.</summary>
    public static string Short(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[56]) ? 56 : 57), "...");
}
