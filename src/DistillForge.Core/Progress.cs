namespace DistillForge.Core;

/// <summary>Tells whoever watches how far long work has come. Called often, from one thread at a time; must return at once.</summary>
public interface IProgressLog
{
    /// <summary>Lines may hold the terminal's colours.</summary>
    bool ShowsColour => false;

    /// <summary>A line that stays, e.g. what a stage found.</summary>
    void Say(string message);

    /// <param name="what">What is being done, e.g. <c>generate</c>.</param>
    /// <param name="done">Units finished, of <paramref name="total"/>; total 0 when unknown.</param>
    /// <param name="unit">e.g. <c>rows</c>.</param>
    /// <param name="detail">What else is worth seeing now, e.g. <c>loss 0.41</c>.</param>
    void Report(string what, long done, long total, string unit, string detail = "");
}

/// <summary>Nobody watches.</summary>
public sealed class SilentProgress : IProgressLog
{
    public static SilentProgress Instance { get; } = new();

    public void Say(string message)
    {
    }

    public void Report(string what, long done, long total, string unit, string detail = "")
    {
    }
}
