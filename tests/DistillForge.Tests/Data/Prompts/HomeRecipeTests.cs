using DistillForge.Data;
using DistillForge.Evaluation.Benchmarks;
using DistillForge.Filters;

namespace DistillForge.Tests.Data.Prompts;

public class HomeRecipeTests
{
    static readonly Catalog<IBenchmark> Benchmarks = new(typeof(HomeActions).Assembly);

    static readonly KnownNames Known = new()
    {
        Filters = FilterPipeline.Known,
        Benchmarks = Benchmarks.Names.ToDictionary(name => name, Benchmarks.OptionsOf),
    };

    [Theory]
    [InlineData("quickstart.yaml")]
    [InlineData("home-teacher.yaml")]
    public void The_recipes_of_the_embedded_task_are_read_without_a_problem_and_draw_from_its_template(string name)
    {
        var recipe = RecipeReader.Read(Path.Combine(Home.Root, "recipes", name), Known, NamedFiles.MayBeAbsent);

        var template = (recipe.Prompts?.Template ?? recipe.Dataset?.Template)!.Path;
        Assert.Equal(Path.Combine(Home.Root, "prompts", "home.prompt.yaml"), Path.GetFullPath(template));
        Assert.Equal("home-actions", Assert.Single(recipe.Evaluate.Benchmarks).Name);
    }
}
