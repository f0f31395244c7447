using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace DistillForge.Serving;

/// <summary>Answers one kind of request.</summary>
interface IEndpoint
{
    /// <exception cref="ApiError">The request is refused.</exception>
    Task AnswerAsync(HttpContext context, RequestFields fields, CancellationToken cancellationToken);
}

/// <summary>What every response says of itself.</summary>
sealed class Heading(IServedModel model, TimeProvider clock)
{
    public Envelope<T> Of<T>(string id, string kind, IReadOnlyList<T> choices, Usage? usage)
        => new(id, kind, clock.GetUtcNow().ToUnixTimeSeconds(), model.Name, $"sha256-{model.Sha256[..12]}", choices, usage);

    public static string NewId(string prefix) => prefix + RandomNumberGenerator.GetHexString(24, lowercase: true);
}
