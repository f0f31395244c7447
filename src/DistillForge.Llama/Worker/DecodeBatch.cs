using System.Runtime.InteropServices;
using DistillForge.Core;
using DistillForge.Llama.Native;

namespace DistillForge.Llama.Worker;

/// <summary>The tokens of one decode, in memory of our own that llama.cpp reads.</summary>
sealed unsafe class DecodeBatch : IDisposable
{
    readonly int* tokens;
    readonly int* positions;
    readonly int* sequenceCounts;
    readonly int* sequences;
    readonly int** sequencePointers;
    readonly sbyte* outputs;

    public DecodeBatch(int capacity)
    {
        Capacity = capacity;
        tokens = Allocate<int>(capacity);
        positions = Allocate<int>(capacity);
        sequenceCounts = Allocate<int>(capacity);
        sequences = Allocate<int>(capacity);
        outputs = Allocate<sbyte>(capacity);
        sequencePointers = (int**)NativeMemory.Alloc((nuint)capacity, (nuint)sizeof(int*));
        for (var i = 0; i < capacity; i++)
        {
            sequenceCounts[i] = 1;
            sequencePointers[i] = sequences + i;
        }
    }

    public int Capacity { get; }

    public int Count { get; private set; }

    public void Clear() => Count = 0;

    public void Add(int token, int position, int sequence, bool output)
    {
        tokens[Count] = token;
        positions[Count] = position;
        sequences[Count] = sequence;
        outputs[Count++] = output ? (sbyte)1 : (sbyte)0;
    }

    /// <exception cref="ForgeException">The engine cannot go on.</exception>
    public void Decode(ContextHandle context)
    {
        var code = LlamaApi.Decode(context.Pointer, new NativeBatch { TokenCount = Count, Token = tokens, Position = positions, SequenceCount = sequenceCounts, Sequence = sequencePointers, Output = outputs });
        if (code != 0)
        {
            throw new ForgeException(new Problem("llama_decode", $"ended with {code} for {Count} tokens: {EngineLog.LastErrors()}"), ExitCode.Unavailable);
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(tokens);
        NativeMemory.Free(positions);
        NativeMemory.Free(sequenceCounts);
        NativeMemory.Free(sequences);
        NativeMemory.Free(outputs);
        NativeMemory.Free(sequencePointers);
    }

    static T* Allocate<T>(int count)
        where T : unmanaged
        => (T*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));
}
