using System.Linq.Expressions;
using FluentValidation;

namespace DistillForge.Data;

sealed class TeacherRules : AbstractValidator<TeacherSource>
{
    public TeacherRules()
    {
        RuleFor(t => t.Gguf).NotNull().When(t => t.Api is null).WithMessage("is missing. Name a GGUF file, or an API: 'api: https://…' with 'model: …'.");
        RuleFor(t => t.Api).Null().When(t => t.Gguf is not null).WithMessage("is given beside gguf. Keep one; a GGUF with the vocabulary of an API's model is its 'tokenizer'.");
        RuleFor(t => t.Context).GreaterThanOrEqualTo(0).WithMessage("is {PropertyValue}; it counts tokens, and 0 takes the model's own.");
        RuleFor(t => t.Threads).InclusiveBetween(0, 1024).WithMessage("is {PropertyValue}; it counts threads, and 0 chooses.");
        RuleFor(t => t.Parallel).InclusiveBetween(0, 1024).WithMessage("is {PropertyValue}; it counts conversations, and 0 chooses.");
        RuleFor(t => t.Weight).Must(weight => weight is > 0 and <= 1e6).WithMessage("is {PropertyValue}; it is above 0 and up to 1000000.");
        RuleFor(t => t.Name).Matches("^[^\\s\\p{C}][^\\p{C}]{0,99}$").WithMessage("is no name: 1 to 100 characters, none of them a control character.");
        Api();
        OnlyFor("api", t => t.Api is null, t => t.Model, t => t.KeyEnv, t => t.RequestsPerMinute, t => t.TokensPerMinute, t => t.MaxConcurrency, t => t.TimeoutS, t => t.Tokenizer);
        OnlyFor("gguf", t => t.Gguf is null && t.Api is not null, t => t.Lora);
    }

    void Api()
    {
        RuleFor(t => t.Api).Must(IsAddress).When(t => t.Api is not null).WithMessage("is no address: it begins with http:// or https:// and holds no key, no user and no '?'.");
        RuleForEach(t => t.Endpoints).Must(IsAddress).WithMessage("is no address: it begins with http:// or https:// and holds no key, no user and no '?'.");
        RuleFor(t => t.Endpoints).Empty().When(t => t.Api is null).WithMessage("belong to an API, and there is none.");
        RuleFor(t => t.Model).NotEmpty().When(t => t.Api is not null).WithMessage("is missing. Say which model of the API answers, e.g. 'model: gpt-4o-mini'.");
        // Whoever puts the key itself here must not find it again in a log.
        RuleFor(t => t.KeyEnv).Matches("^[A-Za-z_][A-Za-z0-9_]{0,127}$").WithMessage("is no name of an environment variable. Write e.g. 'key_env: OPENAI_API_KEY' and put the key into that variable, never into the recipe.");
        RuleFor(t => t.RequestsPerMinute).GreaterThan(0).WithMessage("is {PropertyValue}; it counts requests, 1 or more.");
        RuleFor(t => t.TokensPerMinute).GreaterThan(0).WithMessage("is {PropertyValue}; it counts tokens, 1 or more.");
        RuleFor(t => t.MaxConcurrency).InclusiveBetween(1, 10_000).WithMessage("is {PropertyValue}; 1 to 10000 requests at the same time are possible.");
        RuleFor(t => t.TimeoutS).Must(seconds => seconds is null or (> 0 and <= 86_400)).WithMessage("is {PropertyValue}; it counts seconds, above 0 and up to 86400.");
    }

    void OnlyFor(string key, Func<TeacherSource, bool> isAbsent, params Expression<Func<TeacherSource, object?>>[] values)
    {
        foreach (var value in values)
        {
            RuleFor(value).Null().When(isAbsent).WithMessage($"belongs to '{key}', which is not given. Remove it.");
        }
    }

    static bool IsAddress(string? text)
        => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0 && uri.Host.Length > 0;
}

sealed class BudgetRules : AbstractValidator<BudgetSettings>
{
    public BudgetRules()
    {
        RuleFor(b => b.MaxCostUsd).GreaterThan(0).WithMessage("is {PropertyValue}; it counts US dollars, above 0.");
        RuleFor(b => b.MaxTokens).GreaterThan(0).WithMessage("is {PropertyValue}; it counts tokens, 1 or more.");
        RuleFor(b => b.MaxHours).GreaterThan(0).WithMessage("is {PropertyValue}; it counts hours, above 0.");
    }
}
