using System.CommandLine;
using DistillForge.Cli.Commands;

var root = new RootCommand("Turns big language models into small ones that people own: a teacher answers, filters judge, a student learns, a checked GGUF comes out.")
{
    RunCommand.Create(),
    StageCommand.Create("generate", "Expand the prompts and let the teacher answer them."),
    ScoreCommand.Create(),
    FilterCommand.Create(),
    StageCommand.Create("train", "Train the student on the curated set."),
    StageCommand.Create("package", "Write the GGUF files and check them in llama.cpp."),
    StageCommand.Create("evaluate", "Compare teacher, student and baseline."),
    CompareCommand.Create(),
    PlanCommand.Create(),
    InitCommand.Create(),
    InspectCommand.Create(),
    SqlCommand.Create(),
    WhyCommand.Create(),
    VerifyCommand.Create(),
    ReviewCommand.Create(),
    TakedownCommand.Create(),
    ExportCommand.Create(),
    ChatCommand.Create(),
    ServeCommand.Create(),
    BenchCommand.Create(),
    DoctorCommand.Create(),
    LauncherCommand.Create("setup", "Install what is missing and build; done by the launcher ./distillforge."),
    LauncherCommand.Create("test", "Run all tests, or those whose name contains an argument; done by the launcher ./distillforge."),
};
root.SetAction(_ => root.Parse("--help").Invoke());
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
