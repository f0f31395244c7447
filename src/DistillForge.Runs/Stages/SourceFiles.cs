using DistillForge.Core;
using DistillForge.Data;
using DistillForge.Data.Prompts;

namespace DistillForge.Runs.Stages;

/// <summary>The files behind a recipe's prompts or dataset, for manifests.</summary>
static class SourceFiles
{
    public static IEnumerable<KeyValuePair<string, string>> Of(PromptSource source)
        => Of(source.Template, source.Jsonl ?? source.Csv ?? source.Parquet ?? source.Turns);

    public static IEnumerable<KeyValuePair<string, string>> Of(DatasetSource source)
        => Of(source.Template, source.Jsonl ?? source.Csv ?? source.Parquet);

    public static string NameOf(PromptSource source) => (source.Template ?? source.Jsonl ?? source.Csv ?? source.Parquet ?? source.Turns)!.Written;

    public static string NameOf(DatasetSource source) => (source.Template ?? source.Jsonl ?? source.Csv ?? source.Parquet)!.Written;

    // By name within the template's own folder tree, so that a moved checkout redoes nothing.
    static IEnumerable<KeyValuePair<string, string>> Of(RecipeFile? template, RecipeFile? file) => template is null
        ? [new(file!.Written, file.Path)]
        : PromptTemplate.Load(template.Path).Files.Select(path => new KeyValuePair<string, string>(Path.GetRelativePath(Home.Root, path), path));
}
