using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Models;
using DistillForge.Training;

namespace DistillForge.Runs.Stages;

/// <summary>Whether a recipe's student learns beside a teacher that reads its batches, and whether that teacher can.</summary>
static class TeacherAtHand
{
    /// <summary>What asks for it, as the recipe names it; null: nothing does.</summary>
    public static string? WantedBy(Recipe recipe)
        => recipe.Train.Targets == TrainTargets.Online ? "train.targets"
            : recipe.Train.Losses.FirstOrDefault(loss => TrainingCatalog.Representations.Contains(loss.Name) && TrainingCatalog.Representations.Create(loss.Name, loss.Options).NeedsTeacher)?.Name;

    /// <exception cref="ForgeException">The teacher is no file, speaks other tokens, or is of an architecture that is not trained here; before anything is asked.</exception>
    public static void Check(Recipe recipe)
    {
        if (WantedBy(recipe) is not { } wanted)
        {
            return;
        }

        Problem Unfit(string what, string instead) => new(wanted, what, instead);
        if (recipe.AllTeachers is not [{ Gguf: { } gguf, Lora: null }, ..] || !recipe.Student.Vocabulary.IsTeacher)
        {
            throw new ForgeException(recipe.Path, [Unfit("needs a teacher that reads the student's batches.", "Name a GGUF teacher without an adapter, and write 'vocabulary: teacher' under student; or remove this.")]);
        }

        using var file = GgufFile.Open(gguf.Path);
        if (file.Metadata.RequiredText("general.architecture") is var architecture && !TrainingCatalog.Architectures.Contains(architecture))
        {
            throw new ForgeException(recipe.Path, [Unfit($"needs a teacher that is computed here, and {gguf.Written} is a '{architecture}' model.", $"Computed here: {string.Join(", ", TrainingCatalog.Architectures.Names)}. Write 'targets: trace' and losses on tokens instead.")]);
        }
    }
}
