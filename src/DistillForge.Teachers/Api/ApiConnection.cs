using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;

namespace DistillForge.Teachers;

/// <summary>
/// One server, spoken to through the official OpenAI client. It sends one request and says what came of it; whether and when to ask again is
/// decided elsewhere, so the client's own retries are off. Redirects are never followed, and no answer is larger than allowed.
/// </summary>
sealed class ApiConnection : IDisposable
{
    readonly HttpClient http;
    readonly ChatClient client;
    readonly Uri address;
    readonly Redactor redactor;
    readonly TimeProvider clock;
    readonly int maxBytes;

    public ApiConnection(Uri address, string model, string? key, Redactor redactor, TimeProvider clock, int maxBytes, int maxConnections)
    {
        (this.address, this.redactor, this.clock, this.maxBytes) = (address, redactor, clock, maxBytes);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,
            MaxConnectionsPerServer = maxConnections,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            ConnectTimeout = TimeSpan.FromSeconds(20),
            // No correlation id of ours goes to strangers.
            ActivityHeadersPropagator = null,
        };
        http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        var settings = new OpenAIClientOptions
        {
            Endpoint = address,
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
            EnableDistributedTracing = false,
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
        };
        settings.AddPolicy(new KeyGuard(address, key is not null), PipelinePosition.BeforeTransport);
        client = new ChatClient(model, new ApiKeyCredential(key ?? "none"), settings);
    }

    /// <returns>Never throws for what a server does; only when cancelled.</returns>
    public async Task<ApiReply> SendAsync(BinaryData body, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        var reply = await TrySendAsync(body, cancellationToken);
        return reply with { Elapsed = clock.GetElapsedTime(start) };
    }

    public void Dispose() => http.Dispose();

    async Task<ApiReply> TrySendAsync(BinaryData body, CancellationToken cancellationToken)
    {
        try
        {
            // Unbuffered: the pipeline would read an endless answer to its end.
            var options = new RequestOptions { CancellationToken = cancellationToken, ErrorOptions = ClientErrorBehaviors.NoThrow, BufferResponse = false };
            using var content = BinaryContent.Create(body);
            var result = await client.CompleteChatAsync(content, options);
            using var response = result.GetRawResponse();
            return await ReadAsync(response, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error) when (error is IOException or HttpRequestException or ClientResultException or OperationCanceledException or InvalidDataException or SocketException)
        {
            return Broken(error);
        }
    }

    // The text of these exceptions may repeat what a server wrote; only their kind is told.
    static ApiReply Broken(Exception error)
    {
        var causes = Causes(error).ToList();
        if (causes.OfType<OperationCanceledException>().Any() && causes.OfType<TimeoutException>().Any())
        {
            return new ApiReply(ReplyKind.Unreachable, "unreachable", "no connection in 20 s");
        }

        return causes.OfType<HttpRequestException>().FirstOrDefault() is { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError } connect
            ? new ApiReply(ReplyKind.Unreachable, "unreachable", connect.HttpRequestError switch
            {
                HttpRequestError.NameResolutionError => "its name is not known",
                HttpRequestError.SecureConnectionError => causes.OfType<AuthenticationException>().Any() ? "its certificate is not trusted" : "it speaks no TLS that we know",
                HttpRequestError.ProxyTunnelError => "the proxy refuses it",
                _ => causes.OfType<SocketException>().FirstOrDefault() is { } socket ? $"no connection ({socket.SocketErrorCode})" : "no connection",
            })
            : ApiReply.Faulty("cut-answer", $"the connection ended before the answer did ({causes[^1].GetType().Name})", mayHaveCost: true);
    }

    static IEnumerable<Exception> Causes(Exception? error)
    {
        for (; error is not null; error = error is AggregateException { InnerExceptions.Count: > 0 } several ? several.InnerExceptions[0] : error.InnerException)
        {
            yield return error;
        }
    }

    async Task<ApiReply> ReadAsync(PipelineResponse response, CancellationToken cancellationToken)
    {
        var limits = new ServerLimits(response.Headers, clock);
        var (body, whole) = await ReadBoundedAsync(response.ContentStream ?? Stream.Null, response.IsError ? 64 << 10 : maxBytes, cancellationToken);
        var reply = response.Status switch
        {
            200 when !whole => ApiReply.Faulty("answer-too-large", $"more than {maxBytes:N0} bytes", mayHaveCost: true),
            200 => Understand(body),
            >= 300 and < 400 => new ApiReply(ReplyKind.Closed, "redirected", Redirection(response)),
            _ => new StatusReading(redactor).Read(response.Status, body, limits.RetryAfter),
        };
        return reply with { RequestsPerMinute = limits.RequestsPerMinute, TokensPerMinute = limits.TokensPerMinute };
    }

    ApiReply Understand(byte[] body)
    {
        try
        {
            return new ApiReply(ReplyKind.Answered) { Body = body, Answer = ChatAnswer.Parse(body) };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string in it is no UTF-16.
            return ApiReply.Faulty("broken-answer", redactor.Clean($"no chat completion: {error.Message}", 200), mayHaveCost: true);
        }
    }

    string Redirection(PipelineResponse response)
    {
        var target = response.Headers.TryGetValue("Location", out var location) && Uri.TryCreate(address, location, out var uri) ? $"{uri.Scheme}://{uri.Authority}" : "another place";
        return redactor.Clean($"it redirects to {target}, and a key follows no redirect (status {response.Status})");
    }

    static async Task<(byte[] Body, bool Whole)> ReadBoundedAsync(Stream stream, int most, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most + 1L - body.Length)), cancellationToken);
            if (read == 0)
            {
                return (body.ToArray(), true);
            }

            body.Write(buffer, 0, read);
            if (body.Length > most)
            {
                return ([], false);
            }
        }
    }

    /// <summary>Lets the key go to its own server and to no other; a server that wants none gets none.</summary>
    sealed class KeyGuard(Uri address, bool hasKey) : PipelinePolicy
    {
        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            Guard(message);
            ProcessNext(message, pipeline, currentIndex);
        }

        public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            Guard(message);
            return ProcessNextAsync(message, pipeline, currentIndex);
        }

        void Guard(PipelineMessage message)
        {
            if (!hasKey || message.Request.Uri is not { } target || target.Scheme != address.Scheme || target.Authority != address.Authority)
            {
                message.Request.Headers.Remove("Authorization");
            }
        }
    }
}
