using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Data.Prompts;

namespace DistillForge.Runs.Stages;

/// <summary>Expands the recipe's prompts into rows with ids, and puts aside those that the student is compared on.</summary>
sealed class PromptsStage(RunContext run) : Stage(run)
{
    public override string Name => "prompts";

    public override string Command => "generate";

    // What is captured counts as well: a row's trace is part of what it was asked for.
    protected override IReadOnlyList<string> RecipeKeys => ["teacher", "prompts", "generate", "evaluate"];

    protected override IReadOnlyDictionary<string, string> Inputs => SourceFiles.Of(Run.Recipe.Prompts!).Append(new("teacher", Run.Teacher.Gguf.Path)).ToDictionary(input => input.Key, input => input.Value);

    protected override IReadOnlyList<string> Outputs => ["prompts.parquet", "held-out/prompts.parquet"];

    protected override async Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken)
    {
        var (asked, heldOut) = await ExpandAsync(cancellationToken);
        Directory.CreateDirectory(Run.Folder.In("held-out"));
        var written = await PromptsFile.WriteAsync(Run.Folder.Prompts, Rows(asked, Run.Recipe.Generate.Samples, "prompts").ToAsyncEnumerable(), cancellationToken);
        var aside = await PromptsFile.WriteAsync(Run.Folder.In("held-out/prompts.parquet"), Rows(heldOut, 1, "held-out").ToAsyncEnumerable(), cancellationToken);
        Run.Progress.Say($"  {written:N0} prompts, {aside:N0} held out");
        return new Dictionary<string, double> { ["prompts"] = written, ["held_out"] = aside };
    }

    async Task<(List<PromptDraw> Asked, List<PromptDraw> HeldOut)> ExpandAsync(CancellationToken cancellationToken)
    {
        var source = Run.Recipe.Prompts!;
        var aside = Run.Recipe.Evaluate.HeldOut;
        if (source.Template is { } file)
        {
            var template = PromptTemplate.Load(file.Path);
            var seed = Run.Recipe.Seed;
            return (WithSystem(template.Take(seed, source.Count)), WithSystem(aside > 0 ? template.TakeHeldOut(seed, aside) : []));
        }

        // Files have no second helping: the rows whose text hashes lowest are put aside, at most a tenth, and stay aside when
        // others come or go.
        var rows = new List<PromptDraw>();
        await foreach (var row in Import.PromptsAsync(source, cancellationToken))
        {
            rows.Add(new PromptDraw(row.Prompt, row.Expected, row.Category));
        }

        var distinct = rows.DistinctBy(row => TextOf(row)).ToList();
        var chosen = distinct.OrderBy(row => Sha256.OfText(TextOf(row)), StringComparer.Ordinal).Take(Math.Min(aside, distinct.Count / 10)).Select(TextOf).ToHashSet();
        return ([.. distinct.Where(row => !chosen.Contains(TextOf(row)))], [.. distinct.Where(row => chosen.Contains(TextOf(row)))]);
    }

    List<PromptDraw> WithSystem(IReadOnlyList<PromptDraw> draws) => Run.Recipe.Prompts!.System is not { } system
        ? [.. draws]
        : [.. draws.Select(draw => draw.Messages[0].Role == "system" ? draw : draw with { Messages = [Message.System(system), .. draw.Messages] })];

    IEnumerable<Prompt> Rows(List<PromptDraw> draws, int samples, string use)
    {
        var sampling = Run.Recipe.Generate.ToSampling();
        var described = $"{sampling.Describe()} {Describe(sampling.Capture)}";
        var source = SourceFiles.NameOf(Run.Recipe.Prompts!);
        foreach (var draw in draws)
        {
            for (var sample = 0; sample < samples; sample++)
            {
                // From the text and not from the place in the file: a row keeps its seed when others come before it.
                var seed = Seeds.Derive(Run.Recipe.Seed, use, TextOf(draw), sample.ToString());
                yield return new Prompt(RowId.For(draw.Messages, Run.TeacherSha256, described, seed), draw.Messages, seed, source, sample, draw.Expected, draw.Category);
            }
        }
    }

    static string Describe(Want.Head? capture) => capture is null
        ? "no trace"
        : FormattableString.Invariant($"top_logprobs={capture.TopLogprobs} mass={capture.Mass:R} tail_samples={capture.TailSamples} temperatures={string.Join(',', capture.Temperatures ?? [])}{(capture.RandomDraws > 0 ? FormattableString.Invariant($" random_draws={capture.RandomDraws} draw_temperature={capture.DrawTemperature:R}") : "")}");

    static string TextOf(PromptDraw draw) => string.Join('\u001e', draw.Messages.Select(message => $"{message.Role}\u001f{message.Content}"));
}
