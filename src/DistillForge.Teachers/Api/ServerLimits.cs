using System.ClientModel.Primitives;
using System.Globalization;
using System.Net.Http.Headers;

namespace DistillForge.Teachers;

/// <summary>What a response's headers say about how often one may ask.</summary>
sealed class ServerLimits
{
    // Longer than this is a slip of somebody's clock or a joke; it is asked again then.
    static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public ServerLimits(PipelineResponseHeaders headers, TimeProvider clock)
    {
        RetryAfter = ReadRetryAfter(headers, clock);
        RequestsPerMinute = ReadNumber(headers, "x-ratelimit-limit-requests");
        TokensPerMinute = ReadNumber(headers, "x-ratelimit-limit-tokens");
    }

    public TimeSpan? RetryAfter { get; }

    /// <summary>0 where nothing is said.</summary>
    public double RequestsPerMinute { get; }

    public double TokensPerMinute { get; }

    static TimeSpan? ReadRetryAfter(PipelineResponseHeaders headers, TimeProvider clock)
    {
        if (headers.TryGetValue("retry-after-ms", out var ms) && double.TryParse(ms, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var milliseconds))
        {
            return Bounded(TimeSpan.FromMilliseconds(Math.Min(milliseconds, 1e9)));
        }

        if (!headers.TryGetValue("Retry-After", out var text) || text is null)
        {
            return null;
        }

        // Some servers write fractions of a second, which HTTP does not know.
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) ? Bounded(TimeSpan.FromSeconds(Math.Min(seconds, 1e6)))
            : RetryConditionHeaderValue.TryParse(text, out var condition) && condition.Date is { } date ? Bounded(date - clock.GetUtcNow())
            : null;
    }

    static TimeSpan Bounded(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time > Longest ? Longest : time;

    static double ReadNumber(PipelineResponseHeaders headers, string name)
        => headers.TryGetValue(name, out var text) && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 1e12 ? number : 0;
}
