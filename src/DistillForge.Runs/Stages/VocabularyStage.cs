using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Text;

namespace DistillForge.Runs.Stages;

/// <summary>The student's vocabulary as a file of its own: the teacher's, or one trained on the curated rows.</summary>
sealed class VocabularyStage(RunContext run) : Stage(run)
{
    public override string Name => "vocabulary";

    public override string Command => "train";

    VocabularySource Source => Run.Recipe.Student.Vocabulary;

    protected override IReadOnlyList<string> RecipeKeys => ["student"];

    protected override IReadOnlyDictionary<string, string> Inputs => Run.StudentVocabularyGguf is { } gguf
        ? new Dictionary<string, string> { ["teacher"] = gguf }
        : new Dictionary<string, string> { ["curated.parquet"] = Run.Folder.Curated };

    protected override IReadOnlyList<string> Outputs => ["vocabulary.gguf"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var vocabulary = Run.StudentVocabularyGguf is { } gguf ? Vocabulary.Read(gguf) : await TrainAsync(cancellationToken);
        vocabulary.Write(Run.Folder.In("vocabulary.gguf"));
        Run.Progress.Say($"  {vocabulary.RealSize:N0} tokens, fingerprint {vocabulary.Fingerprint[..12]}");
        return new Dictionary<string, double> { ["tokens"] = vocabulary.RealSize };
    }

    async Task<Vocabulary> TrainAsync(CancellationToken cancellationToken)
    {
        var texts = new List<string>();
        await foreach (var example in ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken))
        {
            texts.AddRange(example.Prompt.Concat(example.Completion).Select(message => message.Content));
        }

        return BpeTrainer.Train(texts, Source.Train);
    }
}

/// <summary>Gives the rows of a dataset their token ids; from here on nothing is tokenized again.</summary>
sealed class TokenizeStage(RunContext run) : Stage(run)
{
    public override string Name => "tokenize";

    public override string Command => "train";

    protected override IReadOnlyList<string> RecipeKeys => [];

    protected override IReadOnlyDictionary<string, string> Inputs => new Dictionary<string, string>
    {
        ["curated.parquet"] = Run.Folder.Curated,
        ["vocabulary.gguf"] = Run.Folder.In("vocabulary.gguf"),
    };

    protected override IReadOnlyList<string> Outputs => ["tokens.parquet"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var vocabulary = Vocabulary.Read(Run.Folder.In("vocabulary.gguf"));
        // What BpeTokenizer does not know, llama.cpp does, given the model.
        await using var model = vocabulary.Kind != "gpt2" && Run.StudentVocabularyGguf is { } gguf ? await Run.OpenExactAsync(gguf, 2, cancellationToken) : null;
        var dialogue = model is null ? Dialogue.For(vocabulary) : new Dialogue(vocabulary, model);
        var tokens = 0L;
        var rows = ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken).Select(example =>
        {
            var trace = Trace(dialogue, example);
            tokens += trace.TokenIds.Length;
            return trace;
        });
        var written = await TracesFile.WriteAsync(Run.Folder.In("tokens.parquet"), rows, cancellationToken);
        Run.Progress.Say($"  {written:N0} rows, {tokens:N0} tokens");
        return new Dictionary<string, double> { ["rows"] = written, ["tokens"] = tokens };
    }

    static TokenTrace Trace(Dialogue dialogue, Example example)
    {
        try
        {
            return dialogue.Trace(example.Id, example.Prompt, example.Text);
        }
        catch (CompletionFailedException error)
        {
            throw new ForgeException(new Problem($"row {example.Id[..12]}", $"{error.Message}.", "Remove the row from the dataset."), inner: error);
        }
    }
}
