using DistillForge.Core;

namespace DistillForge.Data;

sealed class ExampleSchema : ParquetSchema<Example>
{
    readonly Column<string> id, author, finishReason, sampling, source, template;
    readonly Column<IReadOnlyList<Message>> prompt, completion;
    readonly Column<string?> authorSha256, license, terms, expected, category, reasoning, rejected;
    readonly Column<long> seed;
    readonly Column<int> promptTokens, completionTokens;
    readonly Column<double> costUsd, seconds;

    public ExampleSchema()
    {
        id = Add("id", Types.Text, example => example.Id);
        prompt = Add("prompt", Types.Messages, example => example.Prompt);
        completion = Add("completion", Types.Messages, example => example.Completion);
        author = Add("author", Types.Text, example => example.Author);
        authorSha256 = Add("author_sha256", Types.OptionalText, example => example.AuthorSha256, isRequired: false);
        license = Add("license", Types.OptionalText, example => example.License, isRequired: false);
        terms = Add("terms", Types.OptionalText, example => example.Terms, isRequired: false);
        finishReason = Add("finish_reason", Types.Text, example => example.FinishReason);
        sampling = Add("sampling", Types.Text, example => example.Sampling);
        seed = Add("seed", Types.BigInt, example => example.Seed);
        promptTokens = Add("prompt_tokens", Types.Integer, example => example.PromptTokens);
        completionTokens = Add("completion_tokens", Types.Integer, example => example.CompletionTokens);
        costUsd = Add("cost_usd", Types.Double, example => example.CostUsd);
        seconds = Add("seconds", Types.Double, example => example.Seconds);
        source = Add("source", Types.Text, example => example.Source);
        template = Add("template", Types.Text, example => example.Template);
        expected = Add("expected", Types.OptionalText, example => example.Expected, isRequired: false);
        category = Add("category", Types.OptionalText, example => example.Category, isRequired: false);
        reasoning = Add("reasoning", Types.OptionalText, example => example.Reasoning, isRequired: false);
        rejected = Add("rejected", Types.OptionalText, example => example.Rejected, isRequired: false);
    }

    public override int Weigh(Example row) => 1000 + Types.Weigh(row.Prompt) + Types.Weigh(row.Completion) + (2 * ((row.Reasoning?.Length ?? 0) + (row.Rejected?.Length ?? 0)));

    protected override Example Build(Values values, int row) => new()
    {
        Id = values.Get(id, row),
        Prompt = values.Get(prompt, row),
        Completion = values.Get(completion, row),
        Author = values.Get(author, row),
        AuthorSha256 = values.Get(authorSha256, row),
        License = values.Get(license, row),
        Terms = values.Get(terms, row),
        FinishReason = values.Get(finishReason, row),
        Sampling = values.Get(sampling, row),
        Seed = values.Get(seed, row),
        PromptTokens = values.Get(promptTokens, row),
        CompletionTokens = values.Get(completionTokens, row),
        CostUsd = values.Get(costUsd, row),
        Seconds = values.Get(seconds, row),
        Source = values.Get(source, row),
        Template = values.Get(template, row),
        Expected = values.Get(expected, row),
        Category = values.Get(category, row),
        Reasoning = values.Get(reasoning, row),
        Rejected = values.Get(rejected, row),
    };
}
