using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace DistillForge.Llama.Native;

/// <summary>
/// llama.cpp's log. The reason of a NULL is only there, so the callback is set before anything else is called. Warnings and errors go
/// to standard error, whose end the client shows when the worker dies; the hundreds of lines of a normal load go nowhere.
/// </summary>
static unsafe class EngineLog
{
    const int Warning = 3;
    const int Error = 4;
    const int Continuation = 5;
    const int Kept = 4;

    static readonly Lock Gate = new();
    static readonly Queue<string> Errors = new();
    static int level;

    public static void Attach() => LlamaApi.LogSet(&OnLine, 0);

    public static string LastErrors()
    {
        lock (Gate)
        {
            return Errors.Count == 0 ? "it gave no reason" : string.Join("; ", Errors);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static void OnLine(int lineLevel, byte* text, nint userData)
    {
        lock (Gate)
        {
            level = lineLevel == Continuation ? level : lineLevel;
            if (level is not (Warning or Error))
            {
                return;
            }

            var line = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text)).Trim();
            Console.Error.WriteLine(line);
            if (level == Error && line.Length > 0)
            {
                Errors.Enqueue(line);
                if (Errors.Count > Kept)
                {
                    Errors.Dequeue();
                }
            }
        }
    }
}
