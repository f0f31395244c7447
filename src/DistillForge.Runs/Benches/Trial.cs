using System.Text.Json;
using System.Text.Json.Serialization;

namespace DistillForge.Runs.Benches;

/// <summary>One training of a bench that compares trainings, and what came of it: a line of <c>results.jsonl</c>.</summary>
/// <param name="Setup">Hash of all else that decides the outcome: model, rows, shape, …</param>
/// <param name="Seed">0 tries the learning rate, 1 … are the seeds that are reported.</param>
sealed record Trial(string Setup, string Method, double Rate, long Seed)
{
    /// <summary>Empty until it is done.</summary>
    public IReadOnlyDictionary<string, double> Figures { get; init; } = new Dictionary<string, double>();

    public bool Is(Trial other) => (Setup, Method, Rate, Seed) == (other.Setup, other.Method, other.Rate, other.Seed);
}

/// <summary>Trials that are done, appended one by one: what was interrupted goes on, and what was cut off still says what it found.</summary>
sealed class TrialBook
{
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    readonly Lock writing = new();
    readonly string path;
    readonly List<Trial> trials = [];

    /// <summary>Reads what is there; a last line that was torn off is cut.</summary>
    public TrialBook(string path)
    {
        this.path = path;
        if (!File.Exists(path))
        {
            return;
        }

        var text = File.ReadAllText(path);
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        if (whole.Length < text.Length)
        {
            File.WriteAllText(path, whole);
        }

        trials.AddRange(whole.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Trial>(line, Json)!));
    }

    public Trial? Find(Trial wanted)
    {
        lock (writing)
        {
            return trials.Find(trial => trial.Is(wanted));
        }
    }

    public void Add(Trial done)
    {
        lock (writing)
        {
            trials.Add(done);
            File.AppendAllText(path, JsonSerializer.Serialize(done, Json) + "\n");
        }
    }
}
