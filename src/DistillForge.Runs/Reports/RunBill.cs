using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Models;
using DistillForge.Packaging;
using DistillForge.Runs.Stages;
using DistillForge.Text;

namespace DistillForge.Runs.Reports;

/// <summary>Gathers what a run's student was made of: from manifests, files and the recipe.</summary>
sealed class RunBill(RunContext run)
{
    const string Student = "model";
    const string Curated = "data:curated";
    const string Recipe = "data:recipe";
    const string Template = "data:chat-template";
    const string Policy = "data:policy";

    /// <summary>Stages whose files are handed out, the last one last.</summary>
    public static IReadOnlyList<string> HandedOut { get; } = ["package", "evaluate", "card"];

    /// <summary>The stage that describes the rows.</summary>
    public const string Described = "dataset-card";

    /// <param name="made">When the last of the files was written.</param>
    public BillOfMaterials Of(DateTimeOffset made)
    {
        var teachers = run.Teachers.Select(Teacher).DistinctBy(part => part.Ref).ToList();
        var bases = Bases().ToList();
        var data = Data(teachers).ToList();
        var engines = EngineParts.All(run.Hashes).ToList();
        var packages = EngineParts.Packages().ToList();
        var scores = Scores.Read(run.Folder.In(EvaluateStage.File));
        return new BillOfMaterials
        {
            Time = made,
            Model = new BillPart(BillKind.Model, Student, run.Recipe.Name, License: License)
            {
                Description = run.HasTeacher ? $"Distilled from {run.TeacherName}." : "Trained on answers that existed.",
                Parts = [.. HandedOut.SelectMany(Files)],
                MadeFrom = [.. teachers.Concat(bases).Select(part => part.Ref), Curated, Recipe, Template, "engine:libtorch"],
                Properties = [("distillforge:parameters", $"{scores.Student.Parameters}"), ("distillforge:seed", $"{run.Recipe.Seed}")],
            },
            Facts = new BillModel(HuggingFaceConfig.Read(Path.Combine(run.Folder.Checkpoint, "config.json")).Architecture, [.. data.Where(part => part.Kind == BillKind.Dataset).Select(part => part.Ref)],
                $"Answers prompts like those of {Source}.", ["It knows what its prompts showed it and nothing else.", .. run.HasTeacher ? ["Whatever its teacher gets wrong, it was taught to get wrong."] : Array.Empty<string>()], [.. Figures(scores)]),
            Ancestors = [.. teachers, .. bases],
            Tool = new BillPart(BillKind.Program, "tool:distillforge", "DistillForge", RunContext.Version) { MadeFrom = [.. engines.Concat(packages).Select(part => part.Ref)] },
            Parts = [.. teachers, .. bases, .. data, .. engines, .. packages],
        };
    }

    string? License => run.Asks ? run.Teacher.License : run.Recipe.Dataset!.License;

    string Source => run.Asks ? SourceFiles.NameOf(run.Recipe.Prompts!) : SourceFiles.NameOf(run.Recipe.Dataset!);

    // The names are the recipe's, never a path of the machine.
    BillPart Teacher(TeacherSource teacher)
    {
        var (license, terms) = run.TermsOf(teacher);
        List<(string, string)> properties = [];
        if (teacher.Api is { } api)
        {
            properties.Add(("distillforge:api", new Uri(api).GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)));
        }

        if (teacher.Lora is { } lora)
        {
            properties.Add(("distillforge:lora_sha256", run.Hashes.Of(lora.Path)));
        }

        if (terms is not null)
        {
            properties.Add(("distillforge:terms", terms));
        }

        return new BillPart(BillKind.Model, $"teacher:{teacher.DisplayName}", teacher.DisplayName, License: license)
        {
            Description = teacher.Gguf is { } file ? $"Teacher, {Path.GetFileName(file.Written)}" : $"Teacher, {teacher.Model}, behind an API",
            Sha256 = teacher.Gguf is { } gguf ? run.Hashes.Of(gguf.Path) : null,
            Properties = properties,
        };
    }

    IEnumerable<BillPart> Bases()
    {
        if (run.Recipe.Student.Gguf is { } gguf)
        {
            yield return new BillPart(BillKind.Model, "base", Path.GetFileNameWithoutExtension(gguf.Written)) { Description = $"What the student started from, {Path.GetFileName(gguf.Written)}", Sha256 = run.Hashes.Of(gguf.Path) };
        }

        if (run.Recipe.Student.Huggingface is { } folder)
        {
            var files = Directory.GetFiles(folder.Path).Where(file => Path.GetExtension(file) is ".safetensors" or ".json").Order(StringComparer.Ordinal);
            yield return new BillPart(BillKind.Model, "base", Path.GetFileName(folder.Written.TrimEnd('/')))
            {
                Description = "What the student started from",
                Parts = [.. files.Select(file => new BillPart(BillKind.File, $"base:{Path.GetFileName(file)}", Path.GetFileName(file)) { Sha256 = run.Hashes.Of(file) })],
            };
        }
    }

    IEnumerable<BillPart> Data(IReadOnlyList<BillPart> teachers)
    {
        yield return new BillPart(BillKind.Configuration, Recipe, Path.GetFileName(run.Recipe.Path)) { Description = "The recipe", Sha256 = run.Hashes.Of(run.Recipe.Path) };
        var sources = (run.Asks ? SourceFiles.Of(run.Recipe.Prompts!) : SourceFiles.Of(run.Recipe.Dataset!)).DistinctBy(file => file.Key).Select(file => new BillPart(BillKind.Dataset, $"data:{file.Key}", file.Key) { Description = run.Asks ? "What the teacher was asked" : "Answers that existed", Sha256 = run.Hashes.Of(file.Value) }).ToList();
        foreach (var source in sources)
        {
            yield return source;
        }

        if (run.Recipe.Policy is { } policy)
        {
            yield return new BillPart(BillKind.Configuration, Policy, policy.DisplayName, policy.Version) { Description = "Which filters judged the rows; the hash is of all filters with their options", Sha256 = policy.Sha256 };
        }

        yield return new BillPart(BillKind.Dataset, Curated, "curated.parquet", License: License)
        {
            Description = "The rows that the student was trained on",
            Path = Path.GetFileName(run.Folder.Curated),
            Sha256 = run.Hashes.Of(run.Folder.Curated),
            Parts = [.. Files(Described)],
            MadeFrom = [.. teachers.Select(part => part.Ref), .. sources.Select(part => part.Ref), .. run.Recipe.Policy is null ? Array.Empty<string>() : [Policy]],
        };
        foreach (var file in new[] { "held-out/prompts.parquet", "held-out/examples/0.parquet" }.Where(file => File.Exists(run.Folder.In(file))))
        {
            yield return new BillPart(BillKind.Dataset, $"data:{file}", file) { Description = "Held out: never trained on, and measured on", Path = file, Sha256 = run.Hashes.Of(run.Folder.In(file)) };
        }

        // By its questions and right answers, which may come from a file, a template or a program.
        foreach (var (name, hash) in Manifest.TryRead(run.Folder.Path, "evaluate")!.Inputs.Where(input => input.Key.StartsWith("benchmark ", StringComparison.Ordinal) && !input.Key.EndsWith(' ' + HeldOutBenchmark.Name, StringComparison.Ordinal)).OrderBy(input => input.Key, StringComparer.Ordinal))
        {
            yield return new BillPart(BillKind.Dataset, $"data:{name}", name["benchmark ".Length..]) { Description = "A benchmark; the hash is of its questions and right answers", Sha256 = hash };
        }

        if (Vocabulary.Read(run.Folder.In("vocabulary.gguf")).ChatTemplate is { } template)
        {
            yield return new BillPart(BillKind.Definition, Template, "chat template") { Description = "How conversations become text", Sha256 = Core.Sha256.OfText(template) };
        }
    }

    IEnumerable<BillPart> Files(string stage) => Manifest.TryRead(run.Folder.Path, stage)!.Outputs
        .Where(output => output.Key != EvaluateStage.BaselineGguf)
        .OrderBy(output => output.Key, StringComparer.Ordinal)
        .Select(output => new BillPart(BillKind.File, $"file:{output.Key}", output.Key) { Path = output.Key, Sha256 = output.Value });

    static IEnumerable<BillFigure> Figures(Scores scores)
    {
        foreach (var task in scores.Tasks)
        {
            if (task.Models.TryGetValue("student", out var figure))
            {
                yield return new BillFigure(task.Measure, figure.Mean, task.Benchmark, (figure.Interval.Low, figure.Interval.High));
            }
        }

        (string, double?)[] fidelity = [("KL to teacher, nats a token", scores.Student.KlToTeacher), ("top-1 agreement with teacher", scores.Student.Top1Agreement), ("perplexity", scores.Student.Perplexity)];
        foreach (var (name, value) in fidelity)
        {
            if (value is { } known && double.IsFinite(known))
            {
                yield return new BillFigure(name, known, HeldOutBenchmark.Name);
            }
        }
    }
}
