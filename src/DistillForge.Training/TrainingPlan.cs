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

    /// <summary>Rows × longest row, at most.</summary>
    public int TokensPerBatch { get; init; } = 2048;

    /// <summary>At the peak.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Share of the steps.</summary>
    public double WarmupFraction { get; init; } = 0.05;

    /// <summary>Decoupled, of matrices; norms are left alone.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Largest norm of the whole gradient.</summary>
    public double Clip { get; init; } = 1;

    public Precision Precision { get; init; } = Precision.BFloat16;

    /// <summary>Share of the rows that are held out and only measured.</summary>
    public double ValidationShare { get; init; } = 0.02;

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 500;

    /// <summary><c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, …</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>0 takes the machine's processors.</summary>
    public int Threads { get; init; }
}

/// <summary>What came of a training run.</summary>
/// <param name="Tokens">Input tokens of all steps, without padding.</param>
/// <param name="TrainedTokens">Those that had a target.</param>
/// <param name="Seconds">Of all steps, over all interruptions.</param>
public sealed record TrainingResult(long Parameters, long Steps, long Tokens, long TrainedTokens, double Seconds, TrainingCurve Curve);
