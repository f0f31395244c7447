using DistillForge.Core;

namespace DistillForge.Training;

/// <summary>Where tensors live.</summary>
static class Accelerator
{
    /// <param name="name"><c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, …</param>
    /// <exception cref="ForgeException">There is no such device.</exception>
    public static Device Find(string name)
    {
        if (name == "cpu" || (name == "auto" && !cuda.is_available()))
        {
            return CPU;
        }

        if (name == "auto")
        {
            return device("cuda");
        }

        if (name == "cuda" || name.StartsWith("cuda:", StringComparison.Ordinal))
        {
            return cuda.is_available() ? device(name) : throw new ForgeException(new Problem("train.device", $"is {name}, but libtorch sees no such GPU.", "Use cpu, or point TORCH_DIR at a libtorch with CUDA."), ExitCode.Unavailable);
        }

        throw new ForgeException(new Problem("train.device", $"is '{name}'.", "Known: auto, cpu, cuda, cuda:0, …"));
    }
}
