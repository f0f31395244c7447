using DistillForge.Models;

namespace DistillForge.Engines.Tests.Packaging;

/// <summary>
/// A Llama in plain loops and float64, straight from the equations and from Hugging Face's names and rotary layout: shares no code with
/// what it is compared with. It scores; it does not sample.
/// </summary>
sealed class PlainLlama : ILanguageModel
{
    readonly ModelShape shape;
    readonly int vocabulary;
    readonly Dictionary<string, float[]> weights;

    public PlainLlama(string checkpointFolder)
    {
        shape = HuggingFaceConfig.Read(Path.Combine(checkpointFolder, "config.json"));
        var tokens = DistillForge.Text.Vocabulary.Read(Path.Combine(checkpointFolder, "vocabulary.gguf"));
        (Vocabulary, vocabulary) = (tokens.Fingerprint, tokens.RealSize);
        using var file = SafetensorsFile.Open(Path.Combine(checkpointFolder, "model.safetensors"));
        weights = file.Tensors.ToDictionary(t => t.Name, file.Floats);
    }

    public string Vocabulary { get; }

    public Task<Completion> CompleteAsync(Prompt prompt, Sampling sampling, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<TokenTrace> ScoreAsync(TokenSequence tokens, Want want, CancellationToken cancellationToken)
    {
        var ids = tokens.TokenIds.ToArray();
        var logprobs = Logprobs(ids);   // [T][V]
        var judged = Enumerable.Range(tokens.PromptLength, ids.Length - tokens.PromptLength).Select(t => (Id: ids[t], P: logprobs[t - 1])).ToArray();
        var heads = judged.Select(j => want is Want.Head head ? [.. Enumerable.Range(0, vocabulary).OrderByDescending(i => j.P[i]).Take(head.TopLogprobs).Order()] : Enumerable.Range(0, vocabulary).ToArray()).ToArray();
        return Task.FromResult(new TokenTrace
        {
            Id = "",
            Scorer = "plain",
            Vocabulary = Vocabulary,
            TokenIds = ids,
            PromptLength = tokens.PromptLength,
            LossMask = [.. judged.Select(_ => true)],
            TokenLogprobs = [.. judged.Select(j => (float)j.P[j.Id])],
            TokenRanks = [.. judged.Select(j => j.P.Count(p => p > j.P[j.Id]))],
            Entropies = [.. judged.Select(j => (float)-j.P.Sum(p => Math.Exp(p) * p))],
            HeadSizes = [.. heads.Select(h => h.Length)],
            HeadIds = [.. heads.SelectMany(h => h)],
            HeadLogprobs = [.. heads.Zip(judged).SelectMany(pair => pair.First.Select(i => (float)pair.Second.P[i]))],
        });
    }

    double[][] Logprobs(int[] ids)
    {
        var embedding = weights["model.embed_tokens.weight"];
        var x = ids.Select(id => Enumerable.Range(0, shape.Width).Select(i => (double)embedding[id * shape.Width + i]).ToArray()).ToArray();
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            var name = $"model.layers.{layer}.";
            Add(x, Attention(name + "self_attn.", [.. x.Select(row => Norm(row, name + "input_layernorm.weight"))]));
            Add(x, [.. x.Select(row => FeedForward(name + "mlp.", Norm(row, name + "post_attention_layernorm.weight")))]);
        }

        var output = shape.TiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";
        return [.. x.Select(row => LogSoftmax(Times(output, Norm(row, "model.norm.weight"))[..vocabulary]))];
    }

    double[][] Attention(string name, double[][] x)
    {
        var q = x.Select((row, t) => Rotate(Times(name + "q_proj.weight", row), t)).ToArray();
        var k = x.Select((row, t) => Rotate(Times(name + "k_proj.weight", row), t)).ToArray();
        var v = x.Select(row => Times(name + "v_proj.weight", row)).ToArray();
        return [.. x.Select((_, t) => Times(name + "o_proj.weight", [.. Enumerable.Range(0, shape.Heads).SelectMany(h => Head(q[t], k, v, t, h))]))];
    }

    double[] Head(double[] q, double[][] k, double[][] v, int t, int head)
    {
        var (size, from, shared) = (shape.HeadSize, head * shape.HeadSize, head / (shape.Heads / shape.KeyValueHeads) * shape.HeadSize);
        var weight = LogSoftmax([.. Enumerable.Range(0, t + 1).Select(s => Enumerable.Range(0, size).Sum(i => q[from + i] * k[s][shared + i]) / Math.Sqrt(size))]);
        return [.. Enumerable.Range(0, size).Select(i => Enumerable.Range(0, t + 1).Sum(s => Math.Exp(weight[s]) * v[s][shared + i]))];
    }

    // Hugging Face turns element i with element i + half.
    double[] Rotate(double[] x, int position)
    {
        var half = shape.HeadSize / 2;
        return [.. x.Select((value, j) =>
        {
            var (head, i) = (j / shape.HeadSize * shape.HeadSize, j % shape.HeadSize);
            var angle = position * Math.Pow(shape.RopeTheta, -2.0 * (i % half) / shape.HeadSize);
            return i < half ? value * Math.Cos(angle) - x[head + i + half] * Math.Sin(angle) : value * Math.Cos(angle) + x[head + i - half] * Math.Sin(angle);
        })];
    }

    double[] FeedForward(string name, double[] x)
        => Times(name + "down_proj.weight", [.. Times(name + "gate_proj.weight", x).Zip(Times(name + "up_proj.weight", x), (gate, up) => gate / (1 + Math.Exp(-gate)) * up)]);

    double[] Norm(double[] x, string name)
    {
        var scale = 1 / Math.Sqrt(x.Average(value => value * value) + shape.NormEpsilon);
        return [.. x.Select((value, i) => value * scale * weights[name][i])];
    }

    double[] Times(string name, double[] x)
    {
        var matrix = weights[name];   // [rows, columns]
        var product = new double[matrix.Length / x.Length];
        for (var row = 0; row < product.Length; row++)
        {
            for (var column = 0; column < x.Length; column++)
            {
                product[row] += matrix[row * x.Length + column] * x[column];
            }
        }

        return product;
    }

    static void Add(double[][] x, double[][] change)
    {
        foreach (var (row, more) in x.Zip(change))
        {
            for (var i = 0; i < row.Length; i++)
            {
                row[i] += more[i];
            }
        }
    }

    static double[] LogSoftmax(double[] x)
    {
        var most = x.Max();
        var sum = Math.Log(x.Sum(value => Math.Exp(value - most))) + most;
        return [.. x.Select(value => value - sum)];
    }
}
