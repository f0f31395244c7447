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
    /// <summary>What the benches that compare trainings are asked.</summary>
    public TrialRequest Trials { get; init; } = new();

    public int EffectiveThreads => Threads > 0 ? Threads : Environment.ProcessorCount;

    /// <summary>The GGUF to measure on; made first where it is asked for and not there yet.</summary>
    /// <param name="otherwise">The shape where the request names neither file nor shape.</param>
    public string ModelOr(string otherwise, IProgressLog log) => Model ?? SpeedModel.Make(Make ?? otherwise, Type, log);
}

/// <summary>What a bench that compares many trainings is asked; 0 and null take its own choice.</summary>
/// <param name="Work">A folder that keeps answers, traces and each training's figures, so that the same command goes on there; null: none is kept.</param>
/// <param name="Seeds">Trainings of each method, besides those that choose its learning rate.</param>
/// <param name="Jobs">Trainings at a time, of one thread each.</param>
/// <param name="Minutes">When no more is trained.</param>
/// <param name="Only">Parts of the names of the methods that are compared, with semicolons between; '-part' leaves out; null: all.</param>
/// <param name="Rates">Learning rates to choose from.</param>
/// <param name="Prompts">Questions to the teacher.</param>
/// <param name="Samples">Answers a question.</param>
public sealed record TrialRequest(string? Work = null, int Seeds = 0, int Jobs = 0, double Minutes = 0, string? Only = null, IReadOnlyList<double>? Rates = null, int Prompts = 0, int Samples = 0)
{
    public TimeSpan? Limit => Minutes > 0 ? TimeSpan.FromMinutes(Minutes) : null;

    /// <summary>It has one of the parts, if there are any, and none of those that a '-' goes before.</summary>
    public bool Wants(string method)
    {
        var parts = (Only ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        bool Has(string part) => method.Contains(part, StringComparison.OrdinalIgnoreCase);
        return (parts.All(part => part.StartsWith('-')) || parts.Any(Has)) && !parts.Any(part => part.StartsWith('-') && Has(part[1..]));
    }
}

/// <summary>All benches of DistillForge.</summary>
public static class BenchCatalog
{
    public static Catalog<IBench> All { get; } = new(typeof(BenchCatalog).Assembly);
}
