using DistillForge.Core;
using DistillForge.Models;
using DistillForge.Text;

namespace DistillForge.Training;

/// <summary>A loss as the recipe names it.</summary>
/// <param name="Name">In one of the catalogs of losses.</param>
/// <param name="Weight">Null is 1.</param>
/// <param name="Options">Null for the loss's defaults.</param>
/// <param name="Tokens">How much each token counts; null: all alike.</param>
public sealed record LossTerm(string Name, ScheduledWeight? Weight = null, IOptionsSource? Options = null, TokenWeighting? Tokens = null)
{
    public ScheduledWeight Share => Weight ?? 1;
}

/// <summary>A network that exists before training.</summary>
/// <param name="Identity">Names its weights and everything else that <paramref name="Build"/> depends on: a checkpoint of another one is not continued.</param>
public sealed record StartingNetwork(string Identity, Func<Device, Network> Build);

/// <summary>What is trained, on what terms; the rows come apart.</summary>
public sealed record TrainingPlan
{
    public required ModelShape Shape { get; init; }

    /// <summary>The student's; rows of another vocabulary are refused.</summary>
    public required Vocabulary Vocabulary { get; init; }

    public required IReadOnlyList<LossTerm> Losses { get; init; }

    /// <summary>Worse answers to the prompts of the rows, by the rows' ids, where rows are pairs; for losses on preferences.</summary>
    public IReadOnlyList<TokenTrace>? Rejected { get; init; }

    /// <summary>Decides initialisation and order, and nothing else is left to chance.</summary>
    public required long Seed { get; init; }

    /// <summary>Set where each row has a trace of each of several teachers.</summary>
    public TeacherEnsemble? Ensemble { get; init; }

    /// <summary>What training starts from; null draws a network from the seed.</summary>
    public StartingNetwork? Start { get; init; }

    /// <summary>A GGUF of one of our architectures that reads the student's batches as a torch network; null where none is needed.</summary>
    public string? Teacher { get; init; }

    /// <summary>The whole distribution of <see cref="Teacher"/> takes the place of what traces hold.</summary>
    public bool OnlineTargets { get; init; }

    /// <summary>The heads of the rows are probabilities by rank, of a teacher with another vocabulary.</summary>
    public bool RankedHeads { get; init; }

    /// <summary>Set where the student learns from its own answers, too.</summary>
    public OnPolicy? OnPolicy { get; init; }

    /// <summary>[V · d] What the embedding starts from instead of chance; null draws it.</summary>
    public IReadOnlyList<float>? Embedding { get; init; }

    /// <summary>How often each row is seen.</summary>
    public int Epochs { get; init; } = 8;

    /// <summary>Ends after so many steps instead, however many epochs that takes; 0 leaves it to <see cref="Epochs"/>.</summary>
    public long Steps { get; init; }

    /// <summary>Rows × longest row of a step, at most.</summary>
    public int TokensPerBatch { get; init; } = 2048;

    /// <summary>Rows × longest row that are computed at once, at most: a step's gradient is gathered from such parts. 0: the whole step.</summary>
    public int MicroBatch { get; init; }

    /// <summary>Rows lie end to end without padding, each attending to itself alone; they meet by chance, not by length.</summary>
    public bool Packing { get; init; }

    /// <summary>Layers are computed again on the way back instead of being remembered: less memory, a third more work, the same result to rounding.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>At the peak.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Share of the steps.</summary>
    public double WarmupFraction { get; init; } = 0.05;

    public RateSchedule Schedule { get; init; } = RateSchedule.Cosine;

    /// <summary>Share of the peak that is left at the last step.</summary>
    public double FinalRate { get; init; } = Training.Schedule.DefaultFloor;

    /// <summary>Share of the steps over which <see cref="RateSchedule.Wsd"/> falls.</summary>
    public double DecayFraction { get; init; } = 0.2;

    /// <summary>Decoupled, of matrices; norms are left alone.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Largest norm of the whole gradient.</summary>
    public double Clip { get; init; } = 1;

    /// <summary>Float32 is taken in place of bfloat16 on processors that would be slow at it (<see cref="FastProducts"/>).</summary>
    public Precision Precision { get; init; } = Precision.BFloat16;

    /// <summary>Share of the rows that are held out and only measured.</summary>
    public double ValidationShare { get; init; } = 0.02;

    /// <summary>Ids of the rows that are held out; null chooses <see cref="ValidationShare"/> of them by a hash of each id.</summary>
    public IReadOnlySet<string>? ValidationIds { get; init; }

    /// <summary>Steps between measurements of the held-out rows; 0: after each epoch.</summary>
    public long ValidateEvery { get; init; }

    /// <summary>Training ends after so many measurements in a row that are no better than the best one; 0: never.</summary>
    public int Patience { get; init; }

    public KeptWeights Keep { get; init; } = KeptWeights.Last;

    /// <summary>Decay of a moving average of the weights, which is measured and leaves in their place; 0: none.</summary>
    public double Ema { get; init; }

    /// <summary>Asked after each measurement, of all so far: why training should end here, or null.</summary>
    public Func<IReadOnlyList<ValidationPoint>, string?>? EndsAfter { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 500;

    /// <summary><c>auto</c> (a GPU if libtorch sees one), <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, …</summary>
    public string Device { get; init; } = "auto";

    /// <summary>0 takes the machine's processors.</summary>
    public int Threads { get; init; }
}

/// <summary>What came of a training run.</summary>
/// <param name="Parameters">Of the whole student, frozen ones included.</param>
/// <param name="TrainedParameters">Those that training may change: all, or an adapter's.</param>
/// <param name="Steps">That were done.</param>
/// <param name="Tokens">Input tokens of all steps, without padding.</param>
/// <param name="TrainedTokens">Those that had a target.</param>
/// <param name="Seconds">Of all steps, over all interruptions.</param>
public sealed record TrainingResult(long Parameters, long TrainedParameters, long Steps, long Tokens, long TrainedTokens, double Seconds, TrainingCurve Curve)
{
    /// <summary>Of the matrix products; float32 where bfloat16 was asked of a processor that is slow at it.</summary>
    public Precision Precision { get; init; }
}
