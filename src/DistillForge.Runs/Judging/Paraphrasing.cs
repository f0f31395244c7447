using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Runs.Stages;
using DistillForge.Teachers;

namespace DistillForge.Runs.Judging;

/// <summary>What a model made of a question; one line of the run's <c>paraphrases/</c>.</summary>
/// <param name="Key">Hash of what it was asked.</param>
/// <param name="Id">The question's; the first of several with the same text.</param>
/// <param name="Question">In its own words.</param>
/// <param name="Text">In the model's.</param>
sealed record Rewording(string Key, string Id, string Question, string Text, string FinishReason);

/// <summary>The recipe's model that says test questions in other words. No question is asked about twice, now or in a later session.</summary>
sealed class Paraphrasing : IAsyncDisposable
{
    /// <summary>Relative to the run folder.</summary>
    public const string FolderName = "paraphrases";

    /// <summary>What it is asked; the question follows.</summary>
    public const string Instruction = "Say the following in other words that mean the same. Keep every name and number. Write the new wording and nothing else.\n\n";

    public const int MostTokens = 256;

    static readonly Sampling Sampling = new(Temperature: 0, MaxTokens: MostTokens);

    readonly RunContext run;
    readonly Lazy<BudgetMeter?> budget;
    readonly ConsultedTeacher model;
    readonly KeptLines<Rewording> kept;

    public Paraphrasing(RunContext run, TeacherSource by)
    {
        this.run = run;
        budget = new(() => Budgets.Open(run));
        model = new ConsultedTeacher(run, by, run.IdentityOf(by), budget);
        kept = new(PathOf(run, by), line => line.Key);
    }

    /// <summary>How many questions it has reworded in the run.</summary>
    public static long Count(RunContext run, TeacherSource by) => File.Exists(PathOf(run, by)) ? File.ReadLines(PathOf(run, by)).LongCount() : 0;

    /// <returns>For each question its new wording, or why there is none; in the same order.</returns>
    /// <exception cref="ForgeException">Nobody answers any more, or the budget is spent. What was said until then is kept.</exception>
    public async Task<IReadOnlyList<(string? Text, string? WhyNot)>> RewordAsync(IReadOnlyList<(string Id, string Text)> questions, CancellationToken cancellationToken)
    {
        var asked = questions.DistinctBy(question => question.Text).ToList();
        var done = 0;
        var said = await Task.WhenAll(asked.Select(async question =>
        {
            var reworded = await AskAsync(question.Id, question.Text, cancellationToken);
            run.Progress.Report("paraphrase", Interlocked.Increment(ref done), asked.Count, "questions");
            return reworded;
        }));
        var byText = asked.Zip(said).ToDictionary(pair => pair.First.Text, pair => pair.Second);
        return [.. questions.Select(question => byText[question.Text])];
    }

    public async ValueTask DisposeAsync()
    {
        await model.DisposeAsync();
        kept.Dispose();
        if (budget.IsValueCreated)
        {
            budget.Value?.Dispose();
        }
    }

    async Task<(string? Text, string? WhyNot)> AskAsync(string id, string question, CancellationToken cancellationToken)
    {
        var text = Instruction + question;
        var key = Sha256.OfText($"{Sampling.Describe()}\n{text}");
        if (kept.Find(key) is not { } line)
        {
            var answer = Reasoning.Treat(await model.AskAsync(new Prompt(key, [Message.User(text)], Source: FolderName), Sampling, cancellationToken), ReasoningTreatment.Drop, model.Tokenizer);
            if (answer.Example is not { } example)
            {
                // Who could not be reached for a question is asked again next time.
                return (null, answer.Failure!.Code);
            }

            kept.Add(line = new(key, id, question, example.Text, example.FinishReason));
        }

        // Half a sentence asks for something else.
        return line.FinishReason == "length" ? (null, "cut-off") : (line.Text, null);
    }

    static string PathOf(RunContext run, TeacherSource by) => run.Folder.In($"{FolderName}/{Sha256.OfText(run.IdentityOf(by))[..16]}.jsonl");
}
