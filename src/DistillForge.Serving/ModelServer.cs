using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DistillForge.Serving;

/// <summary>Serves a model by HTTP as OpenAI's API does: chat, text, streaming, log-probabilities, for many requests at once.</summary>
public sealed class ModelServer : IAsyncDisposable
{
    const int DeepestBody = 64;

    readonly WebApplication app;
    readonly IServedModel model;
    readonly ServeOptions options;
    readonly Guard guard;
    readonly Action<Exception> onFault;
    readonly long started;
    readonly SemaphoreSlim room;
    int port;

    ModelServer(IServedModel model, ServeOptions options, TimeProvider clock, Action<Exception> onFault)
    {
        (this.model, this.options, this.onFault) = (model, options, onFault);
        (guard, room, started) = (new Guard(options), new SemaphoreSlim(options.MostRequests), clock.GetUtcNow().ToUnixTimeSeconds());
        // Empty: it reads no settings, no arguments and no environment, and logs nothing.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.LongestBody;
            kestrel.Listen(options.Bound, options.Port);
        });
        builder.Services.AddSingleton(clock);
        app = builder.Build();
        var heading = new Heading(model, clock);
        var (chat, text) = (new ChatEndpoint(model, heading), new CompletionEndpoint(model, heading));
        app.Run(context => RouteAsync(context, chat, text));
    }

    /// <summary>Where it is reached, e.g. <c>http://127.0.0.1:8080</c>.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <param name="onFault">Told of errors that are nobody's request's fault.</param>
    /// <exception cref="ForgeException">The options do not do, or the port is taken.</exception>
    public static async Task<ModelServer> StartAsync(IServedModel model, ServeOptions options, TimeProvider clock, Action<Exception> onFault, CancellationToken cancellationToken)
    {
        options.Check();
        var server = new ModelServer(model, options, clock, onFault);
        try
        {
            await server.app.StartAsync(cancellationToken);
        }
        catch (IOException taken)
        {
            await server.DisposeAsync();
            throw new ForgeException(new Problem("--port", $"{options.Bound}:{options.Port} cannot be had: {taken.InnerException?.Message ?? taken.Message}.", "Choose another port; 0 takes a free one."), ExitCode.Unavailable, taken);
        }

        server.Address = new Uri(server.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        server.port = server.Address.Port;
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(patience.Token);
        await app.DisposeAsync();
        room.Dispose();
    }

    async Task RouteAsync(HttpContext context, ChatEndpoint chat, CompletionEndpoint text)
    {
        var response = context.Response;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-store";
        try
        {
            guard.Check(context.Request, port);
            await (context.Request.Path.Value switch
            {
                "/health" => ReadAsync(context, new { Status = "ok" }),
                "/v1/models" => ReadAsync(context, new ModelList("list", [Entry])),
                "/v1/chat/completions" => AskAsync(context, chat),
                "/v1/completions" => AskAsync(context, text),
                var path when path == $"/v1/models/{model.Name}" => ReadAsync(context, Entry),
                _ => throw new ApiError(StatusCodes.Status404NotFound, "There is /v1/models, /v1/chat/completions, /v1/completions and /health.", "not_found"),
            });
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
        catch (Exception error)
        {
            await TellAsync(context, error);
        }
    }

    ModelEntry Entry => new(model.Name, "model", started, "distillforge", model.Context, model.Sha256);

    static Task ReadAsync<T>(HttpContext context, T value)
    {
        Guard.CheckKind(context, HttpMethods.Get);
        return context.Response.WriteAsJsonAsync(value, Wire.Json, context.RequestAborted);
    }

    async Task AskAsync(HttpContext context, IEndpoint endpoint)
    {
        Guard.CheckKind(context, HttpMethods.Post);
        if (!room.Wait(0, CancellationToken.None))
        {
            context.Response.Headers.RetryAfter = "1";
            throw new ApiError(StatusCodes.Status503ServiceUnavailable, $"{options.MostRequests} requests are being answered; come again.", "overloaded", type: "server_error");
        }

        try
        {
            using var body = await BodyAsync(context);
            var fields = body.RootElement.ValueKind == JsonValueKind.Object ? new RequestFields(body.RootElement) : throw new ApiError(StatusCodes.Status400BadRequest, "The body must be a JSON object.", "invalid_json");
            CheckModel(fields);
            await endpoint.AnswerAsync(context, fields, context.RequestAborted);
        }
        finally
        {
            room.Release();
        }
    }

    static async Task<JsonDocument> BodyAsync(HttpContext context)
    {
        try
        {
            return await JsonDocument.ParseAsync(context.Request.Body, new JsonDocumentOptions { MaxDepth = DeepestBody }, context.RequestAborted);
        }
        catch (JsonException notJson)
        {
            throw new ApiError(StatusCodes.Status400BadRequest, $"The body is no JSON: line {notJson.LineNumber + 1}, byte {notJson.BytePositionInLine + 1}.", "invalid_json");
        }
    }

    void CheckModel(RequestFields fields)
    {
        if (fields.Text("model") is { Length: > 0 } asked && asked != model.Name)
        {
            throw new ApiError(StatusCodes.Status404NotFound, $"There is no model of that name here, only '{model.Name}'.", "model_not_found", "model");
        }
    }

    async Task TellAsync(HttpContext context, Exception error)
    {
        var told = ApiError.Of(error, context.Request.Path.Value?.EndsWith("/chat/completions", StringComparison.Ordinal) == true ? "messages" : "prompt");
        if (error is not (ApiError or CompletionFailedException or ForgeException or BadHttpRequestException))
        {
            onFault(error);
        }

        try
        {
            if (context.Response.HasStarted)
            {
                using var events = new EventStream(context.Response);
                events.Write(told.Body);
                await events.FlushAsync(context.RequestAborted);
                return;
            }

            context.Response.StatusCode = told.Status;
            await context.Response.WriteAsJsonAsync(told.Body, Wire.Json, context.RequestAborted);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // Nobody listens any more.
        }
    }
}
