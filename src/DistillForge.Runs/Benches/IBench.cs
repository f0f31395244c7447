using DistillForge.Core;

namespace DistillForge.Runs.Benches;

/// <summary>Measures one thing that DistillForge promises, beside a reference: <c>distillforge bench NAME</c>.</summary>
/// <remarks>
/// The implementer measures ours and the reference in turns within one run, so that a busy machine disturbs both alike, and takes
/// medians, see <see cref="Rounds"/>.
/// </remarks>
public interface IBench
{
    /// <summary>One sentence for the help.</summary>
    string Purpose { get; }

    Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken);
}

/// <summary>What a bench is asked to measure on.</summary>
/// <param name="Model">A GGUF of one's own; null takes the one that <paramref name="Make"/> says, or the bench's own choice.</param>
/// <param name="Make">A shape of <see cref="SpeedModel"/> to make with random weights.</param>
/// <param name="Type">Of the weights that are made.</param>
/// <param name="Threads">0 takes every core.</param>
/// <param name="Parallel">Sequences decoded side by side; 0 lets the engine choose.</param>
/// <param name="Rounds">How often ours and the reference are measured, in turns; 0 takes the bench's own number.</param>
/// <param name="Tokens">Of a prompt and of an answer; 0 takes the bench's own numbers.</param>
/// <param name="Peer">A program to compare with, where the bench knows one.</param>
/// <param name="Data">Questions to the model, where the bench asks some.</param>
/// <param name="Device">Where a bench of training computes: <c>cpu</c>, <c>cuda</c>, ….</param>
public sealed record BenchRequest(string? Model = null, string? Make = null, string Type = "q8_0", int Threads = 0, int Parallel = 0, int Rounds = 0, int Tokens = 0, string? Peer = null, string? Data = null, string Device = "cpu")
{
    public int EffectiveThreads => Threads > 0 ? Threads : Environment.ProcessorCount;

    /// <summary>The GGUF to measure on; made first where it is asked for and not there yet.</summary>
    /// <param name="otherwise">The shape where the request names neither file nor shape.</param>
    public string ModelOr(string otherwise, IProgressLog log) => Model ?? SpeedModel.Make(Make ?? otherwise, Type, log);
}

/// <summary>All benches of DistillForge.</summary>
public static class BenchCatalog
{
    public static Catalog<IBench> All { get; } = new(typeof(BenchCatalog).Assembly);
}
