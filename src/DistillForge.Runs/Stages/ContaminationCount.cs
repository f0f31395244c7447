using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Filters;
using DistillForge.Runs.Lineage;

namespace DistillForge.Runs.Stages;

/// <summary>Holds what a run is measured on against what it was trained on.</summary>
static class ContaminationCount
{
    /// <returns>One entry a set that has questions.</returns>
    public static async Task<IReadOnlyList<Contamination>> OfAsync(RunContext run, IEnumerable<(string Name, IBenchmark Benchmark)> benchmarks, CancellationToken cancellationToken)
    {
        List<(string Name, List<IReadOnlyList<Message>> Questions)> sets =
        [
            .. benchmarks.Where(named => named.Benchmark is not HeldOutBenchmark).Select(named => (named.Name, named.Benchmark.Questions().Select(question => question.Messages).ToList())),
            (HeldOutBenchmark.Name, HeldOutBenchmark.Asked(run.Folder.Path).Select(question => question.Messages).Where(messages => messages is not [{ Content: Tombstones.Mark }]).ToList()),
        ];
        var near = new NearQuestions();
        foreach (var question in sets.SelectMany(set => set.Questions))
        {
            near.Add(question);
        }

        await foreach (var row in ExamplesFile.ReadAsync([run.Folder.Curated], cancellationToken))
        {
            near.Meet(row.Prompt);
        }

        var place = 0;
        return [.. sets.Select(set => (set.Name, Found: near.Found.Skip(place).Take(set.Questions.Count).ToList(), place += set.Questions.Count)).Where(set => set.Found.Count > 0)
            .Select(set => new Contamination(set.Name, set.Found.Count, set.Found.Count(found => found == Nearness.Same), set.Found.Count(found => found == Nearness.Near)))];
    }
}
