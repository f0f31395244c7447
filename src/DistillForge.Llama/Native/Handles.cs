using System.Runtime.InteropServices;
using DistillForge.Core;

namespace DistillForge.Llama.Native;

/// <summary>A loaded model.</summary>
sealed class ModelHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    public nint Pointer => handle;

    /// <exception cref="ForgeException">llama.cpp refused the file; the reason is the last error line of its log.</exception>
    public static ModelHandle Load(string path)
    {
        var parameters = LlamaApi.ModelDefaults();
        parameters.CheckTensors = 1;
        var pointer = LlamaApi.LoadModel(path, parameters);
        if (pointer == 0)
        {
            throw new ForgeException(new Problem(path, $"llama.cpp cannot load it: {EngineLog.LastErrors()}", "Try another file of a supported architecture."));
        }

        var model = new ModelHandle();
        model.SetHandle(pointer);
        return model;
    }

    protected override bool ReleaseHandle()
    {
        LlamaApi.FreeModel(handle);
        return true;
    }
}

/// <summary>A context: the KV cache of a model and the threads that compute with it.</summary>
sealed class ContextHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    public nint Pointer => handle;

    public static ContextHandle Create(ModelHandle model, ContextParams parameters)
    {
        var pointer = LlamaApi.NewContext(model.Pointer, parameters);
        if (pointer == 0)
        {
            throw new ForgeException(new Problem("teacher.context", $"llama.cpp cannot make a context of {parameters.Context} cells: {EngineLog.LastErrors()}", "Lower teacher.context or teacher.parallel."));
        }

        var context = new ContextHandle();
        context.SetHandle(pointer);
        return context;
    }

    protected override bool ReleaseHandle()
    {
        LlamaApi.FreeContext(handle);
        return true;
    }
}
