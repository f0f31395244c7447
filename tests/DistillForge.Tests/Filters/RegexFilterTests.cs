using System.Diagnostics;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class RegexFilterTests
{
    [Theory]
    [InlineData("all is well", null)]
    [InlineData("see TODO: later", "denied-pattern")]
    public void Drops_what_a_denied_pattern_matches(string text, string? dropped)
        => Assert.Equal(dropped, new RegexFilter(new() { Deny = [Pattern.FromText(@"\bTODO\b")] }).Judge(Some.Example(text)).Reason?.Code);

    [Theory]
    [InlineData("yes", null)]
    [InlineData("no.", null)]
    [InlineData("maybe", "no-allowed-pattern")]
    public void Drops_what_no_allowed_pattern_matches(string text, string? dropped)
        => Assert.Equal(dropped, new RegexFilter(new() { Allow = [Pattern.FromText("^yes"), Pattern.FromText("^no")] }).Judge(Some.Example(text)).Reason?.Code);

    [Fact]
    public void Says_which_pattern_matched_where()
        => Assert.Equal("'b+' matches characters 1..4", new RegexFilter(new() { Deny = [Pattern.FromText("b+")] }).Judge(Some.Example("abbbc")).Reason?.Detail);

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(a|a)*$")]
    [InlineData("(.*a){12}$")]
    [InlineData("(x+x+)+y")]
    [InlineData("^(([a-z])+.)+[A-Z]([a-z])+$")]
    public void A_catastrophic_pattern_takes_linear_time(string pattern)
    {
        var filter = new RegexFilter(new() { Deny = [Pattern.FromText(pattern)] });
        var watch = Stopwatch.StartNew();

        filter.Judge(Some.Example(new string('a', 20_000) + "!"));

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }

    [Theory]
    [InlineData("(", "is no regular expression")]
    [InlineData("(?=a)b", "no linear time")]
    [InlineData(@"(a)\1", "no linear time")]
    [InlineData("((a{1000}){1000}){1000}", "states")]
    [InlineData("(?:(?:[ab]{50}c){50}d){50}", "states")]
    [InlineData("", "empty")]
    public void A_pattern_that_will_not_do_is_refused_when_it_is_read(string pattern, string why)
        => Assert.Contains(why, Assert.Throws<FormatException>(() => Pattern.FromText(pattern)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(@"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")]
    [InlineData(@"[{}]{1,3}\{2,\}")]
    [InlineData("(?i)as an ai")]
    [InlineData("a{x}b{")]
    public void An_ordinary_pattern_is_not_refused(string pattern) => Assert.Equal(pattern, Pattern.FromText(pattern).Text);
}
