using System.Runtime.CompilerServices;
using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Data.Prompts;
using DistillForge.Runs.Lineage;

namespace DistillForge.Runs.Stages;

/// <summary>Brings answers that exist already (a template's own, or somebody's file) into the run as examples.</summary>
sealed class DatasetStage(RunContext run) : Stage(run)
{
    public override string Name => "dataset";

    public override string Command => "generate";

    Tombstones? tombstones;
    long takenDown;

    DatasetSource Source => Run.Recipe.Dataset!;

    protected override IReadOnlyList<string> RecipeKeys => Run.Scores ? ["dataset", "evaluate", "teacher"] : ["dataset", "evaluate"];

    protected override IReadOnlyDictionary<string, string> Inputs => SourceFiles.Of(Source).ToDictionary(input => input.Key, input => input.Value);

    // Of a file without a teacher nothing was held out before, whatever the recipe said.
    protected override IReadOnlyDictionary<string, string> Contents => SetsAside && !Run.Scores ? new Dictionary<string, string> { ["held out"] = "of the file" } : new Dictionary<string, string>();

    // A file has no second helping: its rows all train, unless a teacher is to be compared on some, or the recipe says so.
    bool SetsAside => Source.Template is null && (Run.Scores || (Run.Recipe is { SaysHeldOut: true, Evaluate.HeldOut: > 0 }));

    protected override IReadOnlyList<string> Outputs => ["examples", "held-out/examples"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var heldOut = Run.Folder.In("held-out/examples");
        Directory.CreateDirectory(Run.Folder.Examples);
        Directory.CreateDirectory(heldOut);
        var (rows, aside) = await StreamAsync(cancellationToken);
        var written = await ExamplesFile.WriteAsync(Path.Combine(Run.Folder.Examples, "0.parquet"), rows, cancellationToken);
        var heldBack = await ExamplesFile.WriteAsync(Path.Combine(heldOut, "0.parquet"), aside, cancellationToken);
        Run.Progress.Say($"  {written:N0} rows, {heldBack:N0} held out");
        var figures = new Dictionary<string, double> { ["examples"] = written, ["held_out"] = heldBack };
        if (takenDown > 0)
        {
            figures["taken_down"] = takenDown;
        }

        return figures;
    }

    /// <summary>The rows and those that are held out, without writing anything.</summary>
    public async Task<(List<Example> Rows, List<Example> HeldOut)> ReadAsync(CancellationToken cancellationToken)
    {
        var (rows, aside) = await StreamAsync(cancellationToken);
        return (await rows.ToListAsync(cancellationToken), await aside.ToListAsync(cancellationToken));
    }

    async Task<(IAsyncEnumerable<Example> Rows, IAsyncEnumerable<Example> HeldOut)> StreamAsync(CancellationToken cancellationToken)
        => SetsAside ? await SplitAsync(cancellationToken) : (RowsAsync(cancellationToken), HeldOut().ToAsyncEnumerable());

    async IAsyncEnumerable<Example> RowsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Source.Template is { } template)
        {
            foreach (var draw in PromptTemplate.Load(template.Path).Take(Run.Recipe.Seed, Source.Count))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (Row(draw) is var drawn && !IsTakenDown(drawn))
                {
                    yield return drawn;
                }
            }

            yield break;
        }

        var seen = new HashSet<string>();
        await foreach (var row in Import.DatasetAsync(Source, cancellationToken))
        {
            var example = Row(new PromptDraw(row.Prompt, row.Completion.Count > 0 ? row.Completion[^1].Content : row.Expected, row.Category) { Source = row.Source }, row.Rejected);
            example = row.Origin is { } origin ? example with { Id = origin.Id, Author = origin.Author, License = origin.License ?? example.License } : example;
            if (seen.Add(example.Id) && !IsTakenDown(example))
            {
                CheckTerms(example);
                yield return example;
            }
        }
    }

    // With the filter 'terms' such rows are dropped and counted; without it nobody would stop them.
    void CheckTerms(Example example)
    {
        if (Run.Recipe.Override is null && Run.Recipe.Policy?.Filters.Any(filter => filter.Name == "terms") is not true && Run.Terms.Of(example.Author, example.AuthorSha256).Terms is { MayTrain: MayTrain.No } terms)
        {
            throw new ForgeException(new Problem(SourceFiles.NameOf(Source), $"has rows of {TerminalText.OnOneLine(example.Author)}, whose answers may not train other models, says {TermsRegister.FileName}: '{terms.Name}'.", "Add the filter 'terms' to the policy, which drops them, or let a person answer for it: 'override: { by: NAME, reason: WHY }'."));
        }
    }

    async Task<(IAsyncEnumerable<Example>, IAsyncEnumerable<Example>)> SplitAsync(CancellationToken cancellationToken)
    {
        var (kept, aside) = new HeldOutChoice(Run).SetAside(await RowsAsync(cancellationToken).ToListAsync(cancellationToken), TextOf, row => row);
        return (kept.ToAsyncEnumerable(), aside.ToAsyncEnumerable());
    }

    static string TextOf(Example row) => string.Join('\u001e', row.Prompt.Select(message => $"{message.Role}\u001f{message.Content}"));

    // Only a template can give rows that are surely new.
    IEnumerable<Example> HeldOut()
    {
        if (Source.Template is not { } file || Run.Recipe.Evaluate.HeldOut == 0)
        {
            return [];
        }

        var template = PromptTemplate.Load(file.Path);
        var asked = Run.Recipe.Evaluate.Split is null ? [] : template.Take(Run.Recipe.Seed, Source.Count);
        return new HeldOutChoice(Run).Apart([.. template.TakeHeldOut(Run.Recipe.Seed, Run.Recipe.Evaluate.HeldOut)], asked, draw => draw.Messages).Select(Row).Where(row => !IsTakenDown(row));
    }

    bool IsTakenDown(Example row)
    {
        tombstones ??= Tombstones.Of(Run.Folder.Path);
        var isDead = tombstones.Holds(row.Id, row.Prompt);
        takenDown += isDead ? 1 : 0;
        return isDead;
    }

    Example Row(PromptDraw draw) => Row(draw, rejected: null);

    Example Row(PromptDraw draw, string? rejected)
    {
        var author = Source.Author ?? Path.GetFileName(SourceFiles.NameOf(Source));
        var answer = draw.Expected ?? throw new ForgeException(new Problem(SourceFiles.NameOf(Source), "gives prompts without answers.", "A dataset needs both; a template needs an 'answer'."));
        var messages = Source.System is { } system && draw.Messages[0].Role != "system" ? [Message.System(system), .. draw.Messages] : draw.Messages;
        return new Example
        {
            // One answer may be better than several others.
            Id = RowId.For(messages, author, rejected is null ? answer : $"{answer}\u001e{rejected}", 0),
            Prompt = messages,
            Completion = [Message.Assistant(answer)],
            Author = author,
            License = Source.License,
            Source = draw.Source ?? SourceFiles.NameOf(Source),
            Expected = answer,
            Category = draw.Category,
            Rejected = rejected,
        };
    }
}
