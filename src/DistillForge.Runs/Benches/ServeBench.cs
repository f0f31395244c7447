using DistillForge.Core;

namespace DistillForge.Runs.Benches;

/// <summary>
/// The server under load: 1, 8 and 32 clients that each ask again as soon as they are answered, with and without streaming and
/// log-probabilities, against llama.cpp's own <c>llama-server</c> on the same file with the same requests.
/// </summary>
/// <remarks>Both are processes of their own with as many slots as there are clients at most. The one client program asks both.</remarks>
[Component("serve")]
public sealed class ServeBench : IBench
{
    const int UsualTokens = 64;
    const int UsualWords = 100;
    const int MostClients = 32;

    static readonly Load[] Loads =
    [
        new("chat, 8 clients, streaming", 8, Kind.Chat, Streams: true),
        new("chat, 1 client, streaming", 1, Kind.Chat, Streams: true),
        new("chat, 32 clients, streaming", 32, Kind.Chat, Streams: true),
        new("chat, 1 client", 1, Kind.Chat),
        new("chat, 8 clients", 8, Kind.Chat),
        new("chat, 32 clients", 32, Kind.Chat),
        new("chat, 8 clients, 5 log-probabilities a token", 8, Kind.Chat, Logprobs: 5),
        new("chat, 8 clients, streaming, 5 log-probabilities a token", 8, Kind.Chat, Streams: true, Logprobs: 5),
        new("prompts read, 8 clients", 8, Kind.Prompt),
    ];

    public string Purpose => "Tokens a second of a server under 1, 8 and 32 clients, streaming or not, with log-probabilities or not, against llama-server (--peer).";

    public async Task<Measurement> MeasureAsync(BenchRequest request, IProgressLog log, CancellationToken cancellationToken)
    {
        var loads = Loads.Where(load => request.Trials.Wants(load.Name)).ToList();
        if (loads.Count == 0)
        {
            throw new ForgeException(new Problem("--loads", $"'{request.Trials.Only}' is part of no load's name.", $"The loads are: {string.Join("; ", Loads.Select(load => load.Name))}."));
        }

        var path = Path.GetFullPath(request.ModelOr("100m-32k", log));
        // A large model is measured with short prompts and answers.
        var (tokens, words) = request.Tokens > 0 ? (request.Tokens, request.Tokens) : (UsualTokens, UsualWords);
        var slots = request.Parallel > 0 ? request.Parallel : MostClients;
        await using var ours = await ServerProcess.OursAsync(path, slots, request.Threads, cancellationToken);
        await using var theirs = request.Peer is { } peer ? await ServerProcess.LlamaServerAsync(peer, path, slots, request.EffectiveThreads, cancellationToken) : null;
        ServerProcess[] servers = theirs is null ? [ours] : [ours, theirs];
        var things = loads.SelectMany(load => servers.Select(server => (Func<Task<double>>)(() => new ServeLoad(server.Address, load, tokens, words).RateAsync(cancellationToken)))).ToList();
        // What is compiled and loaded at first use.
        await Rounds.AllAsync(1, "warming up", log, [.. things.Take(servers.Length)], cancellationToken);
        var seen = await Rounds.AllAsync(request.Rounds > 0 ? request.Rounds : 3, "serve", log, things, cancellationToken);
        // Nobody else reads prompts' log-probabilities: beside the same prompts without.
        var prompts = await Rounds.AllAsync(request.Rounds > 0 ? request.Rounds : 3, "prompt log-probabilities", log,
            [.. new[] { 5, 0 }.Select(logprobs => (Func<Task<double>>)(() => new ServeLoad(ours.Address, new Load("prompts", 8, Kind.Prompt, Logprobs: logprobs), tokens, words).RateAsync(cancellationToken)))], cancellationToken);
        var figures = loads.Select((load, i) => theirs is null
            ? new Measurement(load.Name, Rounds.Median(seen[i]), "tokens/s", Better.Higher)
            : Beside(load.Name, seen[2 * i], seen[(2 * i) + 1], "llama-server")).ToList();
        figures.Add(Beside("prompts with 5 log-probabilities a token, 8 clients", prompts[0], prompts[1], "the same prompts read"));
        return figures[0] with { Name = $"serve {figures[0].Name}", Details = [.. figures.Skip(1)] };
    }

    // The ratio is the median of the rounds': what disturbs a round disturbs both.
    static Measurement Beside(string name, IReadOnlyList<double> ours, IReadOnlyList<double> theirs, string reference)
        => Measurement.Beside(name, Rounds.Median(ours), "tokens/s", Better.Higher, reference, Rounds.Median(theirs)) with { Ratio = Rounds.Median(ours.Zip(theirs, (a, b) => a / b)) };

    internal enum Kind
    {
        /// <summary>Answers of the bench's length; the answers' tokens count.</summary>
        Chat,

        /// <summary>One token is asked for; the prompts' tokens count.</summary>
        Prompt,
    }

    /// <param name="Logprobs">Alternatives a token; 0 asks for none.</param>
    internal sealed record Load(string Name, int Clients, Kind Kind, bool Streams = false, int Logprobs = 0);
}
