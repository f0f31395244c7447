using System.Diagnostics;
using System.Globalization;
using DistillForge.Data;
using DistillForge.Filters;
using Some = DistillForge.Tests.Data.Some;

namespace DistillForge.Tests.Filters;

/// <summary>Rejection sampling against checkers that run something.</summary>
public sealed class CheckerTests : IDisposable
{
    readonly Scratch folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("SELECT name FROM towns WHERE people > 2", "SELECT name FROM towns WHERE people >= 3", null)]
    [InlineData("Sure:\n```sql\nFROM towns SELECT name ORDER BY name DESC;\n```\nDone.", "SELECT name FROM towns", null)]
    [InlineData("SELECT name FROM towns", "SELECT name FROM towns WHERE people > 2", "wrong-rows")]
    [InlineData("SELECT nam FROM towns", "SELECT name FROM towns", "sql-fails")]
    [InlineData("DELETE FROM towns", "SELECT name FROM towns", "sql-fails")]
    [InlineData("SELECT 1) x; COPY towns TO '/tmp/x.csv'; SELECT * FROM (SELECT 1", "SELECT 1", "sql-fails")]
    [InlineData("SELECT * FROM read_text('/etc/passwd')", null, "sql-fails")]
    [InlineData("SELECT count(*) FROM range(1000000) a, range(1000000) b", null, "sql-too-slow")]
    [InlineData("SELECT list(repeat('x', 1000) || a.range) FROM range(300000) a", null, "sql-fails")]
    [InlineData("SELECT 1", "SELECT nothing", "unusable-expected-answer")]
    [InlineData("``` ```", null, "no-sql")]
    [InlineData("SELECT 1", null, null)]
    public void Runs_the_query_that_the_answer_holds(string answer, string? expected, string? dropped)
    {
        var schema = new RecipeFile("towns.sql", folder.Put("towns.sql", "CREATE TABLE towns (name VARCHAR, people INTEGER); INSERT INTO towns VALUES ('Ah', 1), ('Bee', 3), ('Sea', 4);"));
        var filter = new SqlAnswer(new() { Schema = schema, Seconds = dropped == "sql-too-slow" ? 0.3 : 60, MemoryMb = 64 });

        Assert.Equal(dropped, filter.Judge(Some.Example(answer) with { Expected = expected }).Reason?.Code);
    }

    [Theory]
    [InlineData("grep -qF '\"answer\":\"yes $(touch x)\"'", "yes $(touch x)", null, null)]
    [InlineData("cat > /dev/null; echo not today; echo more; exit 1", "a", "program-refuses", "not today")]
    [InlineData("exit 1", "a", "program-refuses", "sh ended with 1")]
    [InlineData("echo broken; exit 7", "a", "program-failed", "sh ended with 7: broken")]
    [InlineData("kill -9 $$", "a", "program-failed", "sh ended with 137")]
    [InlineData("sleep 1000", "a", "program-too-slow", "sh ran longer than 0.3 s")]
    [InlineData("exec < /dev/null; exit 0", "a", null, null)]
    [InlineData("yes | head -c 1000000; exit 0", "a", null, null)]
    [InlineData("test -z \"$HOME$DISTILLFORGE__THREADS\"", "a", null, null)]
    [InlineData("head -c 100000000 /dev/zero > big", "a", "program-failed", null)]
    [InlineData("test $(ulimit -v) = 262144", "a", null, null)]
    public void A_program_of_the_users_own_judges_by_its_exit_code(string script, string answer, string? dropped, string? detail)
    {
        var filter = new ProgramFilter(new() { Command = ["sh", "-c", script], Seconds = script.StartsWith("sleep", StringComparison.Ordinal) ? 0.3 : 60, MemoryMb = 256, Folder = new RecipeFolder(".", folder.Folder) });

        var verdict = filter.Judge(Some.Example(answer));

        Assert.Equal(dropped, verdict.Reason?.Code);
        Assert.Equal(detail ?? verdict.Reason?.Detail, verdict.Reason?.Detail);
        Assert.False(File.Exists(folder["x"]));
    }

    [Fact]
    public void Nobody_waits_for_a_child_that_left_the_session_with_the_pipes_open()
    {
        var filter = new ProgramFilter(new() { Command = ["sh", "-c", "setsid env -i sh -c 'echo $$ > pid; exec sleep 300' & while [ ! -s pid ]; do :; done; exit 0"], Seconds = 60, Folder = new RecipeFolder(".", folder.Folder) });

        Assert.Equal(Verdict.Keep, filter.Judge(Some.Example("a")));

        // It lives still, and so was not waited for.
        using var child = Process.GetProcessById(int.Parse(File.ReadAllText(folder["pid"]).Trim(), CultureInfo.InvariantCulture));
        child.Kill();
    }

    [Theory]
    [InlineData("")]
    [InlineData("setsid ")]
    [InlineData("setsid setsid nohup ")]
    public void Children_that_a_program_leaves_behind_are_killed_with_it(string apart)
    {
        var filter = new ProgramFilter(new() { Command = ["sh", "-c", $"{apart}sh -c 'echo $$ > pid; sleep 1000' & while [ ! -s pid ]; do :; done; exit 0"], Seconds = 60, Folder = new RecipeFolder(".", folder.Folder) });

        Assert.Equal(Verdict.Keep, filter.Judge(Some.Example("a")));

        // A killed process that nobody waited for yet is still listed, as a zombie.
        var status = $"/proc/{File.ReadAllText(folder["pid"]).Trim()}/status";
        Assert.True(SpinWait.SpinUntil(() => !File.Exists(status) || File.ReadAllText(status).Contains("State:\tZ", StringComparison.Ordinal), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void A_program_that_is_not_there_is_said_to_be_missing()
        => Assert.Equal("program-failed", new ProgramFilter(new() { Command = ["no-such-program-here"], Folder = new RecipeFolder(".", folder.Folder) }).Judge(Some.Example("a")).Reason?.Code);
}
