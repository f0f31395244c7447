using System.Text.Json;
using DistillForge.Core;
using DistillForge.Data.Yaml;
using FluentValidation;

namespace DistillForge.Data;

/// <summary>What values mean together: ranges, and contradictions between keys.</summary>
sealed class RecipeRules : AbstractValidator<Recipe>
{
    RecipeRules(KnownNames known)
    {
        RuleFor(r => r.Name).Matches("^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$").WithMessage("is '{PropertyValue}'; it names a folder: letters, digits, '-', '_' and '.', at most 100.");
        Sources();
        RuleFor(r => r.Override!.By).Must(IsSaid).When(r => r.Override is not null).WithMessage("is empty. Say who answers for training against the terms.");
        RuleFor(r => r.Override!.Reason).Must(IsSaid).When(r => r.Override is not null).WithMessage("is empty. Say why training is right here; the ledger keeps it.");
        RuleFor(r => r.Generate).SetValidator(new GenerateRules());
        RuleFor(r => r.Student).SetValidator(new StudentRules(known));
        RuleFor(r => r.Train).SetValidator(new TrainRules());
        RuleFor(r => r.Train.GradientCheckpointing).Equal(false).When(r => r.Student.Lora is { Dropout: > 0 }).WithMessage("is true, but student.lora.dropout would drop other inputs when a layer is computed again. Remove one of them.");
        RuleFor(r => r.Package).SetValidator(new PackageRules(known));
        RuleFor(r => r.Evaluate.Judge).Null().When(r => First(r)?.Gguf is null).WithMessage("compares with a GGUF teacher's answers, and there is none. Remove it.");
        RuleFor(r => r.Evaluate.Judge!.By!).SetValidator(new TeacherRules()).When(r => r.Evaluate.Judge?.By is not null);
        RuleFor(r => r.Evaluate.Judge!.Questions).GreaterThan(0).When(r => r.Evaluate.Judge is not null).WithMessage("is {PropertyValue}; it counts questions, 1 or more.");
        RuleFor(r => r.Evaluate.Robustness.Questions).InclusiveBetween(0, 100_000).WithMessage("is {PropertyValue}; it counts questions, and 0 asks none again.");
        RuleFor(r => r.Evaluate.Robustness.By!).SetValidator(new TeacherRules()).When(r => r.Evaluate.Robustness.By is not null);
        RuleFor(r => r.Evaluate.Robustness.By).Null().When(r => r.Evaluate.Robustness is { Questions: > 0, Paraphrases: false }).WithMessage("is given, but perturbations leave 'paraphrase' out, and it does nothing else. Add that, or remove this.");
        RuleFor(r => r.Evaluate.Split!.Threshold).Must(value => value is >= 0.6 and <= 1).When(r => r.Evaluate.Split is not null).WithMessage("is {PropertyValue}; it lies between 0.6 and 1.");
        RuleFor(r => r.Evaluate.Split!.Group).NotEqual(GroupColumn.Author).When(r => r.Evaluate.Split is not null && r.Prompts is not null).WithMessage("is 'author', but prompts have none before they are answered. Take another column, or remove it.");
        RuleFor(r => r.Evaluate.Split!.Group).Equal(GroupColumn.None).When(r => r.Evaluate.Split is not null && (r.Prompts?.Template ?? r.Dataset?.Template) is not null).WithMessage("is given, but a template itself says which prompts it holds out. Remove it, or put the column into the template's 'key'.");
        RuleFor(r => r.Evaluate.HeldOut).GreaterThanOrEqualTo(0).WithMessage("is {PropertyValue}; it counts rows.");
    }

    static bool IsSaid(string? text) => !string.IsNullOrWhiteSpace(text);

    /// <returns>Problems of keys that could be read; a key with a problem of its own is not judged again.</returns>
    public static IEnumerable<Problem> Check(Recipe recipe, KnownNames known, YamlNode root, IReadOnlyList<Problem> already)
    {
        var failed = already.Select(problem => problem.Where).ToList();
        return
        [
            .. from failure in new RecipeRules(known).Validate(recipe).Errors
               let key = string.Join('.', failure.PropertyName.Split('.', StringSplitOptions.RemoveEmptyEntries).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName))
               where !failed.Any(f => f == key || f.StartsWith(key + ".", StringComparison.Ordinal) || f.StartsWith(key + "[", StringComparison.Ordinal))
               select new Problem(key, failure.ErrorMessage, "", LineOf(root, key)),
        ];
    }

    void Sources()
    {
        RuleFor(r => r.Prompts).Null().When(r => r.Dataset is not null).WithMessage("is given beside dataset. Keep prompts (a teacher answers them) or the dataset (a teacher may score it).");
        RuleFor(r => r.Teacher).NotNull().When(r => r.Dataset is null && r.Teachers is null).WithMessage("is missing. Name who answers, 'teacher: { gguf: path }', or rows with answers, 'dataset: { jsonl: path }'.");
        RuleFor(r => r.Prompts).NotNull().When(r => HasTeacher(r) && r.Dataset is null).WithMessage("is missing. Say what the teacher is asked, e.g. 'prompts: { jsonl: questions.jsonl }'.");
        RuleFor(r => r.Prompts!).SetValidator(new PromptRules()).When(r => r.Prompts is not null);
        RuleFor(r => r.Dataset!).SetValidator(new DatasetRules()).When(r => r.Dataset is not null);
        RuleFor(r => r.Teacher!).SetValidator(new TeacherRules()).When(r => r.Teacher is not null);
        Several();
        RuleFor(r => r.Teacher!.When).Null().When(r => r.Teacher is not null).WithMessage("chooses among several teachers, and there is only one. Remove it, or name several under 'teachers'.");
        RuleFor(r => r.Generate.Overflow).Equal(Overflow.Fail).When(r => r.AllTeachers.Any(teacher => teacher.Api is not null)).WithMessage("is 'truncate', but an API does not say how long its context is. Remove it.");
        RuleFor(r => r.Teacher!.Api).Null().When(r => r.Dataset is not null && r.Teacher is not null).WithMessage("cannot score a dataset: APIs do not say what they think of given text. Take a GGUF teacher, or remove the teacher to train on the text alone.");
        RuleFor(r => r.Budget).SetValidator(new BudgetRules());
        Targets();
    }

    void Several()
    {
        RuleFor(r => r.Teachers).Null().When(r => r.Teacher is not null).WithMessage("is given beside teacher. Put that one into the list.");
        RuleFor(r => r.Teachers).Must(teachers => teachers!.All(teacher => teacher.Api is null)).When(r => r.Dataset is not null && r.Teachers is not null)
            .WithMessage("name an API, which cannot score a dataset: APIs do not say what they think of given text. Take GGUF teachers.");
        RuleFor(r => r.Teachers).NotEmpty().When(r => r.Teachers is not null).WithMessage("is empty. Name who answers, '- { gguf: path }'.");
        RuleFor(r => r.Teachers).Must(teachers => teachers!.DistinctBy(teacher => teacher.DisplayName).Count() == teachers!.Count).When(r => r.Teachers is not null)
            .WithMessage("have the same name twice. Give each a 'name' of its own.");
        RuleForEach(r => r.Teachers).SetValidator(new TeacherRules()).When(r => r.Teachers is not null);
        RuleFor(r => r.Routing).Equal(Routing.One).When(r => r.Teachers is null).WithMessage("is 'every', but there is only one teacher. Name several under 'teachers'.");
    }

    void Targets()
    {
        RuleFor(r => r.Student.Vocabulary).Must(v => !v.IsTeacher).When(r => r.Dataset is not null && !HasTeacher(r) && !r.Student.BringsVocabulary && r.Student.FolderTokenizer is null).WithMessage("is the teacher's, but a recipe with a dataset has no teacher. Write 'vocabulary: { train: 1024 }'.");
        RuleFor(r => r.Student.Vocabulary).Must(v => v.IsTeacher).When(r => HasTeacher(r) && r.Train.Targets is TrainTargets.Trace or TrainTargets.Online).WithMessage("is not the teacher's, so its token ids cannot be trained on. Write 'vocabulary: teacher', or 'targets: text-only' under train.");
        RuleFor(r => r.Train.Targets).Must(_ => false).When(r => r.Train.Targets is TrainTargets.Aligned or TrainTargets.Ranked && ((r.Student.Vocabulary.IsTeacher && !r.Student.BringsVocabulary) || !HasTeacher(r)))
            .WithMessage("brings what a teacher thought to another vocabulary, and there is none. Write 'targets: trace', or 'vocabulary: { train: 1024 }' under student.");
        RuleFor(r => r.Train.OnPolicy).Null().When(r => First(r)?.Gguf is null || All(r).Count > 1 || r.Train.Targets is not (TrainTargets.Trace or TrainTargets.Online))
            .WithMessage("needs one GGUF teacher that reads the student's tokens. Take one, with 'vocabulary: teacher', or remove it.");
        RuleFor(r => r.Student.Vocabulary).Must(v => !v.IsTeacher).When(r => First(r) is { Gguf: null, Api: not null, Tokenizer: null } && r.Train.Targets == TrainTargets.TextOnly && !r.Student.BringsVocabulary && r.Student.FolderTokenizer is null)
            .WithMessage("is the teacher's, but an API shows none. Write 'vocabulary: { train: 1024 }', or name a GGUF with its vocabulary, 'tokenizer: path', under the teacher.");
        RuleFor(r => r.Student.Embeddings).Equal(EmbeddingStart.Random).When(r => !r.Student.Vocabulary.IsTeacher || First(r)?.Gguf is null)
            .WithMessage("is 'teacher', which takes a GGUF teacher and its vocabulary. Remove it, or write 'vocabulary: teacher'.");
        RuleFor(r => r.Student.FromTeacher).Null().When(r => First(r)?.Gguf is null).WithMessage("takes a GGUF teacher. Name one, or start from a file, 'gguf: path'.");
        RuleFor(r => r.Student.Tokenizer).NotNull().When(r => r.Student.Huggingface is not null && First(r)?.Gguf is null && r.Student.FolderTokenizer is null).WithMessage("is missing, and the folder has no tokenizer.json. Write 'tokenizer: path' (a vocabulary-only GGUF, or a tokenizer.json).");
        RuleFor(r => r.Package.LoraAdapter).Equal(false).When(r => r.Student.Lora is null).WithMessage("is true, but the student has no 'lora'. Remove it.");
        RuleFor(r => r.Evaluate.Baseline).Equal(BaselineKind.None).When(r => r.Dataset is not null && !HasTeacher(r)).WithMessage("is 'teacher-text', but a recipe with a dataset has no teacher. Remove it.");
        RuleFor(r => r.Evaluate.Baseline).Equal(BaselineKind.None).When(r => HasTeacher(r) && r.Train.Targets is not (TrainTargets.Trace or TrainTargets.Online)).WithMessage("is 'teacher-text', but the student learns from the text itself (train.targets). Remove it.");
        RuleFor(r => r.Train.Targets).NotEqual(TrainTargets.Online).When(r => First(r)?.Gguf is null).WithMessage("is 'online', which takes a GGUF teacher of an architecture that is trained here. Name one, 'teacher: { gguf: path }'.");
        RuleFor(r => r.Train.Targets).Must(_ => false).When(r => HasTeacher(r) && r.Generate.TopLogprobs == 0 && r.Generate.RandomDraws == 0 && r.Train.Targets != TrainTargets.TextOnly).WithMessage(r => $"is '{(r.Train.Targets == TrainTargets.Trace ? "trace" : "online")}', but generate.top_logprobs is 0, so nothing is captured. Raise it, or write 'targets: text-only'.");
        RuleFor(r => r.Train.Targets).Equal(TrainTargets.TextOnly).When(r => All(r).Any(teacher => teacher is { Gguf: null, Api: not null, Tokenizer: null }))
            .WithMessage("is 'trace', but an API gives texts and no token ids. Write 'targets: text-only' under train, or name a GGUF with its vocabulary, 'tokenizer: path', under the teacher.");
    }

    static bool HasTeacher(Recipe recipe) => First(recipe) is not null;

    static TeacherSource? First(Recipe recipe) => All(recipe) is [var first, ..] ? first : null;

    static IReadOnlyList<TeacherSource> All(Recipe recipe) => recipe.AllTeachers;

    // The line of the deepest key on the way that the file has.
    static int LineOf(YamlNode root, string where)
    {
        var line = 0;
        var node = root;
        foreach (var step in where.Split('.'))
        {
            var key = step.Split('[');
            if (node is not YamlMap map || map[key[0]] is not { } entry)
            {
                break;
            }

            (line, node) = (entry.Line, entry.Value);
            if (key.Length == 2 && node is YamlList list && int.TryParse(key[1].TrimEnd(']'), out var index) && index < list.Items.Count)
            {
                (line, node) = (list.Items[index].Line, list.Items[index]);
            }
        }

        return line;
    }
}
