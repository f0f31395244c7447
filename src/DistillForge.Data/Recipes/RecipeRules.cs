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
        RuleFor(r => r.Generate).SetValidator(new GenerateRules());
        RuleFor(r => r.Student).SetValidator(new StudentRules(known));
        RuleFor(r => r.Train).SetValidator(new TrainRules());
        RuleFor(r => r.Package).SetValidator(new PackageRules(known));
        RuleFor(r => r.Evaluate.HeldOut).GreaterThanOrEqualTo(0).WithMessage("is {PropertyValue}; it counts rows.");
    }

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
        RuleFor(r => r.Teacher).Null().When(r => r.Dataset is not null).WithMessage("is given beside dataset. Keep the teacher (with prompts) or the dataset.");
        RuleFor(r => r.Prompts).Null().When(r => r.Dataset is not null).WithMessage("is given beside dataset. Keep teacher and prompts, or the dataset.");
        RuleFor(r => r.Teacher).NotNull().When(r => r.Dataset is null).WithMessage("is missing. Name who answers, 'teacher: { gguf: path }', or rows with answers, 'dataset: { jsonl: path }'.");
        RuleFor(r => r.Prompts).NotNull().When(r => r.Teacher is not null && r.Dataset is null).WithMessage("is missing. Say what the teacher is asked, e.g. 'prompts: { jsonl: questions.jsonl }'.");
        RuleFor(r => r.Prompts!).SetValidator(new PromptRules()).When(r => r.Prompts is not null);
        RuleFor(r => r.Dataset!).SetValidator(new DatasetRules()).When(r => r.Dataset is not null);
        RuleFor(r => r.Teacher!.Context).GreaterThanOrEqualTo(0).When(r => r.Teacher is not null).WithMessage("is {PropertyValue}; it counts tokens, and 0 takes the model's own.");
        RuleFor(r => r.Teacher!.Threads).InclusiveBetween(0, 1024).When(r => r.Teacher is not null).WithMessage("is {PropertyValue}; it counts threads, and 0 chooses.");
        RuleFor(r => r.Teacher!.Parallel).InclusiveBetween(0, 1024).When(r => r.Teacher is not null).WithMessage("is {PropertyValue}; it counts conversations, and 0 chooses.");
        RuleFor(r => r.Student.Vocabulary).Must(v => !v.IsTeacher).When(r => r.Dataset is not null).WithMessage("is the teacher's, but a recipe with a dataset has no teacher. Write 'vocabulary: { train: 1024 }'.");
        RuleFor(r => r.Student.Vocabulary).Must(v => v.IsTeacher).When(r => r.Teacher is not null && r.Train.Targets == TrainTargets.Trace).WithMessage("is not the teacher's, so its token ids cannot be trained on. Write 'vocabulary: teacher', or 'targets: text-only' under train.");
        RuleFor(r => r.Evaluate.Baseline).Equal(BaselineKind.None).When(r => r.Dataset is not null).WithMessage("is 'teacher-text', but a recipe with a dataset has no teacher. Remove it.");
        RuleFor(r => r.Train.Targets).Must(_ => false).When(r => r.Teacher is not null && r.Generate.TopLogprobs == 0 && r.Generate.RandomDraws == 0 && r.Train.Targets == TrainTargets.Trace).WithMessage("is 'trace', but generate.top_logprobs is 0, so nothing is captured. Raise it, or write 'targets: text-only'.");
    }

    // The line of the deepest key on the way that the file has.
    static int LineOf(YamlNode root, string where)
    {
        var line = 0;
        var node = root;
        foreach (var key in where.Split('.'))
        {
            if (node is not YamlMap map || map[key.Split('[')[0]] is not { } entry)
            {
                break;
            }

            (line, node) = (entry.Line, entry.Value);
        }

        return line;
    }
}
