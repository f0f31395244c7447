#:project ../DistillForge.Torch/DistillForge.Torch.csproj

// Measures what src/decisions/threads.md reports: one process, one measurement, one line. The script beside it interleaves them.
//   dotnet run -c Release src/decisions/threads.cs -- gemm float32 | gemm bfloat16 | step 4M bfloat16 fused|plain [seconds]
using System.Diagnostics;
using DistillForge.Torch;
using DistillForge.Torch.Modules;
using static DistillForge.Torch.torch;

var type = args[^(args[0] == "gemm" ? 1 : 2)] == "float32" || args.Contains("float32") ? ScalarType.Float32 : ScalarType.BFloat16;
var budget = TimeSpan.FromSeconds(double.TryParse(args[^1], out var asked) ? asked : 8);
Engine.Configure(int.Parse(Environment.GetEnvironmentVariable("THREADS") ?? "0"));
manual_seed(1);
if (args[0] == "gemm")
{
    Gemm(type, budget);
}
else
{
    Fused.Enabled = args.Contains("fused");
    Step(args[1], type, budget);
}

// The products of a 4 M model's step: [2048, 256] by [704, 256] and by [4096, 256].
static void Gemm(ScalarType type, TimeSpan budget)
{
    using var scope = NewDisposeScope();
    var x = randn(2048, 256).to_type(type);
    var weights = new[] { randn(704, 256).to_type(type), randn(4096, 256).to_type(type) };
    var seconds = Repeat(budget, () =>
    {
        using var inner = NewDisposeScope();
        foreach (var weight in weights)
        {
            for (var i = 0; i < 4; i++)
            {
                _ = nn.functional.linear(x, weight);
            }
        }
    });
    Console.WriteLine($"{2.0 * 2048 * 256 * (704 + 4096) * 4 / seconds / 1e9:F0} GF/s");
}

static void Step(string name, ScalarType type, TimeSpan budget)
{
    const int Batch = 8;
    const int Length = 256;
    var model = name == "1M" ? new Llama(4096, 128, 3, 4, 2, 352, type) : new Llama(4096, 256, 4, 4, 2, 704, type);
    using var optimizer = optim.AdamW(model.parameters(), lr: 1e-3);
    var ids = randint(4096, [Batch, Length]);
    var targets = randint(4096, [Batch * Length, 1]);
    var ones = torch.ones(Batch * Length, 1);
    var seconds = Repeat(budget, () =>
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        (model.Loss(ids, targets, ones) / (Batch * Length)).backward();
        nn.utils.clip_grad_norm_(model.parameters(), 1);
        optimizer.step();
    });
    Console.WriteLine($"{Batch * Length / seconds:F0} tok/s");
}

static double Repeat(TimeSpan budget, Action action)
{
    action();
    var times = new List<double>();
    var whole = Stopwatch.StartNew();
    while (whole.Elapsed < budget || times.Count < 5)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    times.Sort();
    return times[times.Count / 2];
}

/// <summary>A small Llama on the fused steps: enough to weigh settings, not the trainer's.</summary>
sealed class Llama : nn.Module<Tensor, Tensor>
{
    readonly (int Heads, int Shared, int Size) shape;
    readonly ScalarType type;
    readonly Tensor table;
    readonly Parameter embedding;
    readonly Parameter[][] layers;
    readonly Parameter norm;

    internal Llama(int vocabulary, int width, int layers, int heads, int shared, int hidden, ScalarType type)
        : base("llama")
    {
        shape = (heads, shared, width / heads);
        this.type = type;
        table = Fused.rope_table(1024, shape.Size, 10_000);
        embedding = Matrix(vocabulary, width);
        norm = nn.Parameter(ones(width));
        var narrow = shared * shape.Size;
        this.layers = [.. Enumerable.Range(0, layers).Select(_ => new[]
        {
            nn.Parameter(ones(width)), Matrix(width, width), Matrix(narrow, width), Matrix(narrow, width), Matrix(width, width),
            nn.Parameter(ones(width)), Matrix(hidden, width), Matrix(hidden, width), Matrix(width, hidden),
        })];
        foreach (var (parameter, i) in this.layers.SelectMany(layer => layer).Append(norm).Append(embedding).Select((p, i) => (p, i)))
        {
            register_parameter($"p{i}", parameter);
        }
    }

    public override Tensor forward(Tensor input)
    {
        var x = Fused.embedding(input, embedding);
        foreach (var layer in layers)
        {
            x = x + Attention(Fused.rms_norm(x, layer[0], 1e-5, type), layer);
            var y = Fused.rms_norm(x, layer[5], 1e-5, type);
            x = x + Fused.linear(Fused.swiglu(Fused.linear(y, layer[6], type), Fused.linear(y, layer[7], type)), layer[8], type);
        }

        return Fused.rms_norm(x, norm, 1e-5, type);
    }

    internal Tensor Loss(Tensor ids, Tensor targets, Tensor weights)
        => Fused.linear_sparse_cross_entropy(forward(ids).flatten(0, 1), embedding, targets, weights, type: type).sum;

    Tensor Attention(Tensor y, Parameter[] layer)
    {
        var (batch, length, group) = (y.size(0), y.size(1), shape.Heads / shape.Shared);
        var q = Fused.rope(Fused.linear(y, layer[1], type).view(batch, length, shape.Heads, shape.Size), table);
        var k = Fused.rope(Fused.linear(y, layer[2], type).view(batch, length, shape.Shared, shape.Size), table);
        var v = Fused.linear(y, layer[3], type).view(batch, length, shape.Shared, shape.Size).transpose(1, 2);

        // Grouped queries: the heads that share keys fold into rows.
        var scores = q.view(batch, shape.Shared, group * length, shape.Size).matmul(k.transpose(-1, -2));
        var mixed = Fused.causal_softmax(scores, 1 / Math.Sqrt(shape.Size)).matmul(v);
        return Fused.linear(mixed.view(batch, shape.Heads, length, shape.Size).transpose(1, 2).reshape(batch, length, -1), layer[4], type);
    }

    static Parameter Matrix(int rows, int columns) => nn.Parameter(randn(rows, columns) * 0.02);
}
