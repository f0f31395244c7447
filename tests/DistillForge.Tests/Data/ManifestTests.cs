using DistillForge.Data;

namespace DistillForge.Tests.Data;

public sealed class ManifestTests : IDisposable
{
    readonly Scratch folder = new();
    readonly FileHashes hashes;

    public ManifestTests() => hashes = new FileHashes(folder["hashes.json"]);

    public void Dispose() => folder.Dispose();

    static readonly Manifest Wanted = new()
    {
        Stage = "train",
        Recipe = "{}",
        Seed = 7,
        Inputs = new Dictionary<string, string> { ["curated.parquet"] = "aa" },
        Versions = new Dictionary<string, string> { ["distillforge"] = "0.1" },
        Settings = new Dictionary<string, string> { ["threads"] = "2" },
    };

    [Fact]
    public void A_written_manifest_lets_the_stage_be_skipped()
    {
        Done();

        Assert.Null(Why(Wanted));
        Assert.Equal(1, Manifest.TryRead(folder.Folder, "train")!.Figures["rows"]);
    }

    [Fact]
    public void Every_kind_of_change_is_named()
    {
        Assert.Equal("it was not done before", Why(Wanted));
        Done();

        Assert.Equal("the recipe changed", Why(Wanted with { Recipe = "{\"a\":1}" }));
        Assert.Equal("the seed is 8, was 7", Why(Wanted with { Seed = 8 }));
        Assert.Equal("the input curated.parquet changed", Why(Wanted with { Inputs = new Dictionary<string, string> { ["curated.parquet"] = "bb" } }));
        Assert.Equal("the input more changed", Why(Wanted with { Inputs = new Dictionary<string, string> { ["curated.parquet"] = "aa", ["more"] = "cc" } }));
        Assert.Equal("the version of distillforge changed", Why(Wanted with { Versions = new Dictionary<string, string> { ["distillforge"] = "0.2" } }));
        Assert.Equal("the setting threads changed", Why(Wanted with { Settings = new Dictionary<string, string>() }));
    }

    [Fact]
    public void An_output_that_is_gone_or_changed_is_made_again()
    {
        Done();
        folder.Put("checkpoint/model", "other weights");
        Assert.Equal("checkpoint/model was changed by somebody else", Why(Wanted));

        File.Delete(folder["checkpoint/model"]);
        Assert.Equal("checkpoint/model is gone", Why(Wanted));
    }

    [Fact]
    public void A_damaged_manifest_is_none()
    {
        Done();
        folder.Put("manifests/train.json", "{ \"stage\": ");

        Assert.Null(Manifest.TryRead(folder.Folder, "train"));
    }

    [Fact]
    public void A_hash_is_remembered_by_size_and_time_and_taken_anew_when_either_changes()
    {
        var file = folder.Put("a", "one");
        var old = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(file, old);
        var one = hashes.Of(file);
        hashes.Save();

        folder.Put("a", "two");
        File.SetLastWriteTimeUtc(file, old);
        var remembered = new FileHashes(folder["hashes.json"]).Of(file);
        File.SetLastWriteTimeUtc(file, old.AddSeconds(1));
        var anew = new FileHashes(folder["hashes.json"]).Of(file);

        Assert.Equal(Sha256.OfText("one"), one);
        Assert.Equal(one, remembered);
        Assert.Equal(Sha256.OfText("two"), anew);
    }

    [Fact]
    public void A_file_that_was_written_just_now_is_not_remembered()
    {
        hashes.Of(folder.Put("a", "one"));
        hashes.Save();

        Assert.False(File.Exists(folder["hashes.json"]));
    }

    [Fact]
    public void A_ledger_that_does_not_balance_says_by_what()
    {
        Ledger.Balance("generate", ("prompts", 10), ("examples", 8), ("failures", 2));

        var error = Assert.Throws<ForgeException>(() => Ledger.Balance("generate", ("prompts", 10), ("examples", 8), ("failures", 1)));

        Assert.StartsWith("generate: does not balance: 10 prompts, but 8 examples + 1 failures = 9.", error.Message);
    }

    void Done()
    {
        folder.Put("checkpoint/model", "weights");
        (Wanted with { Figures = new Dictionary<string, double> { ["rows"] = 1 } }).WithOutputs(folder.Folder, hashes, "checkpoint").Write(folder.Folder);
    }

    string? Why(Manifest wanted) => Manifest.WhyRedo(Manifest.TryRead(folder.Folder, "train"), wanted, folder.Folder, hashes);
}
