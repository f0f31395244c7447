using DistillForge.Evaluation;

namespace DistillForge.Tests;

public class FidelityTests
{
    static float[] LogSoftmax(params double[] logits)
    {
        var log = Math.Log(logits.Sum(Math.Exp));
        return [.. logits.Select(logit => (float)(logit - log))];
    }

    [Fact]
    public void Kl_is_zero_at_equality()
        => Assert.Equal(0, Fidelity.Kl(LogSoftmax(1, 2, 3, -4, 0.5), LogSoftmax(1, 2, 3, -4, 0.5)));

    [Fact]
    public void Kl_of_five_tokens_equals_the_sum_written_out()
    {
        double[] p = [0.5, 0.25, 0.125, 0.0625, 0.0625];
        double[] q = [0.2, 0.2, 0.2, 0.2, 0.2];
        var expected = p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();

        Assert.Equal(expected, Fidelity.Kl([.. p.Select(x => (float)Math.Log(x))], [.. q.Select(x => (float)Math.Log(x))]), 6);
        Assert.Equal(Math.Log(5) - (1.875 * Math.Log(2)), expected, 12);
    }

    [Theory]
    [InlineData(float.NegativeInfinity, -1f, 0.0)]
    [InlineData(0f, float.NegativeInfinity, double.PositiveInfinity)]
    public void Impossible_tokens_cost_nothing_for_the_teacher_and_everything_for_the_student(float teacher, float student, double kl)
        => Assert.Equal(kl, Fidelity.Kl([teacher], [student]));

    [Fact]
    public async Task Rows_add_up_to_the_same_figures_as_all_tokens_at_once()
    {
        var teacher = new TableModel(seed: 1);
        var student = new TableModel(seed: 2);
        var rows = Enumerable.Range(0, 20).Select(i => ($"row {i}", TableModel.Tokens(seed: i, prompt: 2, completion: 1 + (i % 4)))).ToList();

        var compared = await Fidelity.CompareAsync(teacher, [student, teacher], rows.ToAsyncEnumerable(), atOnce: 3, CancellationToken.None).ToListAsync();

        var (kl, agreements, tokens) = (0.0, 0, 0);
        foreach (var (_, sequence) in rows)
        {
            for (var position = sequence.PromptLength; position < sequence.TokenIds.Count; position++)
            {
                var (p, q) = (teacher.After(sequence.TokenIds[position - 1]), student.After(sequence.TokenIds[position - 1]));
                kl += Enumerable.Range(0, TableModel.Size).Sum(id => Math.Exp(p[id]) * (p[id] - q[id]));
                agreements += Array.IndexOf(p, p.Max()) == Array.IndexOf(q, q.Max()) ? 1 : 0;
                tokens++;
            }
        }

        Assert.Equal(rows.Select(row => row.Item1), compared.Select(row => row.Id));
        var sum = Divergence.Sum(compared.Select(row => row.Students[0]));
        Assert.Equal((tokens, agreements), (sum.Tokens, sum.Agreements));
        Assert.Equal(kl, sum.Kl, 5);
        Assert.Equal(kl / tokens, sum.KlPerToken, 6);
        Assert.Equal(new Divergence(tokens, 0, tokens), Divergence.Sum(compared.Select(row => row.Students[1])));
        Assert.InRange(teacher.MostAtOnce, 2, 6);
    }

    [Fact]
    public async Task A_row_that_cannot_be_scored_says_so_and_the_others_go_on()
    {
        var model = new TableModel(seed: 1);
        (string, TokenSequence)[] rows = [("fine", TableModel.Tokens(1, 1, 1)), ("too long", TableModel.Tokens(1, 1, 99)), ("fine too", TableModel.Tokens(2, 1, 1))];

        var compared = await Fidelity.CompareAsync(model, [model], rows.ToAsyncEnumerable(), atOnce: 2, CancellationToken.None).ToListAsync();

        Assert.Equal([null, "prompt-too-long: 100 tokens", null], compared.Select(row => row.Failure));
    }

    [Fact]
    public async Task Another_vocabulary_is_refused()
    {
        var rows = AsyncEnumerable.Empty<(string, TokenSequence)>();

        var error = await Assert.ThrowsAsync<ForgeException>(async () => await Fidelity.CompareAsync(new TableModel(1), [new TableModel(1, "another")], rows, 1, CancellationToken.None).ToListAsync());

        Assert.Contains("another", error.Message);
    }
}
