namespace DistillForge.Filters;

/// <summary>What names or reaches a person, or opens a door.</summary>
public enum PiiKind
{
    Email,
    Phone,
    Iban,
    Card,
    IpAddress,

    /// <summary>Keys, tokens and passwords of known services.</summary>
    Secret,

    /// <summary>Numbers by which a state knows a person.</summary>
    NationalId,
}

/// <summary>One place of a text.</summary>
/// <param name="Label">For a person, e.g. <c>AWS access key</c>.</param>
/// <param name="End">Behind the last character.</param>
readonly record struct PiiHit(PiiKind Kind, string Label, int Start, int End);

/// <summary>Finds personal data and secrets.</summary>
static class PiiScanner
{
    /// <returns>In the order of the text, without overlaps; null when there is none.</returns>
    public static List<PiiHit>? Find(ReadOnlySpan<char> text, uint kinds)
    {
        List<PiiHit>? hits = null;
        // The surest first: what they take, the others do not see again.
        if (Wants(kinds, PiiKind.Secret))
        {
            Secrets.Find(text, ref hits);
        }

        if (Wants(kinds, PiiKind.Email))
        {
            Emails.Find(text, ref hits);
        }

        if (Wants(kinds, PiiKind.IpAddress))
        {
            IpAddresses.Find(text, ref hits);
        }

        if (Wants(kinds, PiiKind.Iban) || Wants(kinds, PiiKind.NationalId))
        {
            LetteredIds.Find(text, kinds, ref hits);
        }

        if (Wants(kinds, PiiKind.Card) || Wants(kinds, PiiKind.NationalId) || Wants(kinds, PiiKind.Phone))
        {
            NumberedIds.Find(text, kinds, ref hits);
        }

        return hits;
    }

    public static bool Wants(uint kinds, PiiKind kind) => (kinds & (1u << (int)kind)) != 0;

    /// <summary>Adds a hit in its place unless that is taken.</summary>
    /// <returns>False when it is.</returns>
    public static bool Add(ref List<PiiHit>? hits, PiiHit hit)
    {
        hits ??= [];
        var place = FirstBehind(hits, hit.Start);
        if (place < hits.Count && hits[place].Start < hit.End)
        {
            return false;
        }

        hits.Insert(place, hit);
        return true;
    }

    /// <summary>A hit shares a character with this place.</summary>
    public static bool IsTaken(List<PiiHit>? hits, int start, int end)
        => hits is not null && FirstBehind(hits, start) is var place && place < hits.Count && hits[place].Start < end;

    // The first hit that ends behind this character; hits are in order and apart, so halving finds it.
    static int FirstBehind(List<PiiHit> hits, int start)
    {
        var (low, high) = (0, hits.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = hits[middle].End <= start ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
