using DistillForge.Llama;
using DistillForge.Text;

namespace DistillForge.Runs.Stages;

/// <summary>Who tokenizes for the student: what we know ourselves, and llama.cpp, given a model with the vocabulary, where we do not.</summary>
sealed class StudentTokenizer : IAsyncDisposable
{
    readonly LlamaModel? model;

    StudentTokenizer(ITokenizer value, LlamaModel? model) => (Value, this.model) = (value, model);

    public ITokenizer Value { get; }

    /// <param name="vocabulary">The student's.</param>
    /// <param name="map">To it from that of the model, where it is pruned.</param>
    public static async Task<StudentTokenizer> OpenAsync(RunContext run, Vocabulary vocabulary, VocabularyMap? map, CancellationToken cancellationToken)
    {
        if (Knows(vocabulary) || run.StudentVocabularyGguf is not { } gguf)
        {
            return new StudentTokenizer(new BpeTokenizer(vocabulary), model: null);
        }

        var model = await run.OpenExactAsync(gguf, 2, cancellationToken);
        return new StudentTokenizer(map is null ? model : new PrunedTokenizer(model, map, otherwise: null), model);
    }

    public static bool Knows(Vocabulary vocabulary) => vocabulary.Kind == "gpt2" && PreTokenizer.Names.Contains(vocabulary.Pre);

    public ValueTask DisposeAsync() => model?.DisposeAsync() ?? ValueTask.CompletedTask;
}
