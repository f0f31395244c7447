
namespace DistillForge.Evaluation.Benchmarks;

/// <summary>
/// Smart-home commands that people wrote by hand, each with the one right JSON action; see <c>datasets/home/README.md</c>.
/// The order of keys and spaces do not matter, anything else does: a code fence or a word around the JSON is wrong.
/// </summary>
[Component("home-actions")]
public sealed class HomeActions(HomeActions.Options options) : IBenchmark
{
    /// <param name="File">Relative to DistillForge's folder, or absolute.</param>
    /// <param name="Split">Only rows with this split.</param>
    public sealed record Options(string File = "datasets/home/hand-written.jsonl", string Split = "test");

    public IEnumerable<Question> Questions()
        => QuestionFile.Read(options.File, "question", "answer", "category", row => row.TryGetValue("split", out var split) && split.Text == options.Split);

    public double Grade(Question question, string answer)
        => CanonicalJson.Of(answer) is { } action && action == CanonicalJson.Of(question.Expected) ? 1 : 0;
}
