using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Text;
using DistillForge.Training;

namespace DistillForge.Runs.Stages;

/// <summary>What a teacher thought, brought to the tokens of a student that speaks another vocabulary.</summary>
static class AlignedTraces
{
    /// <param name="rows">The curated rows in the student's tokens.</param>
    public static async Task<List<TokenTrace>> OfAsync(RunContext run, IReadOnlyList<TokenTrace> rows, Vocabulary student, CancellationToken cancellationToken)
    {
        var ids = rows.Select(row => row.Id).ToHashSet();
        var thoughts = await TracesFile.ReadAsync(WantedRows.Shards(run.TracesOf("")), cancellationToken).Where(trace => ids.Contains(trace.Id)).ToDictionaryAsync(trace => trace.Id, cancellationToken: cancellationToken);
        var alignment = new ByteAlignment(Vocabulary.Read(run.VocabularyGguf!), student, run.Recipe.Train.Targets == TrainTargets.Ranked ? AlignedHead.Ranked : AlignedHead.Mapped);
        var aligned = rows.Select(row => alignment.Align(row, thoughts.GetValueOrDefault(row.Id))).ToList();
        run.Progress.Say(FormattableString.Invariant($"  {alignment.Aligned:N0} of {alignment.Positions:N0} positions begin where a token of the teacher's does"));
        return aligned;
    }
}
