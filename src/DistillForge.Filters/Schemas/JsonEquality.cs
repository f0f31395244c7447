using System.Text.Json;

namespace DistillForge.Filters;

/// <summary>JSON values are equal by what they mean: 1 is 1.0, and keys have no order.</summary>
sealed class JsonEquality : IEqualityComparer<JsonElement>
{
    public static JsonEquality Instance { get; } = new();

    public bool Equals(JsonElement x, JsonElement y) => JsonElement.DeepEquals(x, y);

    public int GetHashCode(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => string.GetHashCode(value.GetString()!, StringComparison.Ordinal),
        JsonValueKind.Number => value.TryGetDouble(out var number) ? number.GetHashCode() : 1,
        JsonValueKind.Object => value.EnumerateObject().Aggregate(2, (sum, property) => unchecked(sum + (string.GetHashCode(property.Name, StringComparison.Ordinal) * 31) + GetHashCode(property.Value))),
        JsonValueKind.Array => value.EnumerateArray().Aggregate(3, (hash, item) => HashCode.Combine(hash, GetHashCode(item))),
        var kind => (int)kind,
    };
}
