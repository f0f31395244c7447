using DistillForge.Teachers;

namespace DistillForge.Tests.Teachers;

public class PriceTableTests
{
    static PriceTable Table { get; } = new(new Dictionary<string, Price> { ["gpt-4o"] = new(2.5, 10, 1.25), ["gpt-4o-mini"] = new(0.15, 0.6), ["llama3:8b"] = new(0, 0) });

    [Theory]
    [InlineData("gpt-4o-mini", 0.15)]
    [InlineData("GPT-4o-mini-2024-07-18", 0.15)]
    [InlineData("gpt-4o-2024-08-06", 2.5)]
    [InlineData("gpt-4o-20240806", 2.5)]
    [InlineData("llama3:8b", 0.0)]
    [InlineData("gpt-4o-audio", null)]
    [InlineData("gpt-5", null)]
    public void A_version_costs_what_its_model_costs_and_another_model_does_not(string model, double? input) => Assert.Equal(input, Table.Find(model)?.Input);

    [Fact]
    public void Cached_tokens_cost_their_own_price() => Assert.Equal((750 * 2.5 + 250 * 1.25 + 100 * 10) / 1e6, new Price(2.5, 10, 1.25).Of(1000, 100, 250), 15);

    [Fact]
    public void A_later_file_replaces_a_model_of_an_earlier_one()
    {
        using var scratch = new Scratch();
        var first = scratch.Put("a.json", """{ "DistillForge": { "Threads": 0, "Prices": { "llama3:8b": { "Input": 1, "Output": 2 }, "b": { "Input": 3, "Output": 4, "CachedInput": 1 } } } }""");
        var second = scratch.Put("b.json", """{ "distillforge": { "prices": { "LLAMA3:8B": { "input": 5, "output": 6 } } } } // mine""");

        var table = PriceTable.Load(first, second, scratch["absent.json"]);

        Assert.Equal((new Price(5, 6), new Price(3, 4, 1)), (table.Find("llama3:8b")!, table.Find("b")!));
    }

    [Theory]
    [InlineData("""{ "DistillForge": { "Prices": { "m": { "Input": -1, "Output": 2 } } } }""")]
    [InlineData("""{ "DistillForge": { "Prices": { "m": 3 } } }""")]
    [InlineData("""{ "DistillForge": { "Prices": [] } }""")]
    [InlineData("""{ "DistillForge": """)]
    public void What_is_no_price_is_said(string json)
    {
        using var scratch = new Scratch();

        Assert.Throws<ForgeException>(() => PriceTable.Load(scratch.Put("a.json", json)));
    }

    [Fact]
    public void The_committed_settings_hold_prices() => Assert.Equal(0.15, PriceTable.Load(Path.Combine(Home.Root, "appsettings.json")).Find("gpt-4o-mini")!.Input);
}
