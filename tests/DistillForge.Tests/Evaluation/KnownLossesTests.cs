using DistillForge.Evaluation;

namespace DistillForge.Tests;

public class KnownLossesTests
{
    // Kinds of 20 questions; the student gets as many of each wrong as its number says, the teacher none.
    static TaskScore Task(params (string Kind, int Wrong)[] kinds)
        => new("tasks", [.. kinds.SelectMany(kind => Enumerable.Range(0, 20).Select(i => new GradedAnswer(new Question($"{kind.Kind}/{i}", [Message.User(kind.Kind)], "", kind.Kind), "", i < kind.Wrong ? 0 : 1)))]);

    static PositionPair At(int index, double kl, float confidence) => new(index, kl, confidence, 0.9f, -1, -1, true, true, true, true);

    static (string? Category, FidelityRow Row) Row(string kind, params PositionPair[] positions)
        => (kind, new FidelityRow(kind, [Divergence.Of(positions)]) { Positions = [positions], PromptLength = kind.Length });

    [Fact]
    public void The_worst_kind_comes_first_with_its_interval_and_is_sure_where_a_small_loss_is_not()
    {
        var student = Task(("a", 1), ("bb", 12), ("ccc", 0));

        var losses = KnownLosses.Of([Task(("a", 0), ("bb", 0), ("ccc", 0))], [student], [], seed: 1)!;

        // Three kinds, and the three lengths that these have.
        Assert.Equal(6, losses.Looked);
        Assert.Equal(["kind: bb", "prompt length: 2–2 characters", "kind: a", "prompt length: 1–1 characters"], losses.Answers.Take(4).Select(slice => $"{slice.By}: {slice.Name}"));
        var worst = losses.Answers[0];
        Assert.Equal((20L, 0.6, true), (worst.Count, worst.Lost.Value, worst.IsSure));
        // 12 of 20: a normal interval is 0.385 to 0.815.
        Assert.InRange(worst.Lost.Low, 0.35, 0.42);
        Assert.InRange(worst.Lost.High, 0.78, 0.85);
        Assert.Equal((0.05, 0.0, false), (losses.Answers[2].Lost.Value, losses.Answers[2].Lost.Low, losses.Answers[2].IsSure));
    }

    [Fact]
    public void A_loss_that_one_look_would_call_sure_is_not_sure_among_many()
    {
        // 4 of 20: alone its interval excludes 0; widened for 40 looks it does not.
        (string, int)[] few = [("hit", 4)];
        (string, int)[] many = [.. few, .. Enumerable.Range(0, 38).Select(i => ($"kind {i}", 0))];

        var alone = KnownLosses.Of([Task([("hit", 0)])], [Task(few)], [], seed: 1)!.Answers[0];
        var among = KnownLosses.Of([Task([.. many.Select(kind => (kind.Item1, 0))])], [Task(many)], [], seed: 1)!.Answers.First(slice => slice.Name == "hit");

        Assert.True(alone.IsSure);
        Assert.False(among.IsSure);
        Assert.Equal(alone.Lost.Value, among.Lost.Value);
    }

    [Fact]
    public void Tokens_are_held_against_the_mean_of_all_and_rows_are_drawn_whole()
    {
        // Where the teacher is unsure the student is ten times as far away.
        var rows = Enumerable.Range(0, 12).Select(i => Row(i % 2 == 0 ? "lamp" : "heater", At(0, 0.01, 0.999f), At(1, 0.1, 0.3f), At(2, 0.01, 0.999f))).ToList();

        var losses = KnownLosses.Of([], [], rows, seed: 1)!;

        Assert.Equal(["teacher's confidence: 0–0.5", "place in the answer: 2"], losses.Tokens.Take(2).Select(slice => $"{slice.By}: {slice.Name}").Order(StringComparer.Ordinal).Reverse());
        Assert.All(losses.Tokens.Take(2), slice => Assert.Equal((12L, true), (slice.Count, slice.IsSure)));
        Assert.All(losses.Tokens.Take(2), slice => Assert.Equal(0.1, slice.Lost.Value, 9));
        Assert.Empty(losses.Answers);
        // Kinds have six rows each, too few to speak of.
        Assert.DoesNotContain(losses.Tokens, slice => slice.By == "kind");
    }

    [Fact]
    public void Nothing_compared_is_nothing_said() => Assert.Null(KnownLosses.Of([], [Task(("a", 1))], [], seed: 1));
}
