namespace DistillForge.Core;

/// <summary>What a filter does with a row.</summary>
public enum FilterAction
{
    Keep,
    Warn,
    Review,
    Drop,
}

/// <summary>Why. Codes are counted, details are read.</summary>
/// <param name="Code">kebab-case, e.g. <c>too-short</c>.</param>
public sealed record Reason(string Code, string Detail);

/// <summary>A filter's decision about one row, which explains itself.</summary>
public sealed record Verdict(FilterAction Action, Reason? Reason)
{
    public static Verdict Keep { get; } = new(FilterAction.Keep, null);

    public static Verdict Drop(string code, string detail) => new(FilterAction.Drop, new Reason(code, detail));

    public static Verdict Warn(string code, string detail) => new(FilterAction.Warn, new Reason(code, detail));

    public static Verdict Review(string code, string detail) => new(FilterAction.Review, new Reason(code, detail));
}

/// <summary>A verdict as it is written down: which filter judged which row how.</summary>
/// <param name="Id">The row.</param>
/// <param name="Filter">The filter's component name.</param>
/// <param name="Order">The filter's place in the policy; the first drop in policy order is the cause that counts.</param>
/// <param name="Version">The filter's, options included: the first characters of a hash; empty in files of older versions and for persons.</param>
public sealed record JudgedRow(string Id, string Filter, int Order, Verdict Verdict, string Version = "");
