using DistillForge.Core;
using DistillForge.Evaluation;
using DistillForge.Llama;
using DistillForge.Text;
using DistillForge.Training;

namespace DistillForge.Runs.Stages;

/// <summary>Students beside their teacher on the same tokens, each in a worker of its own, in llama.cpp's exact mode.</summary>
/// <param name="Rows">Those that all could read; students in the order of <paramref name="Reports"/>.</param>
sealed record FidelityMeasurement(IReadOnlyList<FidelityRow> Rows, IReadOnlyList<FidelityReport> Reports)
{
    /// <summary>Of the rows, by id.</summary>
    public IReadOnlyDictionary<string, string?> Categories { get; private init; } = new Dictionary<string, string?>();

    public FidelityReport? Of(string model) => Reports.FirstOrDefault(report => report.Model == model);

    /// <param name="open">A GGUF, beside how many that work at the same time.</param>
    /// <param name="pruned">From the teacher's vocabulary to the students', where it is pruned: the teacher is heard as it thinks of these tokens. The rows have the students' ids.</param>
    /// <param name="categories">Of the rows, by id.</param>
    public static async Task<FidelityMeasurement> OfAsync(
        IReadOnlyList<(string Name, string Gguf)> students,
        Func<string, int, Task<LlamaModel>> open,
        string teacherGguf,
        IAsyncEnumerable<(string Id, TokenSequence Tokens)> rows,
        Dictionary<string, string?> categories,
        VocabularyMap? pruned,
        IProgressLog progress,
        CancellationToken cancellationToken)
    {
        var opened = new List<LlamaModel>();
        try
        {
            foreach (var gguf in students.Select(student => student.Gguf).Prepend(teacherGguf))
            {
                opened.Add(await open(gguf, students.Count + 1));
            }

            var (compared, failed) = (new List<FidelityRow>(), 0);
            await foreach (var row in Fidelity.CompareAsync(pruned is null ? opened[0] : new PrunedTeacher(opened[0], pruned), opened[1..], rows, opened[1].Parallel, cancellationToken))
            {
                if (row.Failure is null)
                {
                    compared.Add(row);
                }
                else
                {
                    failed++;
                }

                progress.Report("fidelity", compared.Count + failed, categories.Count, "rows");
            }

            return new(compared, [.. students.Select((student, which) => FidelityReport.Of(student.Name, [.. compared.Select(row => (categories.GetValueOrDefault(row.Id), row.Positions[which]))], failed))]) { Categories = categories };
        }
        finally
        {
            foreach (var model in opened)
            {
                await model.DisposeAsync();
            }
        }
    }
}
