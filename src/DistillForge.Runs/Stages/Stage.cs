using DistillForge.Data;
using DistillForge.Evaluation;
using DistillForge.Runs.Lineage;

namespace DistillForge.Runs.Stages;

/// <summary>One step of a run: reads files, writes files, and says in a manifest what it made from what.</summary>
/// <remarks>
/// The implementer writes its outputs under their final names only when they are whole, goes on where an interrupted
/// execution stopped, and puts everything that decides the result into <see cref="Wanted"/>.
/// </remarks>
abstract class Stage(RunContext run)
{
    /// <summary>Figure of what the machine's processors used meanwhile, others' work included; absent where no counter can be read.</summary>
    public const string Joules = "joules";

    protected RunContext Run { get; } = run;

    /// <summary>Also the manifest's file name, and what <c>run --until</c> means.</summary>
    public abstract string Name { get; }

    /// <summary>The command that ends with this stage: <c>generate</c>, <c>filter</c>, <c>train</c>, <c>package</c> or <c>evaluate</c>.</summary>
    public abstract string Command { get; }

    /// <summary>Keys of the recipe that this stage reads.</summary>
    protected abstract IReadOnlyList<string> RecipeKeys { get; }

    /// <summary>What this stage reads, by the name it has in the manifest; files or folders.</summary>
    protected abstract IReadOnlyDictionary<string, string> Inputs { get; }

    /// <summary>What this stage reads that is no file of its own: name → hash of its content.</summary>
    protected virtual IReadOnlyDictionary<string, string> Contents => new Dictionary<string, string>();

    /// <summary>What this stage makes, relative to the run folder; files or folders.</summary>
    protected abstract IReadOnlyList<string> Outputs { get; }

    /// <summary>What an execution chose for itself, e.g. the number of parallel sequences; for the manifest.</summary>
    protected Dictionary<string, string> Chosen { get; } = [];

    /// <summary>What the ledger says of the stage beside its figures, e.g. which policy judged.</summary>
    protected virtual IReadOnlyDictionary<string, string>? Facts => null;

    /// <summary>What is done, with its figures for the manifest.</summary>
    protected abstract Task<IReadOnlyDictionary<string, double>> ExecuteAsync(CancellationToken cancellationToken);

    /// <summary>Null when the stage is done and nothing that it depends on changed, else what changed, for a person.</summary>
    public string? WhyNow() => Manifest.WhyRedo(Manifest.TryRead(Run.Folder.Path, Name), Wanted(), Run.Folder.Path, Run.Hashes);

    /// <returns>Seconds it took; what a skipped stage took when it ran.</returns>
    public async Task<Manifest> DoAsync(CancellationToken cancellationToken)
    {
        if (WhyNow() is not { } why)
        {
            return Manifest.TryRead(Run.Folder.Path, Name)!;
        }

        Run.Progress.Say($"{Name}: {why}");
        var start = Run.Clock.GetTimestamp();
        var energy = EnergyCounter.Start();
        var figures = await ExecuteAsync(cancellationToken);
        // A run that was interrupted adds up, because the stage's own time is what a user waits for in this one.
        var seconds = Run.Clock.GetElapsedTime(start).TotalSeconds;
        var earlier = Manifest.TryRead(Run.Folder.Path, Name);
        var used = energy?.Joules is { } joules ? new Dictionary<string, double> { [Joules] = Math.Round(joules, 1) } : [];
        var manifest = Wanted().WithOutputs(Run.Folder.Path, Run.Hashes, [.. Outputs.Where(output => Path.Exists(Run.Folder.In(output)))]) with
        {
            Figures = new Dictionary<string, double>(figures.Concat(used)) { ["seconds"] = Math.Round(seconds, 3) },
            // An execution that found everything done asked nobody: what was chosen before still holds for its rows.
            Chosen = Chosen.Count > 0 ? Chosen : earlier?.Chosen ?? new Dictionary<string, string>(),
        };
        // In this order: a stage that is done is in the ledger, whenever the program is killed; one that is not done is done again.
        RunLedger.Append(Run.Folder.Path, Run.Clock.GetUtcNow(), Name, manifest.Sha256, manifest.Figures, Facts);
        manifest.Write(Run.Folder.Path);
        Run.Hashes.Save();
        return manifest;
    }

    Manifest Wanted() => new()
    {
        Stage = Name,
        Recipe = RecipePart.Of(Run.Recipe, [.. RecipeKeys]).Text,
        Seed = Run.Recipe.Seed,
        Inputs = Inputs.Select(input => new KeyValuePair<string, string>(input.Key, HashOf(input.Value))).Concat(Contents).ToDictionary(),
        Versions = new Dictionary<string, string> { ["distillforge"] = RunContext.Version },
    };

    string HashOf(string path) => Directory.Exists(path) ? Run.Hashes.OfFolder(path) : File.Exists(path) ? Run.Hashes.Of(path) : "absent";
}
