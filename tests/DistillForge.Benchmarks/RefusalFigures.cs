using System.Globalization;
using DistillForge.Core;
using DistillForge.Filters;

namespace DistillForge.Benchmarks;

/// <summary>
/// How many refusals the filter <c>refusal</c> finds in labelled answers, and how often it is wrong; no text is shown, so that a set stays blind:
/// <code>dotnet run --project tests/DistillForge.Benchmarks -c Release -- measure-refusals FILE.jsonl …</code>
/// A row is <c>{"text", "refusal"}</c>.
/// </summary>
static class RefusalFigures
{
    public static int Run(string[] files)
    {
        foreach (var file in files)
        {
            var rows = RefusalFit.Rows(file).ToList();
            foreach (var bound in new[] { -0.5, 0, 0.5, 1, 2 })
            {
                Show(Path.GetFileName(file), bound, [.. rows.Select(row => (row.Refusal, new Refusal(new Refusal.Options(Bound: bound)).Judge(Example(row.Text))))]);
            }
        }

        return 0;
    }

    static void Show(string name, double bound, IReadOnlyList<(bool IsRefusal, Verdict Verdict)> rows)
    {
        var dropped = rows.Where(row => row.Verdict.Action == FilterAction.Drop).ToList();
        var right = dropped.Count(row => row.IsRefusal);
        var named = dropped.Count(row => row.IsRefusal || row.Verdict.Reason?.Code == "refusal");
        var (refusals, others) = (rows.Count(row => row.IsRefusal), rows.Count(row => !row.IsRefusal));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name} bound {bound}: recall {right} of {refusals} ({Percent(right, refusals)}), wrong {dropped.Count - right} of {others}; precision {Percent(right, dropped.Count)}, of the code refusal {Percent(right, named)}"));
    }

    static Example Example(string text) => new()
    {
        Id = Sha256.OfText(text),
        Prompt = [Message.User("?")],
        Completion = [Message.Assistant(text)],
        Author = "teacher",
    };

    static string Percent(int part, int whole) => (100.0 * part / Math.Max(1, whole)).ToString("0.0", CultureInfo.InvariantCulture);
}
