using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>What a model costs, in US dollars for a million tokens.</summary>
/// <param name="CachedInput">Prompt tokens that the server had already; null where they cost as much as others.</param>
public sealed record Price(double Input, double Output, double? CachedInput = null)
{
    public double Of(long promptTokens, long completionTokens, long cachedTokens = 0)
        => ((promptTokens - cachedTokens) * Input + cachedTokens * (CachedInput ?? Input) + completionTokens * Output) / 1e6;
}

/// <summary>Prices by model name, from <c>DistillForge:Prices</c> of <c>appsettings.json</c> and <c>appsettings.Local.json</c>.</summary>
/// <remarks>Read here and not by the configuration library, which takes the colon of <c>llama3:8b</c> for a path.</remarks>
public sealed class PriceTable
{
    public const string Section = "Prices";

    static readonly System.Buffers.SearchValues<char> DateLetters = System.Buffers.SearchValues.Create("0123456789-");

    readonly Dictionary<string, Price> prices;

    public PriceTable(IReadOnlyDictionary<string, Price> prices) => this.prices = new(prices, StringComparer.OrdinalIgnoreCase);

    public static PriceTable Empty { get; } = new(new Dictionary<string, Price>());

    /// <summary>The files of this home; what a later one says of a model replaces what an earlier one said.</summary>
    public static PriceTable Load() => Load(Path.Combine(Home.Root, "appsettings.json"), Path.Combine(Home.Root, "appsettings.Local.json"));

    /// <exception cref="ForgeException">A price is no price.</exception>
    public static PriceTable Load(params ReadOnlySpan<string> files)
    {
        var prices = new Dictionary<string, Price>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
        {
            if (File.Exists(file))
            {
                Read(file, prices);
            }
        }

        return new PriceTable(prices);
    }

    /// <summary>The price of this name, or of the longest one that it begins with: <c>gpt-4o-mini-2024-07-18</c> costs what <c>gpt-4o-mini</c> costs.</summary>
    public Price? Find(string model) => prices.TryGetValue(model, out var price)
        ? price
        : prices.Where(known => model.StartsWith(known.Key, StringComparison.OrdinalIgnoreCase) && IsDate(model.AsSpan(known.Key.Length))).OrderByDescending(known => known.Key.Length).Select(known => known.Value).FirstOrDefault();

    /// <summary>What is said where a budget in dollars needs a price that is not known.</summary>
    public static Problem Missing(string model)
        => new("budget.max_cost_usd", $"is set, but the price of {model} is not known.", $"Write it into appsettings.json, or appsettings.Local.json: \"DistillForge\": {{ \"{Section}\": {{ \"{model}\": {{ \"Input\": 0, \"Output\": 0 }} }} }}, in US dollars for a million tokens.");

    // -2024-07-18 or -20240718: another version of the same model, where -audio is another model.
    static bool IsDate(ReadOnlySpan<char> rest) => rest.Length >= 5 && rest[0] is '-' or '@' && !rest[1..].ContainsAnyExcept(DateLetters);

    static void Read(string file, Dictionary<string, Price> prices)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ForgeException(new Problem(file, error.Message, "Mend it, or remove it to take the defaults."), inner: error);
        }

        using (document)
        {
            if (Member(document.RootElement, "DistillForge") is not { } own || Member(own, Section) is not { } section)
            {
                return;
            }

            foreach (var model in section.ValueKind == JsonValueKind.Object ? section.EnumerateObject() : throw Unfit(file, Section))
            {
                prices[model.Name] = new Price(
                    Number(model.Value, "Input") ?? throw Unfit(file, model.Name),
                    Number(model.Value, "Output") ?? throw Unfit(file, model.Name),
                    Number(model.Value, "CachedInput"));
            }
        }
    }

    static JsonElement? Member(JsonElement of, string name)
    {
        foreach (var member in of.ValueKind == JsonValueKind.Object ? of.EnumerateObject() : default)
        {
            if (string.Equals(member.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return member.Value;
            }
        }

        return null;
    }

    static double? Number(JsonElement of, string name)
        => Member(of, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) && value >= 0 && double.IsFinite(value) ? value : null;

    static ForgeException Unfit(string file, string name)
        => new(new Problem(file, $"DistillForge:{Section}:{name} is no price.", "Write { \"Input\": 0.15, \"Output\": 0.60 }: US dollars for a million tokens."));
}
