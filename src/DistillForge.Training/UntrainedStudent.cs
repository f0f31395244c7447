using DistillForge.Models;
using DistillForge.Training.Pretrained;

namespace DistillForge.Training;

/// <summary>The student as it was before its first step: what training is worth is the distance from here.</summary>
public static class UntrainedStudent
{
    /// <param name="start">The weights that it starts from; null where they are drawn from the plan's seed. Adapters start as nothing, so they are left out.</param>
    /// <param name="folder">Gets <c>model.safetensors</c>, <c>config.json</c> and <c>vocabulary.gguf</c>.</param>
    public static Task WriteAsync(TrainingPlan plan, PretrainedWeights? start, string folder)
        // A thread of its own: tensor scopes belong to a thread, and the work never waits.
        => Task.Factory.StartNew(() => Write(plan, start, folder), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    static void Write(TrainingPlan plan, PretrainedWeights? start, string folder)
    {
        using var network = start?.Build(CPU) ?? TrainingCatalog.Architectures.Create(plan.Shape.Architecture, options: null).Build(plan.Shape, plan.Seed, CPU);
        if (plan.Embedding is { } embedding)
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            network.Embedding.Value.copy_(tensor(embedding.ToArray(), network.Embedding.Value.shape));
        }

        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. network.Weights.Select(weight => Checkpoint.Source(weight.Name, weight.Value, weight.Transposed))]);
        DurableFile.Write(Path.Combine(folder, "config.json"), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(HuggingFaceConfig.Write(plan.Shape, plan.Vocabulary.Bos, plan.Vocabulary.Eos))));
        plan.Vocabulary.Write(Path.Combine(folder, "vocabulary.gguf"));
    }
}
