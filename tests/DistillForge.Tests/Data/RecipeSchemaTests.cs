using DistillForge.Data;

namespace DistillForge.Tests.Data;

public sealed class RecipeSchemaTests
{
    static readonly string Path = System.IO.Path.Combine(Home.Root, "schemas", "recipe.json");

    [Fact]
    public void The_schema_beside_the_recipes_is_the_one_that_the_records_give()
    {
        var schema = RecipeSchema.Of(typeof(Recipe));
        if (Environment.GetEnvironmentVariable("FORGE_ACCEPT") == "1")
        {
            File.WriteAllText(Path, schema);
        }

        Assert.Equal(schema, File.ReadAllText(Path));
    }
}
