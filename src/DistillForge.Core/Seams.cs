namespace DistillForge.Core;

/// <summary>Answers prompts.</summary>
/// <remarks>
/// The implementer answers every prompt exactly once, in any order, with an example or a failure; asks for prompts only as
/// fast as it answers them; stops soon after cancellation; and throws only when no further prompt could be answered.
/// </remarks>
public interface ITeacher
{
    /// <summary>Who answers, for the row id: SHA-256 of the GGUF, or base address and model name.</summary>
    string Identity { get; }

    IAsyncEnumerable<Answer> AnswerAsync(IAsyncEnumerable<Prompt> prompts, CancellationToken cancellationToken);
}

/// <summary>A language model that can be sampled and can score given tokens.</summary>
/// <remarks>Calls may overlap; the implementer batches what runs side by side.</remarks>
public interface ILanguageModel
{
    /// <summary>Fingerprint of its vocabulary, see <see cref="TokenTrace.Vocabulary"/>.</summary>
    string Vocabulary { get; }

    /// <exception cref="CompletionFailedException">This prompt cannot be answered; others may.</exception>
    Task<Completion> CompleteAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken);

    /// <summary>Reads the tokens and says what it thinks of each completion position; nothing is sampled.</summary>
    /// <exception cref="CompletionFailedException">These tokens cannot be scored; others may.</exception>
    Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken);
}

/// <summary>One prompt could not be answered or scored; the model lives on.</summary>
public sealed class CompletionFailedException(string code, string detail) : Exception(detail)
{
    /// <summary>kebab-case, becomes <see cref="Failure.Code"/>.</summary>
    public string Code { get; } = code;
}

/// <summary>Judges one row by itself. Deterministic, free of side effects, called from several threads at once.</summary>
public interface IFilter
{
    Verdict Judge(Example example);
}

/// <summary>Judges one row with a model's help.</summary>
public interface IModelFilter
{
    Task<Verdict> JudgeAsync(Example example, CancellationToken cancellationToken);
}

/// <summary>Rows that can be read more than once, in the same order each time.</summary>
public interface IDataset
{
    long Count { get; }

    IAsyncEnumerable<Example> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>Judges rows by the company they keep: one verdict a row, in the dataset's order.</summary>
public interface IDatasetFilter
{
    IAsyncEnumerable<Verdict> JudgeAsync(IDataset dataset, CancellationToken cancellationToken);
}

/// <summary>Makes a changed record; a span that it touches loses its trace.</summary>
public interface ITransform
{
    Example Apply(Example example);
}

/// <summary>One question of a benchmark.</summary>
public sealed record Question(string Id, IReadOnlyList<Message> Messages, string Expected, string? Category = null)
{
    /// <summary>Answers of which one is to be chosen by its log-likelihood; empty where the model answers in its own words.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The question in other words by whoever wrote it; null where there are none.</summary>
    public string? Paraphrase { get; init; }

    /// <summary>What is asked, without instructions and choices that the benchmark writes around it; part of the last message.</summary>
    public string Own { get => field ?? Messages[^1].Content; init; }
}

/// <summary>What an answer is worth.</summary>
/// <param name="Score">0 (wrong) … 1 (right).</param>
/// <param name="Figures">Others beside it, by name, e.g. precision; each is averaged over the answers that have it.</param>
/// <param name="Why">What is wrong with it, for a person; null where nothing more is to be said.</param>
public sealed record Grade(double Score, IReadOnlyDictionary<string, double>? Figures = null, string? Why = null);

/// <summary>Questions with known answers.</summary>
public interface IBenchmark
{
    /// <summary>What its scores are, e.g. <c>exact match</c> or <c>F1</c>.</summary>
    string Measure => "exact match";

    /// <summary>What it is called in tables; null for its name in the catalog.</summary>
    string? Title => null;

    IEnumerable<Question> Questions();

    /// <returns>0 (wrong) … 1 (right).</returns>
    double Grade(Question question, string answer);

    /// <summary>The grade with whatever else there is to say; called from several threads at once.</summary>
    Grade Judge(Question question, string answer) => new(Grade(question, answer));
}

/// <summary>A model that knows how a conversation becomes its tokens, so that it can be asked how likely an answer is.</summary>
public interface IAnswerScorer : ILanguageModel
{
    /// <summary>Everything up to where the assistant begins to speak, then the answer and the token that ends it.</summary>
    /// <exception cref="CompletionFailedException">This conversation has no tokens, e.g. because it holds a control token.</exception>
    TokenSequence Sequence(IReadOnlyList<Message> messages, string answer);
}
