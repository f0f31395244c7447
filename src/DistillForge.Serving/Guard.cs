using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace DistillForge.Serving;

/// <summary>
/// Who may ask at all. A page on the web can make a browser send requests to this machine: by its own origin, or by a name of its own
/// that it lets point here (DNS rebinding). So the Host must be ours, an Origin must be ours, and the body must be of a kind that a
/// page cannot send to another origin without asking first, which is always refused.
/// </summary>
sealed class Guard
{
    static readonly string[] LoopbackNames = ["localhost", "127.0.0.1", "[::1]"];

    readonly HashSet<string> hosts;
    readonly HashSet<string> origins;
    readonly byte[]? key;

    public Guard(ServeOptions options)
    {
        hosts = new HashSet<string>(LoopbackNames.Concat(options.Hosts ?? []).Append(Literal(options.Bound)), StringComparer.OrdinalIgnoreCase);
        origins = new HashSet<string>(options.Origins ?? [], StringComparer.OrdinalIgnoreCase);
        key = string.IsNullOrEmpty(options.Key) ? null : Digest(options.Key);
    }

    /// <exception cref="ApiError">Refused.</exception>
    public void Check(HttpRequest request, int port)
    {
        var host = request.Host;
        if (request.Headers.Host.Count != 1 || !hosts.Contains(host.Host))
        {
            throw Forbidden("This Host is not served here.", "host_not_allowed");
        }

        var given = request.Headers.Origin;
        if (given.Count > 0 && !(given.Count == 1 && given[0] is { } origin && IsOurs(origin, port)))
        {
            throw Forbidden("Pages of this Origin may not ask here.", "origin_not_allowed");
        }

        if (request.Headers["Sec-Fetch-Site"] is [{ } site] && site is not ("same-origin" or "none") && given.Count == 0)
        {
            throw Forbidden("Pages of other sites may not ask here.", "origin_not_allowed");
        }

        CheckKey(request);
    }

    /// <exception cref="ApiError">Another method, or no JSON.</exception>
    public static void CheckKind(HttpContext context, string method)
    {
        var request = context.Request;
        if (!HttpMethods.Equals(request.Method, method))
        {
            context.Response.Headers.Allow = method;
            throw new ApiError(StatusCodes.Status405MethodNotAllowed, $"{request.Path} answers {method} only.", "method_not_allowed");
        }

        if (HttpMethods.IsPost(method) && !request.HasJsonContentType())
        {
            throw new ApiError(StatusCodes.Status415UnsupportedMediaType, "The body must be application/json.", "unsupported_media_type");
        }
    }

    bool IsOurs(string origin, int port)
        => origins.Contains(origin)
            || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme == "http" && uri.Port == port && uri.AbsolutePath == "/" && uri.UserInfo.Length == 0 && hosts.Contains(uri.Host));

    void CheckKey(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        if (key is null)
        {
            return;
        }

        // Digests have one length, so that neither length nor place of the first difference shows in the time.
        var given = request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
        if (!CryptographicOperations.FixedTimeEquals(Digest(given), key))
        {
            throw new ApiError(StatusCodes.Status401Unauthorized, "Incorrect or missing key.", "invalid_api_key");
        }
    }

    static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    static string Literal(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();

    static ApiError Forbidden(string message, string code) => new(StatusCodes.Status403Forbidden, message, code);
}
