using System.Text.Json;
using DistillForge.Core;

namespace DistillForge.Teachers;

/// <summary>Where keys come from.</summary>
/// <remarks>The implementer never writes a key anywhere, and never puts one into an exception.</remarks>
public interface IKeySource
{
    /// <returns>The key, or null where there is none of this name.</returns>
    string? Find(string name);
}

/// <summary>Keys from the environment.</summary>
public sealed class EnvironmentKeys : IKeySource
{
    public string? Find(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } key ? key.Trim() : null;
}

/// <summary>Keys from a file of .NET user secrets (<c>dotnet user-secrets</c>): a JSON object of texts in the user's own folder.</summary>
public sealed class UserSecretKeys(string path) : IKeySource
{
    public const string Id = "distillforge";

    /// <summary><c>~/.microsoft/usersecrets/distillforge/secrets.json</c>, or its place on Windows.</summary>
    public static string DefaultPath => OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "Microsoft", "UserSecrets", Id, "secrets.json")
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".microsoft", "usersecrets", Id, "secrets.json");

    public string? Find(string name)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            // As text: dotnet user-secrets begins the file with a byte order mark.
            using var document = JsonDocument.Parse(File.ReadAllText(path), new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var key) && key.ValueKind == JsonValueKind.String && key.GetString() is { Length: > 0 } text
                ? text.Trim()
                : null;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            // The parser's message may quote the file, so it is not passed on.
            throw new ForgeException(new Problem(path, "cannot be read as JSON.", "It must be one object: { \"NAME\": \"key\" }."));
        }
    }
}

/// <summary>The first source that knows a name is right.</summary>
public sealed class Keys(params IReadOnlyList<IKeySource> sources) : IKeySource
{
    /// <summary>The environment, then user secrets.</summary>
    public static Keys Default { get; } = new(new EnvironmentKeys(), new UserSecretKeys(UserSecretKeys.DefaultPath));

    public string? Find(string name) => sources.Select(source => source.Find(name)).FirstOrDefault(key => key is not null);

    /// <summary>What is said where no source knows a name.</summary>
    /// <param name="where">The recipe's key, e.g. <c>teacher.key_env</c>.</param>
    public static Problem Missing(string where, string name) => new(where, $"names {name}, which is not set.", $"Set the environment variable {name}, or the user secret of this name.");
}
