using System.Text.Json;

namespace DistillForge.Tests.Data.Prompts;

/// <summary>The action language of datasets/home/README.md, written down a second time so that grammar and hand-written answers are checked against it.</summary>
static class HomeLanguage
{
    static readonly string[] Keys = ["action", "target", "value", "delay_s", "duration_s"];
    static readonly string[] Rooms = ["kitchen", "living_room", "dining_room", "bedroom", "bathroom", "kids_room", "office", "hall", "garage", "garden", "house"];
    static readonly string[] Switched = ["light", "lamp", "fan", "heating", "tv", "speaker", "coffee_machine", "vacuum", "sprinkler", "alarm", "all"];
    static readonly string[] Levels = ["light", "lamp", "heating", "tv", "speaker", "fan"];
    static readonly string[] Colors = ["red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "white", "warm_white", "cool_white"];
    static readonly string[] Scenes = ["morning", "night", "home", "away", "movie", "dinner", "party", "reading", "relax"];

    static readonly Dictionary<string, string[]> Devices = new()
    {
        ["turn_on"] = Switched,
        ["turn_off"] = Switched,
        ["set_brightness"] = ["light", "lamp"],
        ["set_color"] = ["light", "lamp"],
        ["set_temperature"] = ["heating"],
        ["set_volume"] = ["tv", "speaker"],
        ["set_speed"] = ["fan"],
        ["set_position"] = ["blinds", "window", "door"],
        ["increase"] = Levels,
        ["decrease"] = Levels,
        ["open"] = ["blinds", "door", "window"],
        ["close"] = ["blinds", "door", "window"],
        ["lock"] = ["door"],
        ["unlock"] = ["door"],
        ["scene"] = [],
        ["none"] = [],
    };

    static readonly HashSet<int> Spans =
    [
        5, 10, 15, 20, 30, 40, 45, 50, 90,
        .. new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 35, 40, 45, 50, 75, 90, 105 }.Select(minutes => minutes * 60),
        .. new[] { 1, 1.5, 2, 2.25, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12, 24 }.Select(hours => (int)(hours * 3600)),
    ];

    public static IEnumerable<string> Actions => Devices.Keys;

    public static IEnumerable<string> AllRooms => Rooms;

    /// <returns>What is wrong with the answer, or null.</returns>
    public static string? Problem(string answer)
    {
        using var json = JsonDocument.Parse(answer);
        var fields = json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value);
        var ordered = Keys.Where(fields.ContainsKey).ToArray();
        if (!fields.Keys.SequenceEqual(ordered) || answer != $"{{{string.Join(',', fields.Select(f => $"\"{f.Key}\":{f.Value.GetRawText()}"))}}}")
        {
            return "unknown keys, or not in canonical form";
        }

        var action = fields["action"].GetString()!;
        return !Devices.TryGetValue(action, out var devices) ? "unknown action"
            : TargetProblem(fields, devices) ?? (IsValue(action, fields.TryGetValue("value", out var value) ? value : null) ? null : "value does not fit")
                ?? (new[] { "delay_s", "duration_s" }.All(key => !fields.TryGetValue(key, out var span) || (action != "none" && Spans.Contains(span.GetInt32()))) ? null : "unknown span");
    }

    static string? TargetProblem(Dictionary<string, JsonElement> fields, string[] devices)
    {
        if (!fields.TryGetValue("target", out var target))
        {
            return devices.Length == 0 ? null : "no target";
        }

        var parts = target.GetString()!.Split('.');
        return parts.Length <= 2 && devices.Contains(parts[^1]) && (parts.Length == 1 || Rooms.Contains(parts[0])) ? null : "target does not fit";
    }

    static bool IsValue(string action, JsonElement? value) => action switch
    {
        "set_brightness" or "set_volume" or "set_speed" or "set_position" => value?.TryGetInt32(out var percent) == true && percent is >= 0 and <= 100,
        "set_temperature" => value?.TryGetDecimal(out var degrees) == true && degrees is >= 10 and <= 30 && degrees * 2 % 1 == 0,
        "set_color" => Colors.Contains(value?.GetString()),
        "scene" => Scenes.Contains(value?.GetString()),
        "increase" or "decrease" => value is null || value.Value.TryGetInt32(out _),
        _ => value is null,
    };
}
