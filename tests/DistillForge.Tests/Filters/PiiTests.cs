using System.Diagnostics;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

public sealed class PiiTests
{
    [Fact]
    public void Finds_what_is_made_up_by_public_rules_and_little_else()
    {
        var rows = new PiiRows(23);
        var personal = Enumerable.Range(0, 1000).Select(_ => rows.Personal()).ToList();
        var harmless = Enumerable.Range(0, 1000).Select(_ => rows.Harmless()).ToList();

        var missed = personal.Where(row => !Hits(row.Text).Any(hit => IsRight(row, hit))).ToList();
        var wrong = personal.Concat(harmless).SelectMany(row => Hits(row.Text).Where(hit => !IsRight(row, hit)).Select(hit => $"{hit.Label}: {row.Text}")).ToList();

        Assert.True(missed.Count <= 0.05 * personal.Count, $"recall: missed {missed.Count} of {personal.Count}:\n{string.Join('\n', missed.Take(40).Select(row => $"{row.Kind}: {row.Text}"))}");
        Assert.True(wrong.Count <= 0.02 * (personal.Count - missed.Count + wrong.Count), $"precision: {wrong.Count} wrong:\n{string.Join('\n', wrong.Take(40))}");
    }

    // The kind is right, and the hit covers the value: what redaction would leave behind is a leak.
    static bool IsRight(PiiRows.Row row, PiiHit hit) => hit.Kind == row.Kind && hit.Start <= row.Start && hit.End >= row.Start + row.Value.Length;

    static List<PiiHit> Hits(string text) => PiiScanner.Find(text, uint.MaxValue) ?? [];

    [Theory]
    [InlineData("DE89 3704 0044 0532 0130 00", "pii-iban")]
    [InlineData("DE89 3704 0044 0532 0130 01", null)]
    [InlineData("4111 1111 1111 1111", "pii-card")]
    [InlineData("4111 1111 1111 1112", null)]
    [InlineData("gb82west12345698765432", "pii-iban")]
    [InlineData("12345678Z", "pii-national-id")]
    [InlineData("12345678A", null)]
    [InlineData("X1234567L", "pii-national-id")]
    [InlineData("RSSMRA85T10A562S", "pii-national-id")]
    [InlineData("131052-308T", "pii-national-id")]
    [InlineData("11010519491231002X", "pii-national-id")]
    [InlineData("12.345.678-5", "pii-national-id")]
    [InlineData("NHS 943 476 5919", "pii-national-id")]
    [InlineData("Aadhaar 2341 2341 2346", "pii-national-id")]
    [InlineData("86095742719", "pii-national-id")]
    [InlineData("1.1.1.1 is a resolver", "pii-ip-address")]
    [InlineData("version 1.1.1.1", null)]
    [InlineData("section 2.3.4.1", null)]
    [InlineData("2001:db8::8a2e:370:7334", "pii-ip-address")]
    [InlineData("::1 and 12:30:45", null)]
    [InlineData("anna (at) example.org", "pii-email")]
    [InlineData("user@localhost and icon@2x.png", null)]
    [InlineData("postgres://app:s3cr3tpw@db.example:5432/x", "pii-secret")]
    [InlineData("https://user:password@localhost/x", null)]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "pii-secret")]
    [InlineData("-----BEGIN CERTIFICATE-----", null)]
    [InlineData("call me at 5551234567", "pii-phone")]
    [InlineData("5551234567", null)]
    [InlineData("00 49 30 1234567", "pii-phone")]
    [InlineData("on 01/02/2023 and 2023-01-02", null)]
    public void Judges_a_text_by_its_form_and_check_digits(string text, string? code)
        => Assert.Equal(code, new Pii(new()).Judge(Some.Example(text) with { Prompt = [Message.User("?")] }).Reason?.Code);

    [Fact]
    public void Says_where_but_not_what()
    {
        var row = Some.Example("fine") with { Prompt = [Message.User("I am anna@example.org, call +49 30 1234567")] };

        Assert.Equal(new Reason("pii-email", "e-mail address at characters 5..21 of prompt message 1, and 1 more there"), new Pii(new()).Judge(row).Reason);
        Assert.Null(new Pii(new() { Kinds = [PiiKind.Card] }).Judge(row).Reason);
        Assert.Null(new Pii(new() { Scope = Scope.Completion }).Judge(row).Reason);
    }

    [Fact]
    public void A_redacted_row_is_another_row_without_a_trace()
    {
        var row = Some.Example("Write to anna@example.org or call +49 30 1234567.") with { Trace = Some.Trace(1) };

        var redacted = new Redact(new()).Apply(row);

        Assert.Equal("Write to [EMAIL] or call [PHONE].", redacted.Text);
        Assert.Null(redacted.Trace);
        Assert.Equal(64, redacted.Id.Length);
        Assert.NotEqual(row.Id, redacted.Id);
        Assert.Equal(redacted.Id, new Redact(new()).Apply(row).Id);
        Assert.Same(redacted, new Redact(new()).Apply(redacted));
    }

    [Fact]
    public void What_is_not_redacted_is_left_alone()
    {
        var row = Some.Example("Card 4111 1111 1111 1111, mail anna@example.org.") with { Trace = Some.Trace(1) };

        Assert.Equal("Card 4111 1111 1111 1111, mail [EMAIL].", new Redact(new() { Kinds = [PiiKind.Email] }).Apply(row).Text);
        Assert.Same(row, new Redact(new() { Scope = Scope.Prompt }).Apply(row));
    }

    [Theory]
    [InlineData("1 ")]
    [InlineData("@a")]
    [InlineData("a@a.")]
    [InlineData("::")]
    [InlineData("1.")]
    [InlineData("AKIA")]
    [InlineData("eyJ.")]
    [InlineData("a@b.cd ")]
    [InlineData("-----BEGIN PRIVATE KEY")]
    [InlineData("12-")]
    [InlineData("(0")]
    [InlineData("://a:")]
    public void Hostile_text_takes_linear_time(string part)
    {
        var (one, four) = (TimeSpan.MaxValue, TimeSpan.MaxValue);

        // The quickest of several is what the work takes when nothing else runs.
        for (var round = 0; round < 3 || (round < 30 && four > 8 * one); round++)
        {
            (one, four) = (Quicker(one, Repeated(part, 25_000)), Quicker(four, Repeated(part, 100_000)));
        }

        // Four times the text takes four times as long; sixteen times, were the work quadratic.
        Assert.True(four <= 8 * one, $"'{part}' 25,000 characters long took {one.TotalMilliseconds} ms, 100,000 characters {four.TotalMilliseconds} ms");
    }

    static string Repeated(string part, int length) => string.Concat(Enumerable.Repeat(part, length / part.Length));

    static TimeSpan Quicker(TimeSpan before, string text)
    {
        var watch = Stopwatch.StartNew();
        PiiScanner.Find(text, uint.MaxValue);
        return watch.Elapsed < before ? watch.Elapsed : before;
    }
}
