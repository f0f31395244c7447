using DistillForge.Llama;
using DistillForge.Text;

namespace DistillForge.Runs.Stages;

/// <summary>Who tokenizes for a vocabulary: we ourselves where we know how, else llama.cpp, given a file that holds nothing but the vocabulary.</summary>
sealed class StudentTokenizer : IAsyncDisposable
{
    readonly LlamaModel? model;
    readonly string? file;

    StudentTokenizer(ITokenizer value, LlamaModel? model = null, string? file = null) => (Value, this.model, this.file) = (value, model, file);

    public ITokenizer Value { get; }

    public static async Task<StudentTokenizer> OpenAsync(RunContext run, Vocabulary vocabulary, CancellationToken cancellationToken)
    {
        if (vocabulary.Kind == "gpt2" && PreTokenizer.Names.Contains(vocabulary.Pre))
        {
            return new StudentTokenizer(new BpeTokenizer(vocabulary));
        }

        var file = run.Folder.In($"tokenizer-{vocabulary.Fingerprint[..12]}.gguf");
        vocabulary.WriteTokenizer(file);
        var model = await run.OpenExactAsync(file, 2, cancellationToken);
        return new StudentTokenizer(model, model, file);
    }

    public async ValueTask DisposeAsync()
    {
        if (model is not null)
        {
            await model.DisposeAsync();
            File.Delete(file!);
        }
    }
}
