using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>What a first small request told about a teacher.</summary>
/// <param name="TopLogProbs">Candidates a position that it gives; 0 where there is no use of its log-probabilities.</param>
/// <param name="WhyTextOnly">Null where rows will have traces, or none were wanted.</param>
/// <param name="Seconds">For the request.</param>
public sealed record ApiProbe(string Model, int TopLogProbs, string? WhyTextOnly, double Seconds, long PromptTokens, long CompletionTokens, double CostUsd);

/// <summary>Asks a teacher one small question before anything else: whether it is there, and what it understands.</summary>
sealed class Probing(RequestSender sender, EndpointPool pool, RequestWriter writer, ApiTeacherOptions options, TraceMapping? mapping, Redactor redactor, IProgressLog progress, TimeProvider clock)
{
    const int FaultsAnEndpoint = 3;

    static readonly Message[] Question = [Message.User("Say OK.")];

    /// <exception cref="ForgeException">It cannot be reached, or refuses even this.</exception>
    public async Task<(ApiProbe Probe, ApiDialect Dialect)> AskAsync(CancellationToken cancellationToken)
    {
        var dialect = ApiDialect.For(options.Sampling);
        for (var faults = 0; ;)
        {
            var (spoken, most) = (dialect, writer.MostPromptTokens(Question));
            var request = new RequestSender.Request(endpoint => writer.Write(endpoint.Model, Question, options.Seed, 1, spoken), most, options.Sampling.MaxTokens, most + options.Sampling.MaxTokens, cancellationToken);
            var reply = await sender.AttemptAsync(request, cancellationToken);
            switch (reply.Kind)
            {
                case ReplyKind.Answered:
                    return Conclude(reply, request, dialect);
                case ReplyKind.Refused:
                    dialect = dialect.After(reply.Detail, options.Sampling) ?? throw new ForgeException(new Problem("teacher", $"{options.Model} refuses a first small request: {reply.Detail}", "Change what the recipe's generate asks for."));
                    break;
                case ReplyKind.Throttled:
                    await Task.Delay(reply.RetryAfter ?? TimeSpan.FromSeconds(1), clock, cancellationToken);
                    break;
                case ReplyKind.Faulty or ReplyKind.Unreachable when ++faults >= FaultsAnEndpoint * pool.Endpoints.Count:
                    throw new ForgeException(
                        $"The teacher {options.Model} gives no answer; its address",
                        [.. pool.Endpoints.Select(endpoint => new Problem(endpoint.Name, endpoint.LastFault?.Detail ?? "was not asked.", "Is the server running, and teacher.api its address?"))],
                        ExitCode.Unavailable);
                case ReplyKind.Faulty or ReplyKind.Unreachable:
                    await Task.Delay(options.RetryDelay, clock, cancellationToken);
                    break;
            }
        }
    }

    (ApiProbe, ApiDialect) Conclude(ApiReply reply, RequestSender.Request request, ApiDialect dialect)
    {
        var answer = reply.Answer!;
        var choice = answer.Choices[0];
        var given = choice.LogProbs is { Count: > 0 } positions ? positions.Max(position => position.Top.Count) : 0;
        var why = options.Sampling.Capture is null ? null
            : given == 0 ? choice.LogProbFault ?? "it gives no log-probabilities"
            : mapping is null ? "no vocabulary was given that its tokens could be mapped to"
            // An answer without text says nothing about its tokens.
            : choice.Text is { Length: > 0 } && mapping.Map("probe", [], choice).Fault is { } fault ? redactor.Clean(fault, 200)
            : null;
        Say(why, given, dialect);
        var usable = options.Sampling.Capture is not null && why is null;
        return (new ApiProbe(options.Model, usable ? given : 0, why, request.Worked.TotalSeconds, answer.PromptTokens, answer.CompletionTokens, reply.CostUsd),
            usable ? dialect : dialect with { LogProbs = false, TopLogProbs = 0 });
    }

    void Say(string? why, int given, ApiDialect dialect)
    {
        if (why is not null)
        {
            progress.Say($"  {options.Model}: {why}. The dataset will hold its text only; losses on text (cross-entropy) can train on it, losses on log-probabilities cannot.");
        }
        else if (options.Sampling.Capture is { } capture && given < capture.TopLogprobs)
        {
            progress.Say($"  {options.Model} gives the {given} likeliest tokens a position, {capture.TopLogprobs} were asked for: traces are capped.");
        }

        if (!dialect.Seed)
        {
            progress.Say($"  {options.Model} takes no seed: asked again, it would answer otherwise.");
        }
    }
}
