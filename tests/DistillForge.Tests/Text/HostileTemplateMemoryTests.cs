using DistillForge.Tests.Teachers;
using DistillForge.Text;
using Xunit.Abstractions;

namespace DistillForge.Tests.Text;

/// <summary>Memory is the whole process's: nothing else runs beside this.</summary>
[Collection(nameof(StormTests.Alone))]
public class HostileTemplateMemoryTests(ITestOutputHelper output)
{
    /// <summary>What all of them leave behind, twice over: the second time nothing is compiled or grown to its size any more.</summary>
    [Fact]
    public void Hostile_templates_leave_no_memory_behind()
    {
        Assert.InRange(HostileTemplateTests.Hostile.Count, 20, int.MaxValue);
        RenderAll();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        RenderAll();
        var growth = GC.GetTotalMemory(forceFullCollection: true) - before;

        Assert.True(growth < 64 << 20, $"{growth >> 10} kB more");
        output.WriteLine($"{HostileTemplateTests.Hostile.Count} hostile templates: {growth >> 10} kB more managed memory, {Environment.WorkingSet >> 20} MB resident");
    }

    static void RenderAll()
    {
        foreach (var row in HostileTemplateTests.Hostile)
        {
            Assert.ThrowsAny<TemplateException>(() => ChatTemplate.Parse((string)row[1]).Render([Message.User("hi")], addGenerationPrompt: true));
        }
    }
}
