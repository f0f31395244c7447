using DistillForge.Data;
using DistillForge.Runs;

namespace DistillForge.EndToEnd.Tests;

public sealed class InspectionTests
{
    [Fact]
    public async Task A_run_folder_is_shown_with_its_rows_lengths_reasons_clusters_and_samples()
    {
        using var work = new Workplace();
        var run = work.Run("seen");
        Directory.CreateDirectory(Path.Combine(run, "examples"));
        Directory.CreateDirectory(Path.Combine(run, "manifests"));
        Example[] rows = [.. Enumerable.Range(0, 10).Select(i => new Example { Id = Sha256.OfText($"{i}"), Prompt = [Message.User(i < 4 ? "one and the same" : $"question {i}")], Completion = [Message.Assistant(new string('x', i + 1))], Author = "somebody\u001b[31m", Category = i % 2 == 0 ? "even" : "odd", CompletionTokens = i })];
        await ExamplesFile.WriteAsync(Path.Combine(run, "examples", "0.parquet"), rows.ToAsyncEnumerable(), default);
        await VerdictsFile.WriteAsync(Path.Combine(run, "verdicts.parquet"), rows.Select(row => new JudgedRow(row.Id, "max-length", 0, row.CompletionTokens > 7 ? Verdict.Drop("too-long", "9 words") : Verdict.Keep)).ToAsyncEnumerable(), default);

        var lines = await Inspection.DescribeAsync(run, default).ToListAsync();

        Assert.Contains(lines, line => line.StartsWith("schema       id VARCHAR, prompt STRUCT(", StringComparison.Ordinal));
        Assert.Contains("rows         10", lines);
        Assert.Contains("answer       1 … 5 (median) … 9 (95 %) … 10 characters", lines);
        Assert.Contains("categories   even 5, odd 5", lines);
        Assert.Contains("drop                 2  max-length: too-long", lines);
        Assert.Contains("clusters     1 of more than one row (4 rows): answers to one prompt, or nearly the same words", lines);
        Assert.Equal(3, lines.Count(line => line.StartsWith("sample ", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.Contains('\u001b', StringComparison.Ordinal));
    }
}
