using DistillForge.Core;
using Microsoft.Extensions.AI;

namespace DistillForge.Teachers;

/// <summary>What our chat clients say beside the text, typed, in <see cref="ChatResponse.AdditionalProperties"/> and <see cref="ChatOptions.AdditionalProperties"/>.</summary>
public static class ChatProperties
{
    /// <summary>Of a response: a <see cref="TokenTrace"/>.</summary>
    public const string Trace = "distillforge.trace";

    /// <summary>Of options: a <see cref="Core.Sampling"/>, which says what <see cref="ChatOptions"/> has no word for.</summary>
    public const string Sampling = "distillforge.sampling";

    /// <summary>The log-probabilities of an answer, token by token; null where the client gave none.</summary>
    public static TokenTrace? GetTrace(this ChatResponse response) => response.AdditionalProperties?.TryGetValue(Trace, out TokenTrace? trace) == true ? trace : null;
}
