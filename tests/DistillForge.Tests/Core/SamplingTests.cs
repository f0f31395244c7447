namespace DistillForge.Tests.Core;

public class SamplingTests
{
    const string Defaults = "temperature=1 top_k=0 top_p=1 min_p=0 max_tokens=256 stop=";

    [Fact]
    public void What_is_not_set_is_not_said_so_that_the_ids_of_older_rows_stay() => Assert.Equal(Defaults, new Sampling(Capture: new Want.Head()).Describe());

    [Fact]
    public void Everything_that_changes_the_text_is_said()
    {
        Assert.Equal($"{Defaults} repetition_penalty=1.1", new Sampling(RepetitionPenalty: 1.1f).Describe());
        Assert.Equal($"{Defaults} stop_tokens=3,7", new Sampling(StopTokens: [7, 3, 7]).Describe());
        Assert.Equal($"{Defaults} grammar={Sha256.OfText("root ::= \"a\"")}", new Sampling(Grammar: "root ::= \"a\"").Describe());
        Assert.Equal($"{Defaults} json_schema={Sha256.OfText("{}")}", new Sampling(JsonSchema: "{}").Describe());
    }
}
