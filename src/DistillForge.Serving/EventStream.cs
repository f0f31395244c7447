using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace DistillForge.Serving;

/// <summary>Server-sent events, as OpenAI's clients read them. Written events leave with the next <see cref="FlushAsync"/>: what came together is sent together.</summary>
sealed class EventStream(HttpResponse response) : IDisposable
{
    Utf8JsonWriter? json;

    public void Write<T>(T value)
    {
        if (!response.HasStarted)
        {
            response.ContentType = "text/event-stream";
        }

        Write("data: "u8);
        json ??= new Utf8JsonWriter(response.BodyWriter, new JsonWriterOptions { Encoder = Wire.Json.Encoder, SkipValidation = true });
        json.Reset();
        JsonSerializer.Serialize(json, value, Wire.Json);
        json.Flush();
        Write("\n\n"u8);
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await response.BodyWriter.FlushAsync(cancellationToken);
        // Where nobody reads any more, a flush is silent.
        cancellationToken.ThrowIfCancellationRequested();
    }

    public Task EndAsync(CancellationToken cancellationToken)
    {
        Write("data: [DONE]\n\n"u8);
        return FlushAsync(cancellationToken);
    }

    public void Dispose() => json?.Dispose();

    void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(response.BodyWriter.GetSpan(bytes.Length));
        response.BodyWriter.Advance(bytes.Length);
    }
}
