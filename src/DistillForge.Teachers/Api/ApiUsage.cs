using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>What an API teacher has done so far. Only counts; read at any time.</summary>
public sealed class ApiUsage(IProgressLog progress)
{
    readonly Lock gate = new();
    readonly HashSet<string> closed = [];
    double meanCompletion = -1;

    public long Requests { get; private set; }

    public long Answered { get; private set; }

    public long Throttled { get; private set; }

    public long Faults { get; private set; }

    public long Retries { get; private set; }

    public long CacheHits { get; private set; }

    public long PromptTokens { get; private set; }

    public long CompletionTokens { get; private set; }

    public double CostUsd { get; private set; }

    /// <summary>Answers whose log-probabilities could not be used, although they were wanted.</summary>
    public long WithoutTrace { get; private set; }

    /// <summary>Of the first of them.</summary>
    public string? WhyWithoutTrace { get; private set; }

    internal void Count(ApiReply reply, Endpoint endpoint)
    {
        lock (gate)
        {
            Requests++;
            Throttled += reply.Kind == ReplyKind.Throttled ? 1 : 0;
            Faults += reply.Kind is ReplyKind.Faulty or ReplyKind.Unreachable ? 1 : 0;
            if (reply.Answer is { } answer)
            {
                Answered++;
                (PromptTokens, CompletionTokens, CostUsd) = (PromptTokens + answer.PromptTokens, CompletionTokens + answer.CompletionTokens, CostUsd + reply.CostUsd);
                var each = (double)answer.CompletionTokens / answer.Choices.Count;
                meanCompletion = meanCompletion < 0 ? each : 0.95 * meanCompletion + 0.05 * each;
            }

            if (reply.Kind == ReplyKind.Closed && closed.Add(endpoint.Name))
            {
                progress.Say($"  {endpoint.Name} is not asked any more: {reply.Detail}");
            }
        }
    }

    internal void CountRetry()
    {
        lock (gate)
        {
            Retries++;
        }
    }

    internal void CountCacheHit()
    {
        lock (gate)
        {
            CacheHits++;
        }
    }

    internal void CountWithoutTrace(string why)
    {
        lock (gate)
        {
            if (WithoutTrace++ == 0)
            {
                WhyWithoutTrace = why;
                progress.Say($"  an answer has no trace: {why}");
            }
        }
    }

    /// <summary>Tokens that an answer will probably have.</summary>
    internal double LikelyCompletion(int most)
    {
        lock (gate)
        {
            return meanCompletion < 0 ? most : meanCompletion;
        }
    }
}
