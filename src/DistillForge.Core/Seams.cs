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
public sealed record Question(string Id, IReadOnlyList<Message> Messages, string Expected, string? Category = null);

/// <summary>Questions with known answers.</summary>
public interface IBenchmark
{
    IEnumerable<Question> Questions();

    /// <returns>0 (wrong) … 1 (right).</returns>
    double Grade(Question question, string answer);
}
