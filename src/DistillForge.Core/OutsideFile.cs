using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace DistillForge.Core;

/// <summary>
/// What somebody names as a file must be one: bytes with an end. A device gives bytes for ever, a pipe or a socket waits for whoever writes into it, and what the kernel
/// tells in /proc and /sys has no length. A link to a file is a file.
/// </summary>
public static partial class OutsideFile
{
    const int HereAndNow = -100;
    const uint TypeAlone = 1;
    const int ModeAt = 28;
    const int TypeBits = 0xF000;

    static readonly string[] OfTheKernel = ["proc", "sysfs", "debugfs", "tracefs", "securityfs", "configfs", "cgroupfs", "cgroup2fs"];

    /// <exception cref="ForgeException">Something else than a file lies there. Where nothing lies, whoever opens it says so.</exception>
    public static void Require(string path)
    {
        if (Refusal(path) is { } problem)
        {
            throw new ForgeException(problem);
        }
    }

    /// <summary>What lies there if it is no file; null for a file, and for nothing at all.</summary>
    public static Problem? Refusal(string path)
    {
        if (Directory.Exists(path))
        {
            return new Problem(path, "is a folder.", "Name a file.");
        }

        if (!OperatingSystem.IsLinux() || KindOf(path) is not { } kind)
        {
            return null;
        }

        return kind != "file" ? new Problem(path, $"is {kind}, which has no end.", "Write what it gives into a file, and name that.")
            : IsOfTheKernel(path) ? new Problem(path, "is made by the kernel while it is read, and has no length.", "Copy it into a file, and name that.")
            : null;
    }

    // struct statx is the same on every architecture, which struct stat is not: https://man7.org/linux/man-pages/man2/statx.2.html
    static string? KindOf(string path)
    {
        Span<byte> facts = stackalloc byte[256];
        return Facts(HereAndNow, path, 0, TypeAlone, ref MemoryMarshal.GetReference(facts)) != 0 ? null : (BinaryPrimitives.ReadUInt16LittleEndian(facts[ModeAt..]) & TypeBits) switch
        {
            0x8000 => "file",
            0x2000 or 0x6000 => "a device",
            0x1000 => "a pipe",
            0xC000 => "a socket",
            _ => null,
        };
    }

    // The statistics of the file system under the file; DriveInfo takes any path.
    static bool IsOfTheKernel(string path)
    {
        try
        {
            return OfTheKernel.Contains(new DriveInfo(Path.GetFullPath(path)).DriveFormat);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Facts(int folder, string path, int flags, uint mask, ref byte facts);
}
