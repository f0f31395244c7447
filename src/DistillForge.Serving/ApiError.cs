using Microsoft.AspNetCore.Http;

namespace DistillForge.Serving;

/// <summary>A request that is refused, as OpenAI's clients expect to be told.</summary>
/// <param name="type"><c>invalid_request_error</c>, <c>server_error</c>, …</param>
/// <param name="code">Machine-readable; null where there is none.</param>
/// <param name="parameter">The field of the request that is wrong, e.g. <c>messages[0].role</c>.</param>
sealed class ApiError(int status, string message, string? code = null, string? parameter = null, string type = "invalid_request_error") : Exception(message)
{
    public int Status { get; } = status;

    public string? Code { get; } = code;

    public object Body => new { Error = new { Message, Type = type, Param = parameter, Code } };

    public static ApiError Bad(string parameter, string message) => new(StatusCodes.Status400BadRequest, $"{parameter}: {message}", "invalid_value", parameter);

    public static ApiError Unsupported(string parameter, string instead)
        => new(StatusCodes.Status400BadRequest, $"{parameter} is not supported here. {instead}", "unsupported_parameter", parameter);

    /// <summary>What an exception of the model tells the caller.</summary>
    /// <param name="prompt">The field that holds what the model reads.</param>
    public static ApiError Of(Exception error, string prompt = "messages") => error switch
    {
        ApiError known => known,
        CompletionFailedException { Code: "prompt-too-long" or "sequence-too-long" } failed => new(StatusCodes.Status400BadRequest, failed.Message, "context_length_exceeded", prompt),
        CompletionFailedException { Code: "worker-died" or "not-finite" } failed => new(StatusCodes.Status500InternalServerError, failed.Message, failed.Code, type: "server_error"),
        CompletionFailedException { Code: "grammar-unreadable" } failed => new(StatusCodes.Status400BadRequest, failed.Message, failed.Code, "grammar"),
        CompletionFailedException failed => new(StatusCodes.Status400BadRequest, failed.Message, failed.Code, prompt),
        ForgeException { ExitCode: ExitCode.UserCanFix } mistake => new(StatusCodes.Status400BadRequest, mistake.Message, "invalid_value"),
        ForgeException lack => new(StatusCodes.Status503ServiceUnavailable, lack.Message, "model_unavailable", type: "server_error"),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => new(StatusCodes.Status413PayloadTooLarge, "The request is too long.", "request_too_large"),
        BadHttpRequestException bad => new(bad.StatusCode, "The request cannot be read.", "unreadable"),
        _ => new(StatusCodes.Status500InternalServerError, "The server failed; its log says why.", "internal_error", type: "server_error"),
    };
}
