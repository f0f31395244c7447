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

    /// <summary>Loads an adapter that lives as long as the model.</summary>
    /// <exception cref="ForgeException">It does not belong to this model.</exception>
    public nint LoadLora(string path)
    {
        var adapter = LlamaApi.LoadLora(handle, path);
        return adapter != 0 ? adapter : throw new ForgeException(new Problem(path, $"llama.cpp cannot apply it: {EngineLog.LastErrors()}", "Take an adapter that was trained on this very model."));
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

    /// <summary>What is decoded from now on goes through the adapter.</summary>
    public unsafe void Apply(nint lora)
    {
        var scale = 1f;
        if (LlamaApi.SetLoras(handle, &lora, 1, &scale) != 0)
        {
            throw new ForgeException(new Problem("teacher.lora", $"llama.cpp cannot apply it: {EngineLog.LastErrors()}"));
        }
    }

    protected override bool ReleaseHandle()
    {
        LlamaApi.FreeContext(handle);
        return true;
    }
}

/// <summary>A grammar, and how far an answer has come in it.</summary>
sealed class GrammarHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    public nint Pointer => handle;

    /// <returns>Null where llama.cpp cannot read it.</returns>
    public static GrammarHandle? Read(nint vocabulary, string grammar) => Of(LlamaApi.ReadGrammar(vocabulary, grammar, "root"));

    public GrammarHandle Copy() => Of(LlamaApi.CopySampler(handle))!;

    static GrammarHandle? Of(nint pointer)
    {
        if (pointer == 0)
        {
            return null;
        }

        var grammar = new GrammarHandle();
        grammar.SetHandle(pointer);
        return grammar;
    }

    protected override bool ReleaseHandle()
    {
        LlamaApi.FreeSampler(handle);
        return true;
    }
}
