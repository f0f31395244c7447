using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using DistillForge.Core;
using DistillForge.Models;

namespace DistillForge.Data;

/// <summary>Decisions as a run keeps them: JSON lines, one a decision, written once and never again.</summary>
public static class DecisionsFile
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) } };

    public static void Write(string path, IEnumerable<Decision> decisions) => DurableFile.Write(path, stream =>
    {
        foreach (var decision in decisions)
        {
            JsonSerializer.Serialize(stream, decision, Json);
            stream.WriteByte((byte)'\n');
        }
    });

    /// <exception cref="ForgeException">It is no file of ours.</exception>
    public static IReadOnlyList<Decision> Read(string path)
    {
        try
        {
            return [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => JsonSerializer.Deserialize<Decision>(line, Json)!)];
        }
        catch (Exception exception) when (exception is JsonException or IOException)
        {
            throw new ForgeException(new Problem(path, $"cannot be read as decisions: {exception.Message.ReplaceLineEndings(" ")}"), inner: exception);
        }
    }
}

/// <summary>One row of a reviewer's file, before anything of it is believed.</summary>
/// <param name="Line">Where it stands.</param>
/// <param name="Values">By key; see <see cref="ReviewSheet.Keys"/>.</param>
public sealed record ReviewRow(int Line, IReadOnlyDictionary<string, string> Values)
{
    public string this[string key] => Values.GetValueOrDefault(key) ?? "";

    /// <summary>The decision in this row; null where the person left it open.</summary>
    /// <param name="answers">The rows that may be decided on: id → answer.</param>
    /// <param name="reviewer">Where the row names nobody.</param>
    /// <param name="now">Where the row has no time; later ones are refused.</param>
    public Decision? ToDecision(IReadOnlyDictionary<string, string> answers, string? reviewer, DateTimeOffset now, List<Problem> problems)
    {
        if (this["decision"].Trim() is not { Length: > 0 } said)
        {
            return null;
        }

        var before = problems.Count;
        var kind = Enum.GetValues<DecisionKind>().Cast<DecisionKind?>().FirstOrDefault(kind => kind!.ToString()!.Equals(said, StringComparison.OrdinalIgnoreCase));
        Require(kind is not null, "decision", $"is '{Short(said)}'.", $"{NearName.Suggest(said, Names)} It takes {string.Join(", ", Names)}, or nothing.".Trim());
        var known = answers.TryGetValue(this["id"].Trim(), out var answer);
        Require(known, "id", $"'{Short(this["id"])}' is no row of this run.", "Keep the ids as the export wrote them.");
        var who = this["reviewer"].Trim() is { Length: > 0 } named ? named : reviewer ?? "";
        Require(who.Length is > 0 and <= 100 && !who.Any(char.IsControl), "reviewer", who.Length == 0 ? "is missing." : "is no name: 1 to 100 characters on one line.", "Fill the column, or give --reviewer NAME.");
        var time = now;
        Require(this["time"].Trim() is not { Length: > 0 } written || DateTimeOffset.TryParse(written, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time), "time", $"'{Short(this["time"])}' is no time.", "Write e.g. 2026-11-26T19:00:00Z, or leave it empty.");
        Require(time <= now.AddMinutes(5), "time", "lies in the future.", "Leave it empty for now.");
        var edited = this["edited"].Length > 0 ? this["edited"] : kind == DecisionKind.Edit && this["answer"].Length > 0 ? this["answer"] : null;
        Require(kind != DecisionKind.Edit || (!string.IsNullOrWhiteSpace(edited) && edited != answer), "edited", "does not change the answer.", "Write the new answer into 'edited', or decide 'approve'.");
        Require(kind == DecisionKind.Edit || this["edited"].Length == 0, "edited", $"has an answer, but the decision is '{Short(said)}'.", "Write 'edit', or empty it.");
        Require(kind != DecisionKind.Comment || this["comment"].Trim().Length > 0, "comment", "is empty.", "Write one, or decide approve, reject or edit.");
        return problems.Count > before ? null : new Decision(this["id"].Trim(), kind!.Value, kind == DecisionKind.Edit ? edited : null, this["comment"].Trim() is { Length: > 0 } comment ? comment : null, who, time.ToUniversalTime());

        void Require(bool holds, string where, string what, string instead)
        {
            if (!holds)
            {
                problems.Add(new Problem(where, what, instead, Line));
            }
        }
    }

    static IEnumerable<string> Names => Enum.GetNames<DecisionKind>().Select(name => name.ToLowerInvariant());

    static string Short(string text) => TerminalText.OnOneLine(text.Length <= 60 ? text : text[..57] + "...");
}
