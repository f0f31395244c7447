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

        hits?.Sort((a, b) => a.Start.CompareTo(b.Start));
        return hits;
    }

    public static bool Wants(uint kinds, PiiKind kind) => (kinds & (1u << (int)kind)) != 0;

    /// <summary>Adds a hit unless its place is taken.</summary>
    /// <returns>False when it is.</returns>
    public static bool Add(ref List<PiiHit>? hits, PiiHit hit)
    {
        if (Covering(hits, hit.Start, hit.End) is not null)
        {
            return false;
        }

        (hits ??= []).Add(hit);
        return true;
    }

    /// <summary>The hit that shares a character with this place.</summary>
    public static PiiHit? Covering(List<PiiHit>? hits, int start, int end)
    {
        if (hits is not null)
        {
            foreach (var hit in hits)
            {
                if (hit.Start < end && start < hit.End)
                {
                    return hit;
                }
            }
        }

        return null;
    }
}
