using System.Diagnostics;
using System.Text;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Filters;

namespace DistillForge.Runs.Benches;

/// <summary>All filters of <c>filters/default.yaml</c> (or another policy: <c>--data</c>) over text in memory: MB a second a core, each filter alone, with what it allocates.</summary>
[Component("filters")]
sealed class FiltersBench : IBench
{
    const int Rows = 4000;

    public string Purpose => "the filters of a policy over text in memory: MB of text a second a core, and what each allocates";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var known = new KnownNames { Filters = FilterPipeline.Known };
        var policy = RecipeReader.ReadPolicy(request.Data ?? Path.Combine(Home.Root, "filters", "default.yaml"), known);
        var rows = Make();
        var megabytes = rows.Sum(row => Encoding.UTF8.GetByteCount(row.Text) + Encoding.UTF8.GetByteCount(row.Prompt[0].Content)) / 1e6;
        var filters = policy.Filters.Where(filter => FilterPipeline.IsRowFilter(filter.Name)).Select(filter => (filter.Name, Filter: FilterPipeline.CreateRowFilter(filter))).ToArray();
        var corpus = policy.Filters.Where(filter => FilterPipeline.IsDatasetFilter(filter.Name)).Select(filter => (filter.Name, Filter: FilterPipeline.CreateDatasetFilter(filter))).ToArray();
        // Once for the compiler.
        Judge(rows, [.. filters.Select(filter => filter.Filter)]);
        var rounds = request.Rounds > 0 ? request.Rounds : 5;
        var dataset = new MadeRows(rows.Length, i => rows[i]);
        Func<Task<double>>[] things =
        [
            () => Task.FromResult(Judge(rows, [.. filters.Select(filter => filter.Filter)])),
            () => Task.FromResult(JudgeOnAllCores(rows, [.. filters.Select(filter => filter.Filter)])),
            .. filters.Select<(string, IFilter Filter), Func<Task<double>>>(filter => () => Task.FromResult(Judge(rows, [filter.Filter]))),
            .. corpus.Select<(string, IDatasetFilter Filter), Func<Task<double>>>(filter => () => JudgeAsync(dataset, filter.Filter, cancellationToken)),
        ];
        var seconds = await Rounds.MedianAsync(rounds, "filters", log, things, cancellationToken);
        var all = seconds[0] + seconds[(2 + filters.Length)..].Sum();
        var details = new List<Measurement>
        {
            new("megabytes", megabytes, "MB", Better.Higher),
            new("row_filters", megabytes / seconds[0], "MB/s/core", Better.Higher),
            Measurement.Beside("row_filters_all_cores", megabytes / seconds[1], "MB/s", Better.Higher, "one core", megabytes / seconds[0]),
        };
        details.AddRange(filters.Select((filter, i) => new Measurement(filter.Name, megabytes / seconds[2 + i], "MB/s/core", Better.Higher)
        {
            Details = [new Measurement("allocated", Allocated(rows, filter.Filter), "bytes/row", Better.Lower)],
        }));
        details.AddRange(corpus.Select((filter, i) => new Measurement(filter.Name, megabytes / seconds[2 + filters.Length + i], "MB/s", Better.Higher)));
        details.Add(new Measurement("memory_read", megabytes / ReadOnce(rows), "MB/s/core", Better.Higher));
        return new Measurement("filters", megabytes / all, "MB/s/core", Better.Higher, "asked for: 50 MB/s/core", megabytes / all / 50) { Details = details };
    }

    /// <summary>Prose, lists, JSON and code in turns, about 2,000 characters each, with a trace where a teacher would give one.</summary>
    static Example[] Make()
    {
        var text = new BenchText(3);
        var rows = new Example[Rows];
        for (var i = 0; i < Rows; i++)
        {
            var prose = text.Write(i, i % 4 == 0 ? 2000 : 900);
            var answer = (i % 4) switch
            {
                0 => prose,
                1 => string.Join('\n', prose.Split(". ").Select((line, n) => $"{n + 1}. **{line}**: see (section {n}).")),
                2 => "Here it is:\n\n```json\n{ " + string.Join(",\n", prose.Split(' ').Chunk(6).Select((words, n) => $"\"key{n}\": [\"{words[0]}\", {n}, {{ \"text\": \"{string.Join(' ', words).Replace('\n', ' ')}\" }}]")) + " }\n```\n",
                _ => "```python\n" + string.Join('\n', prose.Split('\n', ' ').Chunk(5).Select((words, n) => $"def {words[0].Trim('.')}_{n}(a, b={n}):\n    return [a[{n}] + b, \"{string.Join(' ', words)}\"]")) + "\n```\n" + prose,
            };
            var logprobs = Enumerable.Range(0, answer.Length / 4).Select(t => -0.01f * (1 + (t % 50))).ToArray();
            rows[i] = BenchText.Row(i, text.Write(1_000_000 + i, 120), answer) with
            {
                Trace = new TokenTrace { Id = "", Scorer = "", Vocabulary = "", TokenIds = new int[logprobs.Length], PromptLength = 0, LossMask = new bool[logprobs.Length], TokenLogprobs = logprobs },
            };
        }

        return rows;
    }

    static double Judge(Example[] rows, IFilter[] filters)
    {
        var start = Stopwatch.GetTimestamp();
        foreach (var row in rows)
        {
            foreach (var filter in filters)
            {
                filter.Judge(row);
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static double JudgeOnAllCores(Example[] rows, IFilter[] filters)
    {
        var start = Stopwatch.GetTimestamp();
        Parallel.For(0, rows.Length, i =>
        {
            foreach (var filter in filters)
            {
                filter.Judge(rows[i]);
            }
        });
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static async Task<double> JudgeAsync(IDataset dataset, IDatasetFilter filter, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await foreach (var verdict in filter.JudgeAsync(dataset, cancellationToken))
        {
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static double Allocated(Example[] rows, IFilter filter)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var row in rows)
        {
            filter.Judge(row);
        }

        return Math.Round((double)(GC.GetAllocatedBytesForCurrentThread() - before) / rows.Length, 1);
    }

    // What no filter can beat: every character is looked at once, vectorised.
    static double ReadOnce(Example[] rows)
    {
        var start = Stopwatch.GetTimestamp();
        var found = 0L;
        foreach (var row in rows)
        {
            found += row.Text.AsSpan().Count('\uffff');
        }

        return found < 0 ? double.NaN : Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
