using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Data.Prompts;

namespace DistillForge.Runs.Stages;

/// <summary>Brings answers that exist already (a template's own, or somebody's file) into the run as examples.</summary>
sealed class DatasetStage(RunContext run) : Stage(run)
{
    public override string Name => "dataset";

    public override string Command => "generate";

    DatasetSource Source => Run.Recipe.Dataset!;

    protected override IReadOnlyList<string> RecipeKeys => ["dataset", "evaluate"];

    protected override IReadOnlyDictionary<string, string> Inputs => SourceFiles.Of(Source).ToDictionary(input => input.Key, input => input.Value);

    protected override IReadOnlyList<string> Outputs => ["examples", "held-out/examples"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var heldOut = Run.Folder.In("held-out/examples");
        Directory.CreateDirectory(Run.Folder.Examples);
        Directory.CreateDirectory(heldOut);
        var written = await ExamplesFile.WriteAsync(Path.Combine(Run.Folder.Examples, "0.parquet"), RowsAsync(cancellationToken), cancellationToken);
        var aside = await ExamplesFile.WriteAsync(Path.Combine(heldOut, "0.parquet"), HeldOut().ToAsyncEnumerable(), cancellationToken);
        Run.Progress.Say($"  {written:N0} rows, {aside:N0} held out");
        return new Dictionary<string, double> { ["examples"] = written, ["held_out"] = aside };
    }

    async IAsyncEnumerable<Example> RowsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Source.Template is { } template)
        {
            foreach (var draw in PromptTemplate.Load(template.Path).Take(Run.Recipe.Seed, Source.Count))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Row(draw);
            }

            yield break;
        }

        var seen = new HashSet<string>();
        await foreach (var row in Import.DatasetAsync(Source, cancellationToken))
        {
            var example = Row(new PromptDraw(row.Prompt, row.Completion.Count > 0 ? row.Completion[^1].Content : row.Expected, row.Category));
            if (seen.Add(example.Id))
            {
                yield return example;
            }
        }
    }

    // Only a template can give rows that are surely new; a file's rows all train, and the trainer holds its validation share back.
    IEnumerable<Example> HeldOut() => Source.Template is { } template && Run.Recipe.Evaluate.HeldOut > 0
        ? PromptTemplate.Load(template.Path).TakeHeldOut(Run.Recipe.Seed, Run.Recipe.Evaluate.HeldOut).Select(Row)
        : [];

    Example Row(PromptDraw draw)
    {
        var author = Source.Author ?? Path.GetFileName(SourceFiles.NameOf(Source));
        var answer = draw.Expected ?? throw new ForgeException(new Problem(SourceFiles.NameOf(Source), "gives prompts without answers.", "A dataset needs both; a template needs an 'answer'."));
        var messages = Source.System is { } system && draw.Messages[0].Role != "system" ? [Message.System(system), .. draw.Messages] : draw.Messages;
        return new Example
        {
            Id = RowId.For(messages, author, answer, 0),
            Prompt = messages,
            Completion = [Message.Assistant(answer)],
            Author = author,
            License = Source.License,
            Source = SourceFiles.NameOf(Source),
            Expected = answer,
            Category = draw.Category,
        };
    }
}
