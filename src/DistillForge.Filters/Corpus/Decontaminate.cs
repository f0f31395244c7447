using DistillForge.Core;
using DistillForge.Data;

namespace DistillForge.Filters;

/// <summary>Drops rows that hold what a model will be examined on: a run of words of a test question, or most of its short phrases.</summary>
[Component("decontaminate")]
public sealed class Decontaminate : IFilter
{
    readonly Options options;
    readonly ExamIndex index;

    public sealed record Options : ICheckedOptions
    {
        /// <summary>Evaluation sets: JSON lines (as recipes take them), CSV, or text with one question a line.</summary>
        public IReadOnlyList<RecipeFile> Against { get; init; } = [];

        /// <summary>The CSV column with the question.</summary>
        public string Column { get; init; } = "text";

        /// <summary>A shared run of so many words contaminates; a shorter question does when the row holds all of it.</summary>
        public int Words { get; init; } = 10;

        /// <summary>Shorter questions are left alone: "What is it?" is everybody's.</summary>
        public int MinWords { get; init; } = 5;

        /// <summary>Share of a question's runs of three words from which a row is a near match; above 1 switches it off.</summary>
        public double Share { get; init; } = 0.75;

        public Scope Scope { get; init; } = Scope.All;

        public IEnumerable<Problem> Check()
        {
            if (Against.Count == 0)
            {
                yield return new Problem("against", "is missing.", "Name the files with the questions of your evaluations.");
            }

            if (MinWords < 3 || Words < MinWords || Words > 100 || Share <= 0)
            {
                yield return new Problem("words", $"is {Words} and min_words {MinWords}; min_words counts from 3, words from min_words to 100; share lies above 0.");
            }
        }
    }

    public Decontaminate(Options options)
    {
        this.options = options;
        index = new ExamIndex(options.Words, options.MinWords);
        foreach (var file in options.Against)
        {
            Read(file).GetAwaiter().GetResult();
        }
    }

    public Verdict Judge(Example example)
    {
        foreach (var passage in Passage.Of(example, options.Scope))
        {
            using var words = HashedWords.Of(passage.Text);
            if (index.Run(words) is var (question, first, length))
            {
                return Verdict.Drop("contaminated", $"{length} words in {passage.At(words.Start(first), words.End(first + length - 1))} stand in {index.NameOf(question)}");
            }

            if (index.Near(words, options.Share) is var (near, share))
            {
                return Verdict.Drop("near-contaminated", $"{share:P0} of the phrases of {index.NameOf(near)} stand in {passage.At(0, passage.Text.Length)}, may be less than {options.Share:P0}");
            }
        }

        return Verdict.Keep;
    }

    async Task Read(RecipeFile file)
    {
        if (file.Path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) || file.Path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase))
        {
            var rows = file.Path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)
                ? Import.CsvAsync(file.Path, options.Column, null, CancellationToken.None)
                : Import.JsonlAsync(file.Path, CancellationToken.None);
            await foreach (var row in rows.ConfigureAwait(false))
            {
                foreach (var message in row.Prompt.Where(message => message.Role == "user"))
                {
                    index.Add(message.Content, file.Written, row.Line);
                }
            }

            return;
        }

        var line = 0;
        await foreach (var text in TextLines.ReadAsync(file.Path, CancellationToken.None))
        {
            index.Add(text, file.Written, ++line);
        }
    }
}
