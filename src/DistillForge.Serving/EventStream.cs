using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace DistillForge.Serving;

/// <summary>Server-sent events, as OpenAI's clients read them.</summary>
sealed class EventStream(HttpResponse response)
{
    static readonly byte[] Data = "data: "u8.ToArray();
    static readonly byte[] End = "\n\n"u8.ToArray();
    static readonly byte[] Done = "data: [DONE]\n\n"u8.ToArray();

    public async Task SendAsync<T>(T value, CancellationToken cancellationToken)
    {
        if (!response.HasStarted)
        {
            response.ContentType = "text/event-stream";
        }

        await response.Body.WriteAsync(Data, cancellationToken);
        await response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, Wire.Json), cancellationToken);
        await response.Body.WriteAsync(End, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }

    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(Done, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
