using DistillForge.Core;

namespace DistillForge.Data;

/// <summary>A component that a recipe or policy names, and its options.</summary>
/// <param name="Weight">Of a loss; 1 when not given.</param>
/// <param name="Tokens">Of a loss: how much each token counts; null when not given.</param>
/// <param name="Action">What a filter's drop becomes: <see cref="FilterAction.Drop"/> when not given.</param>
/// <param name="Options">Bound to the component's options record by <see cref="Catalog{TSeam}.Create"/>.</param>
/// <param name="Text">Canonical text of the whole entry, for manifests.</param>
public sealed record ComponentSetting(string Name, ScheduledWeight Weight, FilterAction Action, IOptionsSource Options, string Text, int Line = 0, TokenWeighting? Tokens = null)
{
    readonly Lazy<string> version = new(() => Sha256.OfText(Text)[..12]);

    /// <summary>Names what it does, options and the files that they name included: another version may judge otherwise.</summary>
    public string Version => version.Value;
}

/// <summary>Says what the components of a list are.</summary>
/// <param name="noun">For messages, e.g. <c>loss</c>.</param>
/// <param name="reserved">Keys beside a component's options that belong to the list: <c>weight</c>, <c>tokens</c>, <c>action</c>.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ComponentsAttribute(string noun, params string[] reserved) : Attribute
{
    public string Noun { get; } = noun;

    public IReadOnlyList<string> Reserved { get; } = reserved;
}

/// <summary>Which filters judge the rows, in which order.</summary>
public sealed record FilterPolicy
{
    /// <summary>Policies whose filters judge before these. A filter that is named again here is replaced.</summary>
    public IReadOnlyList<RecipeFile> Include { get; init; } = [];

    /// <summary>In policy order: the first drop is the cause that counts.</summary>
    [Components("filter", "action")]
    public required IReadOnlyList<ComponentSetting> Filters { get; init; }

    /// <summary>What people call it; the file's name where it says nothing.</summary>
    public string? Name { get; init; }

    /// <summary>What people count, e.g. <c>3</c> or <c>2026-11</c>; <see cref="Sha256"/> tells two policies apart whatever it says.</summary>
    public string? Version { get; init; }

    /// <summary>Where the policy was read from.</summary>
    [NotInRecipe]
    public string Path { get; init; } = "";

    /// <summary>Of all filters in their order, included ones too, with their options and the files that those name.</summary>
    public string Sha256 => Core.Sha256.OfText(string.Join('\n', Filters.Select(filter => filter.Text)));

    public string DisplayName => Name ?? (Path.Length == 0 ? "none" : System.IO.Path.GetFileNameWithoutExtension(Path));

    public override string ToString() => $"{DisplayName}{(Version is { } version ? $" {version}" : "")} ({Sha256[..12]})";
}

/// <summary>The names that a recipe may use, each with its options record (null when it has no settings). A null list is not checked.</summary>
public sealed record KnownNames
{
    public IReadOnlyDictionary<string, Type?>? Losses { get; init; }

    public IReadOnlyDictionary<string, Type?>? Filters { get; init; }

    public IReadOnlyDictionary<string, Type?>? Architectures { get; init; }

    public IReadOnlyDictionary<string, Type?>? Benchmarks { get; init; }

    public IReadOnlyDictionary<string, Type?>? Perturbations { get; init; }

    public IReadOnlyCollection<string>? Quantizations { get; init; }

    /// <summary>Nothing that lives in another project is checked.</summary>
    public static KnownNames Unchecked { get; } = new();

    internal IReadOnlyDictionary<string, Type?>? For(string noun) => noun switch
    {
        "loss" => Losses,
        "filter" => Filters,
        "benchmark" => Benchmarks,
        "perturbation" => Perturbations,
        _ => throw new ArgumentOutOfRangeException(nameof(noun), noun, "no list of names"),
    };

    public static IReadOnlyDictionary<string, Type?> Of<TSeam>(Catalog<TSeam> catalog)
        where TSeam : class
        => catalog.Names.ToDictionary(name => name, catalog.OptionsOf);
}
