using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Data.Prompts;

namespace DistillForge.Runs.Benches;

/// <summary>Questions with known answers, those to learn from and those to be asked afterwards.</summary>
/// <param name="HasShares">Known answers are few: students see a share of them, and what the teacher says to the rest.</param>
sealed record DistillTask(string Gguf, string Data, IReadOnlyList<Question> Training, IReadOnlyList<Question> Test, bool HasShares)
{
    const int HomePrompts = 6000;
    const int HomeTests = 1000;

    /// <summary>
    /// A prompt template (the committed one where none is given), or a folder with <c>train.csv</c> and <c>test.csv</c>, columns <c>text</c> and
    /// <c>category</c>, as banking77 has.
    /// </summary>
    public static async Task<DistillTask> OfAsync(BenchRequest request, CancellationToken cancellationToken)
    {
        var gguf = request.Model ?? Path.Combine(Home.Root, "models", "home-teacher.gguf");
        var data = request.Data ?? Path.Combine(Home.Root, "prompts", "home.prompt.yaml");
        var prompts = request.Trials.Prompts;
        if (Directory.Exists(data))
        {
            var training = await ReadAsync(Path.Combine(data, "train.csv"), cancellationToken);
            return new DistillTask(gguf, Path.Combine(data, "train.csv"), prompts > 0 ? [.. training.Take(prompts)] : training, await ReadAsync(Path.Combine(data, "test.csv"), cancellationToken), HasShares: true);
        }

        if (!File.Exists(data))
        {
            throw new ForgeException(new Problem(data, "does not exist.", "Give --data with a prompt template (.yaml) that knows the answers, or a folder with train.csv and test.csv (columns text and category)."));
        }

        var template = PromptTemplate.Load(data);
        prompts = prompts > 0 ? prompts : HomePrompts;
        return new DistillTask(gguf, data, Questions(data, template.Take(7, prompts)), Questions(data, template.TakeHeldOut(7, Math.Min(HomeTests, prompts))), HasShares: false);
    }

    static async Task<List<Question>> ReadAsync(string csv, CancellationToken cancellationToken)
    {
        if (!File.Exists(csv))
        {
            throw new ForgeException(new Problem(csv, "does not exist.", "The folder holds train.csv and test.csv, with the columns text and category."));
        }

        // The same question twice is one.
        return await Import.CsvAsync(csv, "text", "category", cancellationToken)
            .Select(row => new Question(Sha256.OfText(row.Prompt[^1].Content)[..16], row.Prompt, row.Completion[^1].Content))
            .DistinctBy(question => question.Id).ToListAsync(cancellationToken);
    }

    static List<Question> Questions(string data, IReadOnlyList<PromptDraw> draws)
        => [.. draws.Select((draw, i) => new Question($"{i}", draw.Messages, draw.Expected ?? throw new ForgeException(new Problem(data, "knows no answers.", "A template for this bench needs an 'answer'."))))];
}

/// <summary>An answer is right when it is the known one.</summary>
sealed class KnownAnswers(IReadOnlyList<Question> questions) : IBenchmark
{
    public IEnumerable<Question> Questions() => questions;

    public double Grade(Question question, string answer) => answer.Trim() == question.Expected.Trim() ? 1 : 0;
}
