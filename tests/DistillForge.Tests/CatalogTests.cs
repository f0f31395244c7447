namespace DistillForge.Tests;

public class NearNameTests
{
    [Theory]
    [InlineData("top_logprob", "Did you mean 'top_logprobs'?")]
    [InlineData("tempreature", "Did you mean 'temperature'?")]
    [InlineData("colour", null)]
    public void Suggests_only_what_is_near(string name, string? suggestion)
        => Assert.Equal(suggestion, NearName.Suggest(name, ["top_logprobs", "temperature", "seed"]));
}
