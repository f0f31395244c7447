using System.Text;
using System.Text.Json;

namespace DistillForge.Teachers;

/// <summary>Says of a status other than 200 whose fault it is: the row's, the server's or the set-up's.</summary>
sealed class StatusReading(Redactor redactor)
{
    public ApiReply Read(int status, byte[] body, TimeSpan? retryAfter)
    {
        var (code, message) = ReadError(body);
        var detail = redactor.Clean($"status {status}{(message.Length > 0 ? ": " + message : "")}");
        return status switch
        {
            429 when code.Contains("insufficient_quota", StringComparison.Ordinal) => new(ReplyKind.Closed, "no-quota", detail),
            429 => new(ReplyKind.Throttled, "throttled", detail, retryAfter),
            503 when retryAfter is not null => new(ReplyKind.Throttled, "overloaded", detail, retryAfter),
            401 => new(ReplyKind.Closed, "key-refused", detail),
            403 => new(ReplyKind.Closed, "forbidden", detail),
            402 => new(ReplyKind.Closed, "no-quota", detail),
            404 or 405 or 410 => new(ReplyKind.Closed, "no-such-model", detail),
            408 or 409 or 425 or >= 500 => new(ReplyKind.Faulty, $"http-{status}", detail, retryAfter),
            413 => new(ReplyKind.Refused, "prompt-too-long", detail),
            >= 400 => new(ReplyKind.Refused, RefusalCode(code, message), detail),
            _ => new(ReplyKind.Faulty, $"http-{status}", detail),
        };
    }

    static string RefusalCode(string code, string message)
    {
        var said = $"{code} {message}";
        return Says(said, "context_length", "context length", "maximum context", "context size") ? "prompt-too-long"
            : Says(said, "content_filter", "content_policy", "content management policy") ? "content-filter"
            : "request-refused";
    }

    static bool Says(string said, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (said.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    // {"error": {"message", "type", "code"}} of OpenAI, {"message"} or {"detail"} of others; a page of HTML says nothing.
    static (string Code, string Message) ReadError(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
            var root = document.RootElement;
            var error = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out var inner) ? inner : root;
            return error.ValueKind switch
            {
                JsonValueKind.Object => ($"{Text(error, "code")} {Text(error, "type")}", Text(error, "message") is { Length: > 0 } message ? message : Text(error, "detail")),
                JsonValueKind.String => ("", error.GetString()!),
                _ => ("", ""),
            };
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            var text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 2000)));
            return ("", text.TrimStart().StartsWith('<') ? "" : text);
        }
    }

    static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var text) ? text.ValueKind == JsonValueKind.String ? text.GetString()! : text.GetRawText() : "";
}
