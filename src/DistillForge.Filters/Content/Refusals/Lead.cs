using System.Buffers;

namespace DistillForge.Filters;

/// <summary>What stands before a first person who can't, and behind: whether it is said here and now, by who answers.</summary>
static class Lead
{
    // In its own clause: a condition, a question, somebody else's words, or a second negation.
    static readonly Form Turning = new("(?:if|when|whenever|unless|until|till|whether|why|how|who|whom|where|he|she|they|we|nothing|anything|everything|nobody|no one|anyone|everyone|no reason|doubt|imagine|suppose|pretend|feels? like|said|says|told|tells|thinks?|claimed|replied|writes|wrote|only thing|only person) ");

    static readonly Form TurningAtEnd = new("(?:while|although|though|whilst|even though|(?:not|never) (?:that|because|true|true that|the case that|mean|mean that|saying|saying that|say|say that|as if|like|think|believe|clear that|sure that)) $");

    static readonly Form Informing = new("(?:i (?:said|told you|hope you|wish|hope|think|feel|must say|have to say|am told)|you (?:know|understand)|note|aware|understand|clarify|clear) ");

    static readonly SearchValues<char> Ends = SearchValues.Create(",;:()!?.");

    // "I can't help you, said the guard."
    static readonly Form Speaker = new(@"[,!] (?:(?:he|she|they|it|i|we|the [a-z]+|[a-z]+) )?(?:said|replied|answered|whispered|muttered|thought|shouted|sighed|snapped|cried|growled|mumbled) ", Form.Begin.Anywhere);

    static readonly Form Question = new(@"[^,.;!]*\?", Form.Begin.Start);

    /// <summary>The clause before turns what follows into something else than a refusal.</summary>
    public static bool Turns(ReadOnlySpan<char> lead)
    {
        var clause = lead[(lead.LastIndexOfAny(Ends) + 1)..];
        return (Turning.IsIn(clause) || TurningAtEnd.IsIn(clause)) && !Informing.IsIn(clause);
    }

    /// <summary>What follows makes it a question, or the speech of somebody who is named.</summary>
    public static bool IsAsked(ReadOnlySpan<char> rest) => Question.IsIn(rest) || Speaker.IsIn(rest);
}
