namespace DistillForge.Teachers;

/// <summary>What came of one request.</summary>
enum ReplyKind
{
    Answered,

    /// <summary>The server asks for patience (429, or 503 with a time): nobody's fault.</summary>
    Throttled,

    /// <summary>No connection: it was not sent.</summary>
    Unreachable,

    /// <summary>A fault of the server that may pass: 5xx, time-out, cut or broken answer.</summary>
    Faulty,

    /// <summary>A 4xx about this row.</summary>
    Refused,

    /// <summary>A 4xx about every row: wrong key, unknown model, no money; or a redirect.</summary>
    Closed,
}

/// <summary>What one request came to.</summary>
/// <param name="Code">kebab-case; becomes <see cref="Core.Failure.Code"/>.</param>
/// <param name="Detail">For a person; free of keys.</param>
/// <param name="RetryAfter">As the server asked.</param>
/// <param name="MayHaveCost">The server may have worked, and charged, although no usable answer came.</param>
sealed record ApiReply(ReplyKind Kind, string Code = "", string Detail = "", TimeSpan? RetryAfter = null, bool MayHaveCost = false)
{
    /// <summary>The JSON as it came; with <see cref="ReplyKind.Answered"/>.</summary>
    public byte[] Body { get; init; } = [];

    public ChatAnswer? Answer { get; init; }

    public double CostUsd { get; init; }

    /// <summary>From sending to the last byte.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Limits a minute that the server's headers told; 0 where they did not.</summary>
    public double RequestsPerMinute { get; init; }

    public double TokensPerMinute { get; init; }

    public static ApiReply Faulty(string code, string detail, bool mayHaveCost) => new(ReplyKind.Faulty, code, detail, MayHaveCost: mayHaveCost);
}
