using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DistillForge.TestSupport;

/// <summary>What came in.</summary>
/// <param name="Number">From 0, in the order of arrival.</param>
sealed record TestRequest(int Number, string Path, IReadOnlyDictionary<string, string> Headers, JsonElement Body)
{
    public string LastMessage => Body.GetProperty("messages").EnumerateArray().Last().GetProperty("content").GetString()!;
}

/// <summary>What goes out, and how it goes wrong.</summary>
/// <param name="CutAfter">Bytes of the body after which the connection is closed.</param>
/// <param name="Delay">Before anything is sent; a minute never ends in a test.</param>
/// <param name="Raw">Instead of everything else: these bytes, whatever they are.</param>
sealed record TestReply(string Body = "", int Status = 200, int? CutAfter = null, TimeSpan Delay = default, string? Raw = null)
{
    public Dictionary<string, string> Headers { get; init; } = [];

    public byte[]? Bytes { get; init; }

    public static TestReply Never { get; } = new(Delay: TimeSpan.FromMinutes(1));

    public static TestReply Error(int status, string message, string code = "", string? retryAfter = null)
        => new(JsonSerializer.Serialize(new { error = new { message, code, type = "error" } }), status) { Headers = retryAfter is null ? [] : new() { ["Retry-After"] = retryAfter } };
}

/// <summary>An HTTP server of our own over a bare socket, so that it can break every rule: one thread of work a connection, keep-alive.</summary>
sealed class TestServer : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stop = new();
    readonly Func<TestRequest, TestReply> answer;
    readonly ConcurrentDictionary<Task, bool> open = new();
    readonly Task accepting;
    int number;
    int busy;
    int mostBusy;

    public TestServer(Func<TestRequest, TestReply> answer)
    {
        this.answer = answer;
        listener.Start(512);
        accepting = AcceptAsync();
    }

    /// <summary>The same answer to everything.</summary>
    public static TestServer Saying(TestReply reply) => new(_ => reply);

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public Uri Address => new($"http://127.0.0.1:{Port}/v1");

    /// <summary>Kept while <see cref="Remember"/>.</summary>
    public ConcurrentQueue<TestRequest> Requests { get; } = [];

    public bool Remember { get; init; } = true;

    /// <summary>Requests so far.</summary>
    public int Count => Volatile.Read(ref number);

    public int MostAtOnce => Volatile.Read(ref mostBusy);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        await Task.WhenAll(open.Keys);
        stop.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync(stop.Token);
                var serving = ServeAsync(socket);
                open[serving] = true;
                _ = serving.ContinueWith(done => open.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // the end
        }
    }

    async Task ServeAsync(Socket socket)
    {
        await Task.Yield();
        try
        {
            using var owned = socket;
            socket.NoDelay = true;
            await using var stream = new BufferedStream(new NetworkStream(socket), 16 << 10);
            while (await ReadAsync(stream) is { } request)
            {
                var now = Interlocked.Increment(ref busy);
                InterlockedMax(ref mostBusy, now);
                try
                {
                    if (!await ReplyAsync(stream, answer(request)))
                    {
                        return;
                    }
                }
                finally
                {
                    Interlocked.Decrement(ref busy);
                }
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or SocketException)
        {
            // The client went away, or the test is over.
        }
    }

    async Task<TestRequest?> ReadAsync(BufferedStream stream)
    {
        if (await LineAsync(stream) is not { Length: > 0 } first)
        {
            return null;
        }

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await LineAsync(stream) is { Length: > 0 } line)
        {
            headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
        }

        var body = new byte[int.Parse(headers.GetValueOrDefault("Content-Length", "0"), CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, stop.Token);
        var request = new TestRequest(Interlocked.Increment(ref number) - 1, first.Split(' ')[1], headers, body.Length > 0 ? JsonSerializer.Deserialize<JsonElement>(body) : default);
        if (Remember)
        {
            Requests.Enqueue(request);
        }

        return request;
    }

    async Task<string?> LineAsync(BufferedStream stream)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one, stop.Token) == 1)
        {
            if (one[0] == '\n')
            {
                return Encoding.Latin1.GetString([.. line]).TrimEnd('\r');
            }

            line.Add(one[0]);
        }

        return null;
    }

    // False: the connection is done with.
    async Task<bool> ReplyAsync(BufferedStream stream, TestReply reply)
    {
        if (reply.Delay > TimeSpan.Zero)
        {
            await Task.Delay(reply.Delay, stop.Token);
        }

        if (reply.Raw is { } raw)
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(raw), stop.Token);
            await stream.FlushAsync(stop.Token);
            return false;
        }

        var body = reply.Bytes ?? Encoding.UTF8.GetBytes(reply.Body);
        var head = $"HTTP/1.1 {reply.Status} X\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{string.Concat(reply.Headers.Select(header => $"{header.Key}: {header.Value}\r\n"))}\r\n";
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head), stop.Token);
        await stream.WriteAsync(body.AsMemory(0, Math.Min(body.Length, reply.CutAfter ?? body.Length)), stop.Token);
        await stream.FlushAsync(stop.Token);
        return reply.CutAfter is null;
    }

    static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen && Interlocked.CompareExchange(ref most, value, seen) != seen; seen = Volatile.Read(ref most))
        {
        }
    }
}

/// <summary>Chat completions as OpenAI's servers write them.</summary>
static class ChatJson
{
    /// <summary>An answer without log-probabilities.</summary>
    public static TestReply Text(string text, string finish = "stop", int promptTokens = 10, int completionTokens = 5, string model = "tiny")
        => new(Body([Choice(0, text, finish)], promptTokens, completionTokens, model).ToJsonString());

    public static JsonObject Body(JsonNode[] choices, int promptTokens, int completionTokens, string model = "tiny") => new()
    {
        ["id"] = "chatcmpl-1",
        ["object"] = "chat.completion",
        ["model"] = model,
        ["choices"] = new JsonArray(choices),
        ["usage"] = new JsonObject { ["prompt_tokens"] = promptTokens, ["completion_tokens"] = completionTokens, ["total_tokens"] = promptTokens + completionTokens },
    };

    public static JsonObject Choice(int index, string? text, string finish = "stop") => new()
    {
        ["index"] = index,
        ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text },
        ["finish_reason"] = finish,
        ["logprobs"] = null,
    };
}
