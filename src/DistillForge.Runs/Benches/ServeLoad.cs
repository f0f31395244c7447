using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Runs.Benches;

/// <summary>Clients that ask a server one thing after the other, until each has had its share.</summary>
/// <param name="words">Of a prompt; a word is one to three tokens.</param>
sealed class ServeLoad(Uri server, ServeBench.Load load, int tokens, int words)
{
    const int FewestRequests = 8;

    static long asked;

    /// <returns>Tokens a second, from the first request to the last answer.</returns>
    public async Task<double> RateAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = load.Clients, UseProxy = false }) { BaseAddress = server, Timeout = TimeSpan.FromMinutes(10) };
        // On connections that were kept, llama-server's answers ended before they began; one for each request they do not.
        client.DefaultRequestHeaders.ConnectionClose = true;
        var each = Math.Max(2, FewestRequests / load.Clients);
        var start = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, load.Clients).Select(_ => AskAsync(client, each, cancellationToken)));
        return counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    async Task<long> AskAsync(HttpClient client, int times, CancellationToken cancellationToken)
    {
        var count = 0L;
        for (var i = 0; i < times; i++)
        {
            using var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(Request(Text(Interlocked.Increment(ref asked)))));
            body.Headers.ContentType = new("application/json");
            count += await AnswerAsync(client, body, cancellationToken);
        }

        return count;
    }

    async Task<long> AnswerAsync(HttpClient client, HttpContent body, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.PostAsync(load.Kind == ServeBench.Kind.Chat ? "v1/chat/completions" : "v1/completions", body, cancellationToken);
            var said = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.IsSuccessStatusCode ? Count(said) : throw new ForgeException(new Problem(server.ToString(), $"answered {(int)response.StatusCode}: {Encoding.UTF8.GetString(said)}", "Give a model with a chat template."));
        }
        catch (HttpRequestException broken)
        {
            throw new ForgeException(new Problem(server.ToString(), $"broke off in the middle of an answer: {broken.Message}", "Start that server by hand to see why."), ExitCode.Unavailable, broken);
        }
    }

    Dictionary<string, object> Request(string text)
    {
        Dictionary<string, object> request = load.Kind == ServeBench.Kind.Chat
            ? new() { ["messages"] = new[] { new { role = "user", content = text } }, ["max_tokens"] = tokens }
            : new() { ["prompt"] = text, ["max_tokens"] = 1 };
        request["temperature"] = 1;
        request["top_k"] = 0;
        request["top_p"] = 1;
        request["min_p"] = 0;
        if (load.Streams)
        {
            request["stream"] = true;
            request["stream_options"] = new { include_usage = true };
        }

        if (load.Logprobs > 0)
        {
            request["logprobs"] = load.Kind == ServeBench.Kind.Chat ? true : load.Logprobs;
            // A prompt's own are told where it is repeated.
            (string name, object value) = load.Kind == ServeBench.Kind.Chat ? ("top_logprobs", (object)load.Logprobs) : ("echo", true);
            request[name] = value;
        }

        return request;
    }

    // By the usage, which stands at the end of an answer and of a stream.
    long Count(byte[] said)
    {
        var text = Encoding.UTF8.GetString(said);
        var name = load.Kind == ServeBench.Kind.Chat ? "\"completion_tokens\":" : "\"prompt_tokens\":";
        var at = text.LastIndexOf(name, StringComparison.Ordinal);
        var digits = at < 0 ? "" : string.Concat(text[(at + name.Length)..].TrimStart().TakeWhile(char.IsAsciiDigit));
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : throw new ForgeException(new Problem(server.ToString(), "an answer says no usage."));
    }

    // Words that differ from request to request, so that no cache knows them.
    string Text(long number)
    {
        var random = Seeds.Source(number, "serve");
        var text = new StringBuilder();
        for (var word = 0; word < words; word++)
        {
            text.Append(word == 0 ? "" : " ").Append((char)('a' + random.Next(26))).Append((char)('a' + random.Next(26)));
        }

        return text.ToString();
    }
}
