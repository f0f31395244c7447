using DistillForge.Evaluation;
using DistillForge.Packaging;
using DistillForge.Packaging.Reports;

namespace DistillForge.Runs.Reports;

/// <summary>What the student forgot: where it lost most against its teacher, and how sure that is.</summary>
static class LossSection
{
    const int OnCard = 6;

    /// <param name="teacher">Whom the others are compared with, and who lost.</param>
    public static IEnumerable<ReportTable> Tables(KnownLosses losses, string teacher = "teacher", string student = "student")
    {
        if (losses.Answers.Count > 0)
        {
            yield return new([$"where {student} lost most of {teacher}'s answers", "questions", "lost, points", "sure?"], [.. losses.Answers.Select(slice => (IReadOnlyList<string>)[Name(slice, losses.Answers), ScoreSections.Count(slice.Count), Points(slice.Lost), Sure(slice)])]);
        }

        if (losses.Tokens.Count > 0)
        {
            yield return new([$"where {student} is furthest from {teacher}", "tokens", "KL, nats/token", "sure?"], [.. losses.Tokens.Select(slice => (IReadOnlyList<string>)[Name(slice, losses.Tokens), ScoreSections.Count(slice.Count), Nats(slice.Lost), Sure(slice)])]);
        }
    }

    public static string Text(KnownLosses losses)
        => $"{losses.Looked} parts of the questions and of the held-out tokens were looked at: by kind of prompt, length of the prompt, how sure the teacher is of a token, and its place in the answer. Parts of fewer than ten questions or rows were not. Each interval is that of its part alone (95 %, bootstrap), and among so many parts some look bad by chance: a loss is called sure when it stays above zero (for tokens: above the mean over all tokens) with an interval widened for {losses.Looked} looks (Bonferroni).";

    /// <summary>Null where the student lost nothing that was seen.</summary>
    public static CardSection? OfCard(KnownLosses? losses)
    {
        List<(LostSlice Slice, string Lost)> worst = losses is null ? [] :
        [
            .. losses.Answers.Where(slice => slice.Lost.Value > 0).Take(OnCard).Select(slice => (slice, $"{Points(slice.Lost)} points of right answers")),
            .. losses.Tokens.Take(OnCard).Select(slice => (slice, $"KL {Nats(slice.Lost)} nats a token")),
        ];
        return worst.Count == 0 ? null : new("Known losses", ["Where it is furthest behind its teacher:", Text(losses!)], ["part", "questions or tokens", "lost", "sure?"],
            [.. worst.Select(one => (IReadOnlyList<string>)[$"{one.Slice.Benchmark}: {one.Slice.By} {one.Slice.Name}", ScoreSections.Count(one.Slice.Count), one.Lost, Sure(one.Slice)])]);
    }

    static string Name(LostSlice slice, IReadOnlyList<LostSlice> all)
        => $"{slice.By}: {slice.Name}{(all.Any(other => other.Benchmark != slice.Benchmark) ? $" ({slice.Benchmark})" : "")}";

    static string Sure(LostSlice slice) => slice.IsSure ? "sure" : "not sure";

    static string Points(Difference lost) => $"{Signed(100 * lost.Value)} ({Signed(100 * lost.Low)} to {Signed(100 * lost.High)})";

    static string Nats(Difference lost) => FormattableString.Invariant($"{lost.Value:0.0000} ({lost.Low:0.0000} to {lost.High:0.0000})");

    static string Signed(double points) => ScoreSections.Number(points, "0.0;−0.0;0.0");
}
