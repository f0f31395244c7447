using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>A trace as the trainer reads it: which input positions are trained, and what each must predict.</summary>
/// <remarks>Position t of the input predicts token t + 1; the last token is only ever a target. This is the one place that shifts.</remarks>
public sealed class Row
{
    /// <param name="context">Longest input; what lies beyond is cut off.</param>
    public Row(TokenTrace trace, int context)
    {
        Trace = trace;
        Length = Math.Max(0, Math.Min(trace.TokenIds.Length - 1, context));
        IsCut = trace.TokenIds.Length - 1 > context;
        Trained = [.. Enumerable.Range(0, trace.CompletionLength).Where(i => trace.LossMask[i] && trace.PromptLength + i >= 1 && trace.PromptLength + i <= Length)];
    }

    public TokenTrace Trace { get; }

    /// <summary>What further teachers thought of the same tokens; see <see cref="TeacherEnsemble"/>.</summary>
    public IReadOnlyList<Row> Others { get; init; } = [];

    /// <summary>A worse answer to the same prompt, where rows are pairs.</summary>
    public Row? Rejected { get; init; }

    /// <summary>Input tokens.</summary>
    public int Length { get; }

    /// <summary>Completion positions i whose token is trained; the input position that predicts it is <c>PromptLength − 1 + i</c>.</summary>
    public int[] Trained { get; }

    /// <summary>The sequence was longer than the student's context.</summary>
    public bool IsCut { get; }
}
