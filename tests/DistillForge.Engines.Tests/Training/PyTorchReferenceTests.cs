using System.Diagnostics;
using System.Text.Json;
using DistillForge.Training;
using DistillForge.Training.Losses;

namespace DistillForge.Engines.Tests.Training;

/// <summary>Every token loss against plain PyTorch on the same random logits (<c>pytorch_reference.py</c>): value and gradient.</summary>
public sealed class PyTorchReferenceTests(Scratch scratch) : IClassFixture<Scratch>
{
    const int V = 1000;

    const int N = 3;

    const int K = 16;

    const int M = 8;

    [PyTorchFact]
    public void All_token_losses_have_the_value_and_the_gradient_of_plain_PyTorch()
    {
        using var scope = NewDisposeScope();
        var random = new Random(31);
        double[][] teacher = [.. Enumerable.Range(0, N).Select(_ => Normal(random, 3))];
        double[] student = [.. Enumerable.Range(0, N).SelectMany(_ => Normal(random, 2))];
        TeacherPosition[] positions = [.. teacher.Select(row => new TeacherPosition(Softmax(row)))];
        TokenTrace[] traces = [.. positions.Select(position => Some.FromPosition(random, position, K, M, random.Next(V), 2f))];
        var targets = BatchTensors.Of(Batch.Of([.. traces.Select(trace => new Row(trace, 9))], TraceContents.Of(traces)), CPU).Targets;
        var cases = Cases().ToList();
        Assert.Equal(TrainingCatalog.Losses.Names, cases.Select(known => (string)known.Python["loss"]).Distinct().Order());

        var expected = Ask(new
        {
            n = N,
            v = V,
            teacher = teacher.SelectMany(row => row),
            student,
            tokens = traces.Select(trace => trace.TokenIds[1]),
            head = traces.SelectMany(trace => trace.HeadIds),
            draws = new[] { 1f, 2f }.ToDictionary(t => t.ToString(), t => traces.SelectMany(trace => trace.TailSamples.First(x => x.Temperature == t).Ids)),
            cases = cases.Select(known => known.Python),
        });

        for (var i = 0; i < cases.Count; i++)
        {
            var (loss, python, form) = cases[i];
            var logits = tensor(student, [N, V]).requires_grad_();
            var whole = targets with { Full = form == "full" ? FullTargets.Of(tensor(teacher.SelectMany(row => row).ToArray(), [N, V])) : null };
            var value = loss.Measure(logits, whole);
            value.backward();

            var name = $"{python["loss"]} {form} at {python["temperature"]}";
            // At T ≠ 1 draws decide the gradient, and the value reported is the bucket's.
            if (form != "tail-samples" || python["temperature"] is 1f)
            {
                Assert.True(Math.Abs(expected[i].Value - value.item<double>()) <= 1e-4 * Math.Abs(expected[i].Value), $"{name}: {value.item<double>()} and not {expected[i].Value}");
            }

            var (ours, theirs) = (logits.grad!.data<double>().ToArray(), expected[i].Gradient);
            var apart = ours.Zip(theirs, (a, b) => (a - b) * (a - b)).Sum() / theirs.Sum(x => x * x);
            Assert.True(Math.Sqrt(apart) < 1e-3, $"{name}: gradients differ by {Math.Sqrt(apart)} of their norm");
        }
    }

    static IEnumerable<(ITokenLoss Loss, Dictionary<string, object> Python, string Form)> Cases()
    {
        (ITokenLoss, Dictionary<string, object>, string) Case(ITokenLoss loss, string name, float temperature, string form, string? option = null, double value = 0)
        {
            var python = new Dictionary<string, object> { ["loss"] = name, ["temperature"] = temperature, ["form"] = form };
            if (option is not null)
            {
                python[option] = value;
            }

            return (loss, python, form);
        }

        yield return Case(new CrossEntropy(), "cross-entropy", 1, "labels");
        yield return Case(new CrossEntropy(new(0.1f)), "cross-entropy", 1, "labels", "label_smoothing", 0.1f);
        foreach (var t in new[] { 1f, 2f })
        {
            yield return Case(new ForwardKl(new(MissingMass.TailSamples, t)), "forward-kl", t, "tail-samples");
            yield return Case(new ForwardKl(new(MissingMass.Renormalise, t)), "forward-kl", t, "renormalise");
            foreach (var form in new[] { "bucket", "full" })
            {
                yield return Case(new ForwardKl(new(form == "full" ? MissingMass.AsCaptured : MissingMass.OneBucket, t)), "forward-kl", t, form);
                yield return Case(new ReverseKl(new(t)), "reverse-kl", t, form);
                yield return Case(new Jsd(new(0.3f, t)), "jsd", t, form, "beta", 0.3f);
                yield return Case(new SkewKl(new(0.2f, t)), "skew-kl", t, form, "alpha", 0.2f);
                yield return Case(new TotalVariation(new(t)), "tvd", t, form);
                yield return Case(new Uld(new(t)), "uld", t, form);
            }
        }
    }

    List<Answer> Ask(object question)
    {
        var start = new ProcessStartInfo(PyTorchFactAttribute.Python!, [Path.Combine(Home.Root, "tests", "DistillForge.Engines.Tests", "Training", "pytorch_reference.py"), scratch.Put("question.json", JsonSerializer.Serialize(question))]) { RedirectStandardOutput = true, UseShellExecute = false };
        using var python = Process.Start(start)!;
        var answer = python.StandardOutput.ReadToEnd();
        python.WaitForExit();
        Assert.Equal(0, python.ExitCode);
        return JsonSerializer.Deserialize<List<Answer>>(answer, JsonSerializerOptions.Web)!;
    }

    sealed record Answer(double Value, double[] Gradient);

    static double[] Softmax(double[] logits) => [.. logits.Select(x => Math.Exp(x) / logits.Sum(Math.Exp))];

    static double[] Normal(Random random, double deviation)
        => [.. Enumerable.Range(0, V).Select(_ => deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))];
}

/// <summary>A fact that asks PyTorch; skipped, saying so, where Python has none (<c>apt-get install python3-torch</c> brings it).</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class PyTorchFactAttribute : FactAttribute
{
    public PyTorchFactAttribute() => Skip = Python is null ? "no python3 here has PyTorch; apt-get install python3-torch brings it" : null;

    public static string? Python { get; } = new[] { "python3", "/usr/bin/python3" }.FirstOrDefault(HasTorch);

    // Looking for the module is a hundred times quicker than importing it.
    static bool HasTorch(string python)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(python, ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"]) { RedirectStandardError = true, UseShellExecute = false });
            process!.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
