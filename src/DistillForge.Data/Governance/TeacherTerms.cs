namespace DistillForge.Data;

/// <summary>Whether a teacher's answers may train other models.</summary>
public enum MayTrain
{
    Unknown,
    Yes,
    No,
}

/// <summary>How a teacher is known again: by one of these. Patterns take <c>*</c> for any text and do not tell small letters from capitals.</summary>
public sealed record TeacherMatch
{
    /// <summary>Patterns of the name: of an API's model, of a GGUF file without its ending, or what a row calls its author.</summary>
    public IReadOnlyList<string> Model { get; init; } = [];

    /// <summary>SHA-256 of GGUF files: the only sign that nobody can give to another model.</summary>
    public IReadOnlyList<string> Sha256 { get; init; } = [];

    /// <summary>Patterns of an API's base address.</summary>
    public IReadOnlyList<string> Endpoint { get; init; } = [];

    /// <summary>The sign by which a teacher is known, or null.</summary>
    internal string? By(TeacherSigns signs)
        => Sha256.FirstOrDefault(hash => hash.Equals(signs.Sha256, StringComparison.OrdinalIgnoreCase)) is { } known ? $"sha256 {known}"
            : Endpoint.FirstOrDefault(pattern => signs.Endpoints.Any(endpoint => Fits(pattern, endpoint))) is { } address ? $"endpoint {address}"
            : Model.FirstOrDefault(pattern => signs.Names.Any(name => Fits(pattern, name))) is { } model ? $"model {model}"
            : null;

    static bool Fits(string pattern, string text) => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern.Replace("\\", "\\\\"), text, ignoreCase: true);
}

/// <summary>What is known of one who answered.</summary>
/// <param name="Names">As it is called, by whom ever.</param>
/// <param name="Sha256">Of its weights, where they are a file.</param>
/// <param name="Endpoints">Its base addresses, where it is an API.</param>
public sealed record TeacherSigns(IReadOnlyList<string> Names, string? Sha256 = null, IReadOnlyList<string>? Endpoints = null)
{
    public IReadOnlyList<string> Endpoints { get; } = Endpoints ?? [];
}

/// <summary>One teacher, or several alike, in <c>teachers.yaml</c>: under which terms its answers are used.</summary>
public sealed record TeacherTerms
{
    public required string Name { get; init; }

    public required TeacherMatch Match { get; init; }

    /// <summary>SPDX name of the model's license, or what it is called.</summary>
    public string? License { get; init; }

    /// <summary>Where the terms of use are written, or what they say.</summary>
    public string? Terms { get; init; }

    /// <summary>May its outputs train other models?</summary>
    public required MayTrain MayTrain { get; init; }

    /// <summary>What whoever uses the answers has to say of them.</summary>
    public string? Attribution { get; init; }

    /// <summary>Under what a question or a condition, for a person.</summary>
    public string? Note { get; init; }

    /// <summary>What was read of the terms, where and when; <c>no</c> where they are written from memory. Says nothing of its own about the terms.</summary>
    public string? Read { get; init; }

    /// <summary>The terms of somebody whom no register knows.</summary>
    public static TeacherTerms OfNobody { get; } = new() { Name = "not in the register", Match = new(), MayTrain = MayTrain.Unknown };
}

/// <summary>A person who answers for training against a teacher's terms.</summary>
/// <param name="By">Name.</param>
/// <param name="Reason">Why it is right here; the ledger keeps both.</param>
public sealed record OverrideSettings(string By, string Reason);
