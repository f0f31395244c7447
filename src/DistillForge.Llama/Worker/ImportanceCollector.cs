using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DistillForge.Core;
using DistillForge.Llama.Native;
using DistillForge.Llama.Protocol;

namespace DistillForge.Llama.Worker;

/// <summary>Sums the squares of what comes into each matrix while a model reads; see llama.cpp's tools/imatrix. Only one at a time.</summary>
sealed unsafe class ImportanceCollector : IDisposable
{
    const int F32 = 0;
    const int LastOperation = 200;

    static readonly int Multiply = Operation("MUL_MAT");

    readonly Dictionary<string, (float[] Sums, long Rows)> seen = new(StringComparer.Ordinal);
    readonly ModelHandle model;
    readonly ContextHandle context;
    readonly DecodeBatch batch = new(ContextPlan.MicroBatch);
    readonly int longest;
    GCHandle self;

    ImportanceCollector(string path, int threads)
    {
        model = ModelHandle.Load(path);
        // They meet after every tensor here: where other work holds a core, a small model's two threads took minutes for what one does in seconds.
        threads = LlamaApi.ParameterCount(model.Pointer) < LaneChoice.Tiny ? 1 : threads;
        // A learned embedding has no positions beyond.
        longest = Math.Clamp(LlamaApi.TrainedContext(model.Pointer), 1, ContextPlan.MicroBatch);
        self = GCHandle.Alloc(this);
        var parameters = LlamaApi.ContextDefaults();
        (parameters.Context, parameters.Batch, parameters.MicroBatch, parameters.MaxSequences) = (ContextPlan.MicroBatch, ContextPlan.MicroBatch, ContextPlan.MicroBatch, 1);
        (parameters.MaxOutputs, parameters.Threads, parameters.ThreadsBatch) = (ContextPlan.MicroBatch, threads, threads);
        (parameters.TypeK, parameters.TypeV, parameters.FlashAttention) = (F32, F32, 0);
        (parameters.EvalCallback, parameters.EvalCallbackUserData) = ((nint)(delegate* unmanaged[Cdecl]<NativeTensor*, byte, nint, byte>)&OnTensor, GCHandle.ToIntPtr(self));
        context = ContextHandle.Create(model, parameters);
    }

    /// <summary>Answers a request: path, threads, sequences → tokens, and for each tensor its columns' means.</summary>
    public static void Answer(Frame frame, FrameWriter to)
    {
        var reader = new FrameReader(frame.Body);
        var (path, threads) = (reader.ReadString(), reader.ReadInt());
        using var collector = new ImportanceCollector(path, threads);
        var tokens = 0L;
        for (var left = reader.ReadInt(); left > 0; left--)
        {
            tokens += collector.Read(reader.ReadInts());
        }

        to.Write(tokens);
        to.Write(collector.seen.Count);
        foreach (var (name, (sums, rows)) in collector.seen)
        {
            to.Write(name);
            to.WriteArray([.. sums.Select(sum => sum / rows)]);
        }
    }

    public void Dispose()
    {
        batch.Dispose();
        context.Dispose();
        model.Dispose();
        self.Free();
    }

    // Every position puts something out: the last layer computes nothing for the others.
    int Read(int[] sequence)
    {
        foreach (var part in sequence.Chunk(longest))
        {
            for (var position = 0; position < part.Length; position++)
            {
                batch.Add(part[position], position, 0, output: true);
            }

            batch.Decode(context);
            LlamaApi.Synchronize(context.Pointer);
            LlamaApi.ClearMemory(LlamaApi.Memory(context.Pointer), 0);
            batch.Clear();
        }

        return sequence.Length;
    }

    // First asked whether the result is wanted, then told that it is there.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static byte OnTensor(NativeTensor* result, byte ask, nint collector)
    {
        if (result->Operation != Multiply || result->Source1 is null || result->Source1->Type != F32)
        {
            return ask == 1 ? (byte)0 : (byte)1;
        }

        var name = Name(result->Source0);
        if (name.StartsWith("blk.", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal))
        {
            if (ask == 0)
            {
                ((ImportanceCollector)GCHandle.FromIntPtr(collector).Target!).Add(name, result->Source1);
            }

            return 1;
        }

        return ask == 1 ? (byte)0 : (byte)1;
    }

    void Add(string name, NativeTensor* input)
    {
        var columns = (int)input->Elements[0];
        var (sums, rows) = seen.TryGetValue(name, out var known) ? known : (new float[columns], 0L);
        for (var outer = 0L; outer < input->Elements[2] * input->Elements[3]; outer++)
        {
            var matrix = input->Data + ((ulong)(outer % input->Elements[2]) * input->Strides[2]) + ((ulong)(outer / input->Elements[2]) * input->Strides[3]);
            for (var row = 0L; row < input->Elements[1]; row++)
            {
                var values = (float*)(matrix + ((ulong)row * input->Strides[1]));
                for (var column = 0; column < columns; column++)
                {
                    sums[column] += values[column] * values[column];
                }
            }

            rows += input->Elements[1];
        }

        seen[name] = (sums, rows);
    }

    // CPU#blk.0.attn_k.weight#0 is a copy of blk.0.attn_k.weight.
    static string Name(NativeTensor* tensor)
    {
        var name = Marshal.PtrToStringUTF8((nint)tensor->Name) ?? "";
        return name.Split('#') is [_, var inner, ..] ? inner : name;
    }

    static int Operation(string name)
    {
        for (var operation = 0; operation < LastOperation; operation++)
        {
            if (Marshal.PtrToStringUTF8(LlamaApi.OperationName(operation)) == name)
            {
                return operation;
            }
        }

        throw new ForgeException(new Problem("ggml", $"has no operation {name}."), ExitCode.Unavailable);
    }
}
