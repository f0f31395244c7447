using DistillForge.Evaluation;

namespace DistillForge.Tests;

public class FidelityReportTests
{
    static PositionPair At(int index, double kl = 0.1, float teacher = 0.9f, float student = 0.9f, double said = 0.5, bool same = true, bool right = true)
        => new(index, kl, teacher, student, (float)Math.Log(said), (float)Math.Log(said), same, same, right, right);

    static FidelityReport Of(params PositionPair[] positions) => FidelityReport.Of("student", [("lights", positions)], failed: 0);

    [Fact]
    public void One_position_says_what_both_find_most_likely_and_what_stands_there()
    {
        float[] teacher = [-3, -0.1f, -4, -5, -6, -7, -8];
        float[] student = [-0.2f, -3.5f, -2.1f, -2.2f, -2.3f, -2.4f, -9];

        var pair = PositionPair.Of(4, teacher, student, token: 0);

        Assert.Equal((4, -3f, -0.2f), (pair.Index, pair.TeacherLogprob, pair.StudentLogprob));
        Assert.Equal((false, false, false, true), (pair.SameFirst, pair.InFive, pair.TeacherRight, pair.StudentRight));
        Assert.True(PositionPair.Of(0, teacher, [-0.2f, -2.35f, -2.1f, -2.2f, -2.3f, -2.4f, -9], token: 1).InFive);
        Assert.Equal(MathF.Exp(-0.1f), pair.TeacherConfidence);
    }

    [Fact]
    public void Perplexity_is_the_exponential_of_the_mean_and_not_the_mean_of_exponentials()
    {
        var report = Of(At(0, said: 0.5), At(1, said: 0.125));

        Assert.Equal(4, report.All.Perplexity, 6);
    }

    [Fact]
    public void Positions_are_put_together_by_doublings()
    {
        var report = Of([.. Enumerable.Range(0, 9).Select(index => At(index, kl: index))]);

        Assert.Equal([("1", 1L, 0.0), ("2", 1, 1), ("3–4", 2, 2.5), ("5–8", 4, 5.5), ("9–16", 1, 8)], report.ByPosition.Select(slice => (slice.Name, slice.Tokens, slice.Kl)));
    }

    [Fact]
    public void Slices_of_one_kind_hold_every_position_once()
    {
        var report = FidelityReport.Of("student", [("a", [At(0, teacher: 0.2f), At(1, teacher: 1f)]), ("b", [At(0, teacher: 0.95f)]), (null, [At(5, teacher: 0.5f)])], failed: 2);

        Assert.Equal([("0–0.5", 1L), ("0.5–0.8", 1), ("0.95–0.99", 1), ("0.99–1", 1)], report.ByConfidence.Select(slice => (slice.Name, slice.Tokens)));
        Assert.Equal([("a", 2L), ("b", 1)], report.ByCategory.Select(slice => (slice.Name, slice.Tokens)));
        Assert.Equal((4, 3, 2), (report.Histogram.Sum(bin => bin.Tokens), report.Rows, report.Failed));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-1e-9, 0)]
    [InlineData(2e-6, 1)]
    [InlineData(0.5, 12)]
    [InlineData(double.PositiveInfinity, 16)]
    public void Every_divergence_has_its_bin(double kl, int bin)
    {
        var histogram = Of(At(0, kl)).Histogram;

        Assert.Equal(bin, histogram.ToList().FindIndex(one => one.Tokens == 1));
        Assert.True(double.IsInfinity(kl) || kl <= 0 || (histogram[bin].From <= kl && kl < histogram[bin].To), $"{histogram[bin]}");
    }

    [Fact]
    public void What_is_right_as_often_as_it_is_sure_has_no_calibration_error()
    {
        (float, bool)[] calibrated = [.. Enumerable.Range(0, 100).Select(i => (0.75f, i % 4 != 0))];
        (float, bool)[] boaster = [.. calibrated.Select(position => (1f, position.Item2))];

        Assert.Equal(0, Calibration.Of(calibrated).Ece, 6);
        Assert.Equal(0.25, Calibration.Of(boaster).Ece, 6);
    }

    [Theory]
    [InlineData("", "", 1.0)]
    [InlineData("kitten", "sitting", 1 - (3 / 7.0))]
    [InlineData("abc", "", 0.0)]
    [InlineData("lamp on", "lamp off", 1 - (2 / 8.0))]
    public void Edit_similarity_counts_characters_that_must_change(string one, string other, double similarity)
    {
        Assert.Equal(similarity, AnswerAgreement.EditSimilarity(one, other), 9);
        Assert.Equal(similarity, AnswerAgreement.EditSimilarity(other, one), 9);
    }

    [Fact]
    public void A_report_is_read_as_it_was_written()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, FidelityReport.ToJson([Of(At(0), At(3, kl: double.PositiveInfinity))]));

        Assert.Equal(FidelityReport.ToJson([Of(At(0), At(3, kl: double.PositiveInfinity))]), FidelityReport.ToJson(FidelityReport.Read(path)));
        File.Delete(path);
    }

    [Fact]
    public void What_was_lost_most_comes_first()
    {
        TaskScore Task(double lights, double heat) => new("home", [new(new("1", [], "", "lights"), "", lights), new(new("2", [], "", "heat"), "", heat)]);

        var slices = TaskSlice.Of([("teacher", [Task(1, 1)]), ("student", [Task(0.75, 0.25)])]);

        Assert.Equal([("heat", 0.75), ("lights", 0.25)], slices.Select(slice => (slice.Category, slice.Lost!.Value)));
    }
}
