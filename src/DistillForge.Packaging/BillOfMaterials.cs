namespace DistillForge.Packaging;

/// <summary>Everything that a model was made of, and everything that is handed out with it, each with its hash; whatever is unknown is left out.</summary>
public sealed record BillOfMaterials
{
    /// <summary>What lies beside the model.</summary>
    public const string FileName = "bom.cdx.json";

    /// <summary>When the model was finished.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The model itself; its own parts are the files that are handed out.</summary>
    public required BillPart Model { get; init; }

    public required BillModel Facts { get; init; }

    /// <summary>Models that it came from; they are among <see cref="Parts"/> too.</summary>
    public required IReadOnlyList<BillPart> Ancestors { get; init; }

    /// <summary>The program that made it.</summary>
    public required BillPart Tool { get; init; }

    public required IReadOnlyList<BillPart> Parts { get; init; }
}

/// <summary>What kind of thing a part is, in CycloneDX's words.</summary>
public enum BillKind
{
    Model,
    Dataset,
    Configuration,
    Definition,
    Program,
    Library,
    File,
}

/// <summary>One thing that went in or came out.</summary>
/// <param name="Ref">Names it within the bill.</param>
/// <param name="License">SPDX name, or what somebody said; null where nobody did.</param>
public sealed record BillPart(BillKind Kind, string Ref, string Name, string? Version = null, string? License = null)
{
    public string? Description { get; init; }

    /// <summary>Of a package: https://github.com/package-url/purl-spec.</summary>
    public string? Purl { get; init; }

    /// <summary>Relative to the bill; null for what lies elsewhere.</summary>
    public string? Path { get; init; }

    public string? Sha256 { get; init; }

    public string? Sha512 { get; init; }

    /// <summary>What else is known, by name.</summary>
    public IReadOnlyList<(string Name, string Value)> Properties { get; init; } = [];

    public IReadOnlyList<BillPart> Parts { get; init; } = [];

    /// <summary>Refs of what it was made from or needs.</summary>
    public IReadOnlyList<string> MadeFrom { get; init; } = [];
}

/// <summary>What the bill says of the model as a model.</summary>
/// <param name="Architecture">As llama.cpp calls it.</param>
/// <param name="Datasets">Refs of what it was trained and measured on.</param>
public sealed record BillModel(string Architecture, IReadOnlyList<string> Datasets, string Purpose, IReadOnlyList<string> Limits, IReadOnlyList<BillFigure> Figures);

/// <param name="Slice">On what it was measured.</param>
/// <param name="Range">Its 95 % interval.</param>
public sealed record BillFigure(string Name, double Value, string Slice, (double Low, double High)? Range = null);
