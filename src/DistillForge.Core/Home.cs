namespace DistillForge.Core;

/// <summary>Where DistillForge lies on this machine.</summary>
public static class Home
{
    /// <summary>The folder that holds <c>DistillForge.sln</c>: <c>DISTILLFORGE_HOME</c>, or found upwards from the program.</summary>
    /// <exception cref="ForgeException">It is neither said nor found.</exception>
    public static string Root => root.Value;

    // Not when the class is first touched: an error there would reach the user as one of the runtime's.
    static readonly Lazy<string> root = new(Find);

    /// <summary>The engines that npm brought: <c>src/engines/node_modules</c>.</summary>
    public static string Engines => Path.Combine(Root, "src", "engines", "node_modules");

    /// <summary>Output folder of another project built in the same configuration, e.g. the worker's.</summary>
    public static string BuiltProject(string project)
    {
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(Root, ".artifacts", "bin", project, configuration);
    }

    static string Find()
    {
        if (Environment.GetEnvironmentVariable("DISTILLFORGE_HOME") is { Length: > 0 } home)
        {
            return Path.GetFullPath(home);
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "DistillForge.sln")))
            {
                return folder.FullName;
            }
        }

        throw new ForgeException(new Problem(AppContext.BaseDirectory, "is not inside a DistillForge folder.", "Set DISTILLFORGE_HOME to the folder that holds DistillForge.sln."));
    }
}
