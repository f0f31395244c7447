using DistillForge.Data;

namespace DistillForge.Tests.Data;

public sealed class RecipeReaderTests : IDisposable
{
    const string Smallest = """
        name: tiny
        teacher: { gguf: teacher.gguf }
        prompts: { jsonl: questions.jsonl }

        """;

    sealed record KlOptions(float Temperature = 1f, string MissingMass = "one-bucket");

    static readonly KnownNames Known = new()
    {
        Losses = new Dictionary<string, Type?> { ["forward-kl"] = typeof(KlOptions), ["cross-entropy"] = null },
        Filters = new Dictionary<string, Type?> { ["min-length"] = null },
        Architectures = new Dictionary<string, Type?> { ["llama"] = null },
        Benchmarks = new Dictionary<string, Type?> { ["home-actions"] = null },
        Quantizations = ["f16", "q8_0", "iq3_m"],
    };

    readonly Scratch folder = new();

    public RecipeReaderTests()
    {
        folder.Put("teacher.gguf", "");
        folder.Put("questions.jsonl", "");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_smallest_recipe_gets_a_newcomers_defaults()
    {
        var recipe = Read(Smallest);

        Assert.Equal((7, 0.7f, 16, 2048, Precision.Bf16), (recipe.Seed, recipe.Generate.Temperature, recipe.Generate.TopLogprobs, recipe.Train.TokensPerBatch, recipe.Train.Precision));
        Assert.Equal(folder["teacher.gguf"], recipe.Teacher!.Gguf!.Path);
        Assert.True(recipe.Student.Vocabulary.IsTeacher);
    }

    [Fact]
    public void A_sweep_is_a_recipe_for_every_combination_of_its_values()
    {
        const string Rest = "generate: { temperatures: [ 1, 2, 4 ] }\ntrain: { losses: [ { forward-kl: { weight: 0.7 } }, cross-entropy ] }\nsweep: { values: { train.learning_rate: [ 1e-3, 2e-3 ], train.losses.forward-kl.temperature: [ 1, 2, 4 ] }";

        var grid = Read(Smallest + Rest + " }").Trials;
        var drawn = Read(Smallest + Rest + ", search: random, runs: 4 }").Trials;

        Assert.Equal([(1e-3, 1f), (1e-3, 2f), (1e-3, 4f), (2e-3, 1f), (2e-3, 2f), (2e-3, 4f)], grid.Select(Tried));
        Assert.All(grid, trial => Assert.Equal([("forward-kl", 0.7), ("cross-entropy", 1)], trial.Recipe.Train.Losses.Select(loss => (loss.Name, loss.Weight.From))));
        Assert.Equal(4, drawn.Select(trial => trial.Id).Intersect(grid.Select(trial => trial.Id)).Count());
        Assert.Equal("learning_rate 1e-3, forward-kl.temperature 2", grid[1].ToString());
        var span = Read(Smallest + "sweep: { values: { train.learning_rate: [ 1e-4..1e-2 ], train.epochs: [ 2, 3 ] }, search: random, runs: 30 }").Trials;
        Assert.InRange(span.Count, 25, 30);
        Assert.All(span, trial => Assert.InRange(trial.Recipe.Train.LearningRate, 1e-4, 1e-2));
        Assert.InRange(span.Count(trial => trial.Recipe.Train.LearningRate < 1e-3), 8, 22);

        static (double, float) Tried(SweepTrial trial) => (trial.Recipe.Train.LearningRate, ((KlOptions)trial.Recipe.Train.Losses[0].Options.Bind(typeof(KlOptions))).Temperature);
    }

    [Fact]
    public void Every_value_of_the_quickstart_shape_is_read()
    {
        var recipe = Read(Smallest + """
            seed: 11
            generate: { samples: 2, temperature: 0.9, top_p: 0.95, top_k: 40, min_p: 0.01, max-tokens: 64, top_logprobs: 12, head_mass: 0.99, tail_samples: 4, temperatures: [1, 2], stop: ["\n"] }
            student: { architecture: llama, layers: 3, width: 96, heads: 4, kv_heads: 2, feed_forward: 256, context: 512, vocabulary: teacher }
            train: { losses: [ { forward-kl: { weight: 0.7, temperature: 2 } }, cross-entropy ], epochs: 4, learning_rate: 2e-3, precision: f32 }
            package: { quantize: [ q8_0 ] }
            evaluate: { benchmarks: [ home-actions ], baseline: teacher-text, held_out: 100 }
            """);

        Assert.Equal(11, recipe.Seed);
        Assert.Equal([1f, 2f], recipe.Generate.Temperatures);
        Assert.Equal(64, recipe.Generate.MaxTokens);
        Assert.Equal(2, recipe.Student.KvHeads);
        Assert.Equal(2e-3, recipe.Train.LearningRate);
        Assert.Equal([("forward-kl", 0.7), ("cross-entropy", 1)], recipe.Train.Losses.Select(loss => (loss.Name, loss.Weight.From)));
        Assert.Equal(new KlOptions(Temperature: 2), recipe.Train.Losses[0].Options.Bind(typeof(KlOptions)));
        Assert.Equal(BaselineKind.TeacherText, recipe.Evaluate.Baseline);
        Assert.Equal("home-actions", recipe.Evaluate.Benchmarks.Single().Name);
    }

    [Fact]
    public void A_losss_weight_may_move_and_its_tokens_may_be_weighed()
    {
        var recipe = Read(Smallest + """
            train: { losses: [ { forward-kl: { weight: { from: 0.9, to: 0.5, shape: cosine }, tokens: { by: teacher-entropy, at_most: 0.5 } } }, { cross-entropy: { weight: 0.5 } } ] }
            """);

        Assert.Equal(new ScheduledWeight(0.9, 0.5, WeightShape.Cosine), recipe.Train.Losses[0].Weight);
        Assert.Equal(new TokenWeighting(TokenMeasure.TeacherEntropy, AtMost: 0.5), recipe.Train.Losses[0].Tokens);
        Assert.Contains("weight=0.9 to 0.5 cosine", recipe.Train.Losses[0].Text);
        // As it was before weights could move: older runs stay what they are.
        Assert.Equal("cross-entropy weight=0.5 action=drop {}", recipe.Train.Losses[1].Text);
    }

    [Fact]
    public void All_problems_are_told_at_once_with_line_key_and_suggestion()
    {
        var path = folder.Put("bad.yaml", """
            name: bad
            teacher: { gguf: teacher.gguf }
            prompts: { jsonl: questions.jsonl }
            generate:
              top_logprob: 4
              temperature: hot
              samples: 0
            student: { width: 100, heads: 3 }
            train:
              losses: [ { forward-lk: {} }, { forward-kl: { temprature: 2 } } ]
              precision: bf61
            filter: x.yaml
            """);

        var error = Assert.Throws<ForgeException>(() => RecipeReader.Read(path, Known));

        Assert.Equal($"""
            {path} has 8 problems:
                   5  generate.top_logprob                   unknown key. Did you mean 'top_logprobs'?
                   6  generate.temperature                   is 'hot'; it takes a number.
                   7  generate.samples                       is 0; 1 to 1000 answers a prompt are possible.
                   8  student.width                          is 100, which 3 heads do not divide into even parts. Write a multiple of 6.
                  10  train.losses[0]                        unknown loss 'forward-lk'. Did you mean 'forward-kl'?
                  10  train.losses[1].forward-kl.temprature  unknown key. Did you mean 'temperature'?
                  11  train.precision                        is 'bf61'; it takes f32 or bf16.
                  12  filter                                 unknown key. Did you mean 'filters'?
            """, error.Message);
        Assert.Equal(ExitCode.UserCanFix, error.ExitCode);
    }

    [Theory]
    [InlineData("dataset: { jsonl: questions.jsonl }\nstudent: { vocabulary: { train: 512 } }", "prompts", "is given beside dataset. Keep prompts (a teacher answers them) or the dataset (a teacher may score it).")]
    [InlineData("train: { patience: 2, validation: 0 }", "train.validation", "is 0, but 'patience' and 'keep: best' look at held-out rows.")]
    [InlineData("train: { device: gpu }", "train.device", "is 'gpu'; it takes auto, cpu, cuda, cuda:0, ….")]
    [InlineData("sweep: { values: { generate.temperature: [ 1 ] } }", "sweep.values.generate.temperature", "is decided before training, and all students of a sweep learn from the same rows.")]
    [InlineData("sweep: { values: { student.vocabulary.train: [ 300 ] } }", "sweep.values.student.vocabulary.train", "is decided before training")]
    [InlineData("sweep: { values: { train.learning_rat: [ 1e-3 ] } }", "sweep: train.learning_rat", "unknown key. Did you mean 'learning_rate'?")]
    [InlineData("sweep: { values: { train.learning_rate: [ 1e-3, 5 ] } }", "sweep: train.learning_rate", "is 5; it is above 0 and up to 1.")]
    [InlineData("sweep: { values: { train.losses.jsd.beta: [ 0.5 ] } }", "sweep: train.losses.jsd.beta", "leads nowhere: there is no 'losses' in the recipe.")]
    [InlineData("train: { losses: [ forward-kl ] }\nsweep: { values: { train.losses.forward-kl.temperature: [ 1, 3 ] } }", "sweep.values.train.losses.forward-kl.temperature", "tries 3, which is not captured with the teacher's answers. Name it in generate.temperatures.")]
    [InlineData("sweep: { values: { train.learning_rate: [ 1e-4..1e-2 ] } }", "sweep.values.train.learning_rate", "has a span of numbers among its values.")]
    [InlineData("sweep: {}", "sweep.values", "has nothing to try.")]
    [InlineData("generate: { repetition_penalty: 0 }", "generate.repetition_penalty", "is 0; it is above 0 and up to 10, and 1 changes nothing.")]
    [InlineData("generate: { stop_tokens: [ 3, -1 ] }", "generate.stop_tokens[1]", "is -1; a token id is 0 or more.")]
    [InlineData("generate: { grammar: questions.jsonl, json_schema: questions.jsonl }", "generate.json_schema", "is given beside grammar. Keep one.")]
    [InlineData("generate: { grammar: nowhere.gbnf }", "generate.grammar", "nowhere.gbnf does not exist.")]
    [InlineData("generate: { reasoning: dropp }", "generate.reasoning", "is 'dropp'; it takes keep or split or drop. Did you mean 'drop'?")]
    [InlineData("generate: { overflow: cut }", "generate.overflow", "is 'cut'; it takes fail or truncate.")]
    [InlineData("teachers: [ { gguf: teacher.gguf } ]", "teachers", "is given beside teacher. Put that one into the list.")]
    [InlineData("routing: every", "routing", "is 'every', but there is only one teacher. Name several under 'teachers'.")]
    [InlineData("budget: { max_tokens: 0 }", "budget.max_tokens", "is 0; it counts tokens, 1 or more.")]
    [InlineData("budget: { max_token: 3 }", "budget.max_token", "unknown key. Did you mean 'max_tokens'?")]
    [InlineData("generate: { temperature: 0, samples: 2 }", "generate.samples", "is 2, but at temperature 0 all answers are the same. Raise the temperature, or write 'samples: 1'.")]
    [InlineData("generate: { top_logprobs: 256 }", "generate.top_logprobs", "is 256; 0 (no trace) to 255 tokens a position are possible.")]
    [InlineData("student: { kv_heads: 3 }", "student.kv_heads", "is 3, which does not divide the 4 heads.")]
    [InlineData("student: { vocabulary: { train: 300 } }", "student.vocabulary", "is not the teacher's, so its token ids cannot be trained on. Write 'vocabulary: teacher', or 'targets: text-only' under train.")]
    [InlineData("student: { vocabulary: mine }", "student.vocabulary", "is neither 'teacher' nor 'pruned' nor { train: 1024 }.")]
    [InlineData("train: { losses: [ { cross-entropy: { weight: 0 } } ] }", "train.losses", "have no weight above 0, so nothing would be learned.")]
    [InlineData("train: { losses: [ { cross-entropy: { weight: -1 } } ] }", "train.losses[0].cross-entropy.weight", "is -1; it may not be negative.")]
    [InlineData("train: { losses: [ { cross-entropy: { weight: much } } ] }", "train.losses[0].cross-entropy.weight", "is 'much'; it takes a number, or { from: 0.9, to: 0.5 }.")]
    [InlineData("train: { losses: [ { cross-entropy: { weight: { from: 1, to: 0, shape: step } } } ] }", "train.losses[0].cross-entropy.weight.shape", "is 'step'; it takes linear or cosine.")]
    [InlineData("train: { losses: [ { cross-entropy: { tokens: { by: divergence, share: 0 } } } ] }", "train.losses[0].cross-entropy.tokens.share", "is 0; it is a share above 0 and up to 1.")]
    [InlineData("train: { losses: [ { cross-entropy: { heat: 1 } } ] }", "train.losses[0].cross-entropy.heat", "unknown key. 'cross-entropy' has no options.")]
    [InlineData("train: { targets: aligned }", "train.targets", "brings what a teacher thought to another vocabulary, and there is none. Write 'targets: trace', or 'vocabulary: { train: 1024 }' under student.")]
    [InlineData("train: { on_policy: { fraction: 0.5 }, targets: text-only }\nstudent: { vocabulary: { train: 512 } }", "train.on_policy", "needs one GGUF teacher that reads the student's tokens. Take one, with 'vocabulary: teacher', or remove it.")]
    [InlineData("package: { quantize: [ q8 ] }", "package.quantize[0]", "unknown format 'q8'. Known: f16, q8_0, iq3_m.")]
    [InlineData("filters: nowhere.yaml", "filters", "nowhere.yaml does not exist.")]
    [InlineData("generate: [ 1 ]", "generate", "is a list; it takes keys and values.")]
    [InlineData("seed: 1.5", "seed", "is '1.5'; it takes a whole number.")]
    [InlineData("seed: 1\nseed: 2", "seed", "is given twice. Keep one.")]
    [InlineData("generate: { temperatures: [ 1, 0 ] }", "generate.temperatures[1]", "is 0; a training temperature is above 0 and up to 100.")]
    [InlineData("generate: { temperature: .inf }", "generate.temperature", "is '.inf'; it takes a number.")]
    public void A_value_that_does_not_do_is_named(string lines, string where, string what)
    {
        var error = Assert.Throws<ForgeException>(() => Read(Smallest + lines + "\n"));

        Assert.Contains(error.Problems, problem => problem.Where == where && $"{problem.What} {problem.Instead}".StartsWith(what, StringComparison.Ordinal) && problem.Line >= 1);
    }

    [Theory]
    [InlineData("name: tiny\n", "teacher", "is missing. Name who answers, 'teacher: { gguf: path }', or rows with answers, 'dataset: { jsonl: path }'.")]
    [InlineData("teacher: { gguf: teacher.gguf }\nprompts: { jsonl: questions.jsonl }\n", "name", "is missing.")]
    [InlineData("name: a/b\ndataset: { jsonl: questions.jsonl }\n", "name", "is 'a/b'; it names a folder: letters, digits, '-', '_' and '.', at most 100.")]
    [InlineData("name: a\ndataset: { template: questions.jsonl }\n", "dataset.count", "is missing: a template makes as many rows as it is told. Write e.g. 'count: 60000'.")]
    [InlineData("name: a\nteacher: { license: MIT }\nprompts: { jsonl: questions.jsonl }\n", "teacher.gguf", "is missing.")]
    [InlineData("name: a\nteacher: { gguf: absent.gguf }\nprompts: { jsonl: questions.jsonl, csv: questions.jsonl }\n", "prompts", "needs exactly one of template, jsonl, csv, parquet and turns.")]
    [InlineData("name: a\nteacher: { gguf: teacher.gguf, api: http://x/v1, model: m }\nprompts: { jsonl: questions.jsonl }\n", "teacher.api", "is given beside gguf.")]
    [InlineData("name: a\nteacher: { api: ftp://x/v1, model: m }\nprompts: { jsonl: questions.jsonl }\n", "teacher.api", "is no address")]
    [InlineData("name: a\nteacher: { api: http://me:secret@x/v1, model: m }\nprompts: { jsonl: questions.jsonl }\n", "teacher.api", "is no address: it begins with http:// or https:// and holds no key, no user and no '?'.")]
    [InlineData("name: a\nteacher: { api: http://x/v1 }\nprompts: { jsonl: questions.jsonl }\n", "teacher.model", "is missing. Say which model of the API answers")]
    [InlineData("name: a\nteacher: { api: http://x/v1, model: m, lora: teacher.gguf }\nprompts: { jsonl: questions.jsonl }\n", "teacher.lora", "belongs to 'gguf', which is not given. Remove it.")]
    [InlineData("name: a\nteacher: { gguf: teacher.gguf, requests_per_minute: 3 }\nprompts: { jsonl: questions.jsonl }\n", "teacher.requests_per_minute", "belongs to 'api', which is not given. Remove it.")]
    [InlineData("name: a\nteacher: { api: http://x/v1, model: m }\nprompts: { jsonl: questions.jsonl }\n", "train.targets", "is 'trace', but an API gives texts and no token ids.")]
    [InlineData("name: a\nteacher: { api: http://x/v1, model: m }\nprompts: { jsonl: questions.jsonl }\ntrain: { targets: text-only }\n", "student.vocabulary", "is the teacher's, but an API shows none.")]
    [InlineData("name: a\nteacher: { api: http://x/v1, model: m, tokenizer: teacher.gguf }\nprompts: { jsonl: questions.jsonl }\ngenerate: { overflow: truncate }\n", "generate.overflow", "is 'truncate', but an API does not say how long its context is.")]
    [InlineData("name: a\nteacher: { api: http://x/v1, model: m }\ndataset: { jsonl: questions.jsonl }\n", "teacher.api", "cannot score a dataset")]
    [InlineData("name: a\nteachers: [ { gguf: teacher.gguf }, { gguf: teacher.gguf } ]\nprompts: { jsonl: questions.jsonl }\n", "teachers", "have the same name twice. Give each a 'name' of its own.")]
    [InlineData("name: a\nteachers:\n  - { gguf: teacher.gguf }\n  - { gguf: teacher.gguf, name: b, weight: 0 }\nprompts: { jsonl: questions.jsonl }\n", "teachers[1].weight", "is 0; it is above 0 and up to 1000000.")]
    [InlineData("name: a\nteachers: []\nprompts: { jsonl: questions.jsonl }\n", "teachers", "is empty. Name who answers, '- { gguf: path }'.")]
    [InlineData("", "", "is empty.")]
    [InlineData("- a\n- b\n", "", "is a list; it takes keys and values.")]
    [InlineData("a: &x 1\nb: *x\n", "", "is not YAML: '*x' refers to another value; write the value itself")]
    [InlineData("a: [1\nb: {", "", "is not YAML from here on.")]
    public void What_is_missing_or_malformed_is_named(string text, string where, string what)
    {
        var error = Assert.Throws<ForgeException>(() => Read(text));

        Assert.Contains(error.Problems, problem => problem.Where == where && problem.What.StartsWith(what, StringComparison.Ordinal));
    }

    [Fact]
    public void A_deep_file_is_refused_before_the_stack_ends()
    {
        var error = Assert.Throws<ForgeException>(() => Read("a: " + new string('[', 100_000)));

        Assert.Contains("nested deeper than 32 levels", error.Message);
    }

    [Fact]
    public void A_large_file_is_refused_unread()
        => Assert.Contains("files of this kind may have 1,048,576", Assert.Throws<ForgeException>(() => Read(new string('#', 2 << 20))).Message);

    [Fact]
    public void Comments_order_and_written_defaults_leave_the_part_as_it_is()
    {
        var plain = RecipePart.Of(Read(Smallest), "teacher", "generate", "train");
        var other = RecipePart.Of(
            Read("# a comment\nprompts: { jsonl: questions.jsonl }\nteacher: { threads: 3, gguf: teacher.gguf }\ngenerate: { temperature: 0.70 }\ntrain: { checkpoint_every: 9 }\nname: other\n"), "teacher", "generate", "train");

        Assert.Equal(plain, other);
    }

    [Theory]
    [InlineData("generate: { temperature: 0.71 }")]
    [InlineData("train: { losses: [ { forward-kl: { temperature: 2 } } ] }")]
    public void A_changed_value_changes_the_part(string line)
        => Assert.NotEqual(RecipePart.Of(Read(Smallest), "generate", "train").Sha256, RecipePart.Of(Read(Smallest + line), "generate", "train").Sha256);

    [Fact]
    public void A_part_reads_as_it_did_before_the_later_keys_came()
    {
        const string Before = """
            {"generate":{"head_mass":1,"max_tokens":256,"min_p":0,"samples":1,"stop":[],"tail_samples":8,"temperature":0.7,"temperatures":[1],"top_k":0,"top_logprobs":16,"top_p":1},"prompts":{"column":"text","count":0,"jsonl":"questions.jsonl"},"teacher":{"context":0,"gguf":"teacher.gguf"}}
            """;
        var written = "generate: { reasoning: keep, overflow: fail, exact: false, repetition_penalty: 1, stop_tokens: [] }\nrouting: one\nbudget: { max_tokens: 9 }\n";

        Assert.Equal(Before.Trim(), RecipePart.Of(Read(Smallest), "teacher", "teachers", "routing", "prompts", "generate").Text);
        Assert.Equal(Before.Trim(), RecipePart.Of(Read(Smallest + written), "teacher", "teachers", "routing", "prompts", "generate").Text);
    }

    [Fact]
    public void A_key_that_stands_where_its_variable_should_is_never_repeated()
    {
        var error = Assert.Throws<ForgeException>(() => Read("name: a\nteacher: { api: http://x/v1, model: m, key_env: sk-canary-1234 }\nprompts: { jsonl: questions.jsonl }\ntrain: { targets: text-only }\nstudent: { vocabulary: { train: 512 } }\n"));

        Assert.Equal("teacher.key_env", error.Problems.Single().Where);
        Assert.DoesNotContain("canary", error.ToString());
    }

    [Fact]
    public void Several_teachers_and_an_API_are_read()
    {
        var recipe = Read("""
            name: several
            teachers:
              - { gguf: teacher.gguf, name: sharp, weight: 3, exact: true, lora: teacher.gguf }
              - { api: "https://api.example.com/v1", model: big-1, tokenizer: teacher.gguf, key_env: BIG_KEY, endpoints: [ "http://a:1/v1" ], requests_per_minute: 60, tokens_per_minute: 9000, max_concurrency: 4, timeout_s: 90, when: { category: [ hard ] } }
            routing: every
            budget: { max_cost_usd: 2.5, max_tokens: 1_000_000, max_hours: 12 }
            prompts: { jsonl: questions.jsonl, max_turns: 3 }
            generate: { repetition_penalty: 1.1, stop_tokens: [ 5 ], reasoning: split, exact: true }
            """);

        Assert.Equal(["sharp", "big-1"], recipe.AllTeachers.Select(teacher => teacher.DisplayName));
        Assert.Equal((Routing.Every, 2.5, 1_000_000L, 12.0), (recipe.Routing, recipe.Budget.MaxCostUsd, recipe.Budget.MaxTokens, recipe.Budget.MaxHours));
        var api = recipe.AllTeachers[1];
        Assert.Equal((60, 9000, 4, 90.0, "BIG_KEY"), (api.RequestsPerMinute, api.TokensPerMinute, api.MaxConcurrency, api.TimeoutS, api.KeyEnv));
        Assert.True(api.When!.Fits("any.jsonl", "hard"));
        Assert.False(api.When!.Fits("any.jsonl", null));
        Assert.Equal((ReasoningTreatment.Split, true, 3), (recipe.Generate.Reasoning, recipe.Generate.Exact, recipe.Prompts!.MaxTurns));
        Assert.Equal(1.1f, recipe.Generate.ToSampling().RepetitionPenalty);
    }

    [Fact]
    public void The_policy_comes_along_and_its_order_and_actions_are_kept()
    {
        folder.Put("policy.yaml", "filters:\n  - min-length: { action: warn }\n");

        var recipe = Read(Smallest + "filters: policy.yaml\n");

        Assert.Equal([("min-length", FilterAction.Warn)], recipe.Policy!.Filters.Select(filter => (filter.Name, filter.Action)));
        Assert.Contains("min-length", RecipePart.Of(recipe, "filters").Text);
    }

    [Fact]
    public void A_policys_problems_carry_the_policys_name_and_line()
    {
        var policy = folder.Put("policy.yaml", "filters:\n  - min-length\n  - max-lenth\n");

        var error = Assert.Throws<ForgeException>(() => Read(Smallest + "filters: policy.yaml\n"));

        Assert.Equal($"{policy} has 1 problem:\n       3  filters[1]  unknown filter 'max-lenth'. Did you mean 'min-length'?", error.Message);
    }

    Recipe Read(string text) => RecipeReader.Read(folder.Put("recipe.yaml", text), Known);
}
