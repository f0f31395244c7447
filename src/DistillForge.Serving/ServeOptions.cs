using System.Net;

namespace DistillForge.Serving;

/// <summary>Where and for whom a model is served.</summary>
/// <param name="Address">Other addresses than loopback need a key.</param>
/// <param name="Port">0 takes a free one.</param>
/// <param name="Key">What requests bring as <c>Authorization: Bearer …</c>; null asks for none.</param>
/// <param name="Hosts">Names, beside the loopback's and the address itself, that a Host header may have.</param>
/// <param name="Origins">Whole origins, e.g. <c>http://localhost:3000</c>, of pages that may ask, beside our own.</param>
/// <param name="MostRequests">Requests in work and waiting; one more is told to come again.</param>
/// <param name="LongestBody">In bytes.</param>
public sealed record ServeOptions(
    IPAddress? Address = null,
    int Port = 0,
    string? Key = null,
    IReadOnlyList<string>? Hosts = null,
    IReadOnlyList<string>? Origins = null,
    int MostRequests = 256,
    int LongestBody = 4 << 20)
{
    public IPAddress Bound => Address ?? IPAddress.Loopback;

    /// <exception cref="ForgeException">It would serve the network without a key.</exception>
    public void Check()
    {
        if (!IPAddress.IsLoopback(Bound) && string.IsNullOrEmpty(Key))
        {
            throw new ForgeException(new Problem("--address", $"{Bound} is reached from other machines, and no key is set.", "Set DISTILLFORGE_SERVE_KEY, or leave the address out to serve this machine alone."));
        }

        if (Port is < 0 or > 65535)
        {
            throw new ForgeException(new Problem("--port", $"{Port} is not within 0 … 65535."));
        }
    }
}
