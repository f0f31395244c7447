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
        ? new Dictionary<string, string>([.. Run.PrunesVocabulary ? Rows : [], .. Beside(gguf)]) { ["teacher"] = gguf }
        : new Dictionary<string, string> { ["curated.parquet"] = Run.Folder.Curated };

    KeyValuePair<string, string>[] Rows => [new("curated.parquet", Run.Folder.Curated), .. Run.LearnsFromTraces ? [new KeyValuePair<string, string>("traces", Run.TracesOf(""))] : Array.Empty<KeyValuePair<string, string>>()];

    // A tokenizer.json is not all that a vocabulary is read from.
    static IEnumerable<KeyValuePair<string, string>> Beside(string path) => !path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? []
        : HuggingFaceVocabulary.Files(path).Where(file => file != Path.GetFullPath(path)).Select(file => new KeyValuePair<string, string>(Path.GetFileName(file), file));

    protected override IReadOnlyList<string> Outputs => ["vocabulary.gguf"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var vocabulary = Run.StudentVocabularyGguf is { } gguf ? Vocabulary.Read(gguf) : await TrainAsync(cancellationToken);
        if (Run.PrunesVocabulary)
        {
            var whole = vocabulary;
            vocabulary = whole.Prune(await UsedAsync(whole, cancellationToken));
            Run.Progress.Say($"  {vocabulary.RealSize:N0} of {whole.RealSize:N0} tokens are used by the rows, or needed by any text");
        }

        vocabulary.Write(Run.Folder.In("vocabulary.gguf"));
        Run.Progress.Say($"  {vocabulary.RealSize:N0} tokens, fingerprint {vocabulary.Fingerprint[..12]}");
        return new Dictionary<string, double> { ["tokens"] = vocabulary.RealSize };
    }

    async Task<HashSet<int>> UsedAsync(Vocabulary whole, CancellationToken cancellationToken)
    {
        var used = new HashSet<int>();
        if (Run.LearnsFromTraces)
        {
            var curated = await ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken).Select(example => example.Id).ToHashSetAsync(cancellationToken: cancellationToken);
            await foreach (var trace in TracesFile.ReadAsync(WantedRows.Shards(Run.TracesOf("")), cancellationToken).Where(trace => curated.Contains(trace.Id)))
            {
                used.UnionWith(trace.TokenIds);
            }

            return used;
        }

        await using var tokenizer = await StudentTokenizer.OpenAsync(Run, whole, cancellationToken);
        var dialogue = new Dialogue(whole, tokenizer.Value);
        await foreach (var example in ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken))
        {
            used.UnionWith(TokenizeStage.Trace(dialogue, example, example.Text).TokenIds);
            used.UnionWith(example.Rejected is { } rejected ? TokenizeStage.Trace(dialogue, example, rejected).TokenIds : []);
        }

        return used;
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
        await using var tokenizer = await StudentTokenizer.OpenAsync(Run, vocabulary, cancellationToken);
        var dialogue = new Dialogue(vocabulary, tokenizer.Value);
        var tokens = 0L;
        var rows = ExamplesFile.ReadAsync([Run.Folder.Curated], cancellationToken).Select(example =>
        {
            var trace = Trace(dialogue, example, example.Text);
            tokens += trace.TokenIds.Length;
            return trace;
        });
        var written = await TracesFile.WriteAsync(Run.Folder.In("tokens.parquet"), rows, cancellationToken);
        Run.Progress.Say($"  {written:N0} rows, {tokens:N0} tokens");
        return new Dictionary<string, double> { ["rows"] = written, ["tokens"] = tokens };
    }

    internal static TokenTrace Trace(Dialogue dialogue, Example example, string answer)
    {
        try
        {
            return dialogue.Trace(example.Id, example.Prompt, answer);
        }
        catch (CompletionFailedException error)
        {
            throw new ForgeException(new Problem($"row {example.Id[..12]}", $"{error.Message}.", "Remove the row from the dataset."), inner: error);
        }
    }
}
