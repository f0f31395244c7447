using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Data.Prompts;

namespace DistillForge.Runs.Stages;

/// <summary>A recipe's prompts as rows with ids: drawn or read, without repeats, each routed to who answers it.</summary>
sealed class PromptExpansion(RunContext run)
{
    readonly HeldOutChoice choice = new(run);

    /// <summary>The rows to be asked, and those that the student is compared on.</summary>
    public async Task<(List<Prompt> Asked, List<Prompt> HeldOut)> ExpandAsync(CancellationToken cancellationToken)
    {
        var (asked, heldOut) = await DrawAsync(cancellationToken);
        // Two teachers may be the same weights under two names: the same row is asked once.
        return ([.. Rows(asked, run.Recipe.Generate.Samples, "prompts", Route).DistinctBy(prompt => prompt.Id)], [.. Rows(heldOut, 1, "held-out", _ => [run.Teacher])]);
    }

    async Task<(List<PromptDraw> Asked, List<PromptDraw> HeldOut)> DrawAsync(CancellationToken cancellationToken)
    {
        var source = run.Recipe.Prompts!;
        var aside = run.Recipe.Evaluate.HeldOut;
        if (source.Template is { } file)
        {
            var template = PromptTemplate.Load(file.Path);
            var seed = run.Recipe.Seed;
            var asked = Shaped(template.Take(seed, source.Count));
            return (asked, choice.Apart(Shaped(aside > 0 ? template.TakeHeldOut(seed, aside) : []), asked, draw => ExampleOf(draw).Prompt));
        }

        var rows = new List<PromptDraw>();
        await foreach (var row in Import.PromptsAsync(source, cancellationToken))
        {
            rows.Add(new PromptDraw(row.Prompt, row.Expected, row.Category) { FollowUps = row.FollowUps.Count > 0 ? row.FollowUps : null, Source = row.Source });
        }

        return choice.SetAside([.. rows.DistinctBy(TextOf)], TextOf, ExampleOf);
    }

    // All that the user says, for what looks for near-duplicates; nobody has answered yet.
    static Example ExampleOf(PromptDraw draw) => new() { Id = "", Author = "", Prompt = [.. draw.Messages, .. (draw.FollowUps ?? []).Select(Message.User)], Completion = [], Category = draw.Category, Source = draw.Source ?? "", Expected = draw.Expected };

    List<PromptDraw> Shaped(IReadOnlyList<PromptDraw> draws) => [.. draws.Select(draw => WithSystem(draw) with { FollowUps = draw.FollowUps?.Take((run.Recipe.Prompts!.MaxTurns ?? int.MaxValue) - 1).ToList() is { Count: > 0 } turns ? turns : null })];

    PromptDraw WithSystem(PromptDraw draw) => run.Recipe.Prompts!.System is not { } system || draw.Messages[0].Role == "system"
        ? draw
        : draw with { Messages = [Message.System(system), .. draw.Messages] };

    // Among several teachers, those that fit: every one, or one by weight, the same one for the same text and seed.
    IReadOnlyList<TeacherSource> Route(PromptDraw draw)
    {
        if (run.Recipe.Teachers is not { } teachers)
        {
            return [run.Teacher];
        }

        var source = draw.Source ?? SourceFiles.NameOf(run.Recipe.Prompts!);
        var fitting = teachers.Where(teacher => teacher.When?.Fits(source, draw.Category) ?? true).ToList();
        if (fitting.Count == 0)
        {
            throw new ForgeException(new Problem("teachers", $"none takes a prompt of category '{draw.Category}' and source '{source}'.", "Give one of them no 'when', or name these there."));
        }

        if (run.Recipe.Routing == Routing.Every)
        {
            return fitting;
        }

        var at = Seeds.Source(run.Recipe.Seed, "route", TextOf(draw)).NextDouble() * fitting.Sum(teacher => teacher.Weight);
        foreach (var teacher in fitting)
        {
            at -= teacher.Weight;
            if (at < 0)
            {
                return [teacher];
            }
        }

        return [fitting[^1]];
    }

    IEnumerable<Prompt> Rows(List<PromptDraw> draws, int samples, string use, Func<PromptDraw, IReadOnlyList<TeacherSource>> route)
    {
        var capture = SamplingText.OfCapture(run.Recipe.Generate.ToCapture());
        var described = run.Teachers.ToDictionary(teacher => teacher, teacher => $"{SamplingText.Of(run.Recipe.Generate, run.IsExact(teacher))} {capture}");
        foreach (var draw in draws)
        {
            foreach (var teacher in route(draw))
            {
                for (var sample = 0; sample < samples; sample++)
                {
                    foreach (var row in Turns(draw, teacher, described[teacher], sample, use))
                    {
                        yield return row;
                    }
                }
            }
        }
    }

    // One row a turn of the user; a later turn is named by all turns up to it, since its answers are not there yet.
    IEnumerable<Prompt> Turns(PromptDraw draw, TeacherSource teacher, string described, int sample, string use)
    {
        var source = draw.Source ?? SourceFiles.NameOf(run.Recipe.Prompts!);
        var (text, identity) = (TextOf(draw), run.IdentityOf(teacher));
        var name = run.Recipe.Teachers is null ? null : teacher.DisplayName;
        var turns = 1 + (draw.FollowUps?.Count ?? 0);
        string? before = null;
        for (var turn = 0; turn < turns; turn++)
        {
            // From the text and not from the place in the file: a row keeps its seed when others come before it.
            var seed = turn == 0 ? Seeds.Derive(run.Recipe.Seed, use, text, $"{sample}") : Seeds.Derive(run.Recipe.Seed, use, text, $"{sample}", $"turn {turn}");
            IReadOnlyList<Message> messages = turn == 0 ? draw.Messages : [.. draw.Messages, .. draw.FollowUps!.Take(turn).Select(Message.User)];
            var id = RowId.For(messages, identity, turn == 0 ? described : $"{described} turn={turn}", seed);
            yield return new Prompt(id, messages, seed, source, sample, turn == turns - 1 ? draw.Expected : null, draw.Category, before, name);
            before = id;
        }
    }

    static string TextOf(PromptDraw draw)
        => string.Join('\u001e', draw.Messages.Select(message => $"{message.Role}\u001f{message.Content}").Concat((draw.FollowUps ?? []).Select(turn => $"then\u001f{turn}")));
}
