using DistillForge.Models;
using DistillForge.Packaging;

namespace DistillForge.Engines.Tests.Packaging;

public sealed class HuggingFaceFolderTests : IDisposable
{
    readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void The_weights_are_the_checkpoints_own_and_stay_when_it_is_trained_again()
    {
        var weights = Path.Combine(TinyStudent.Write(scratch), "model.safetensors");
        var bytes = File.ReadAllBytes(weights);
        HuggingFaceFolder.Write(Path.GetDirectoryName(weights)!, scratch["hf"]);

        SafetensorsWriter.Write(weights, [SafetensorsSource.Of("other", [1], new float[] { 1 })]);

        Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(scratch["hf"], "model.safetensors")));
        Assert.NotEqual(bytes, File.ReadAllBytes(weights));
    }

    [Fact]
    public void A_second_name_costs_no_second_file_and_across_file_systems_it_is_a_copy()
    {
        File.WriteAllText(scratch["a"], "weights");
        DurableFile.Link(scratch["a"], scratch["b"]);
        var elsewhere = Path.Combine("/dev/shm", $"distillforge-{Guid.NewGuid():n}");
        try
        {
            DurableFile.Link(scratch["a"], elsewhere);
            File.AppendAllText(scratch["a"], "!");

            Assert.Equal(("weights!", "weights"), (File.ReadAllText(scratch["b"]), File.ReadAllText(elsewhere)));
        }
        finally
        {
            File.Delete(elsewhere);
        }
    }
}
