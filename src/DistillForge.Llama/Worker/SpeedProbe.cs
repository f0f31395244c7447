namespace DistillForge.Llama.Worker;

/// <summary>Measures how fast the model runs as it is run here, one sequence by itself: the decodes alone, each in a fresh context, medians of several.</summary>
sealed class SpeedProbe(LoadedModel model)
{
    const int Repeats = 3;
    const int Generated = 40;
    const int PromptTokens = 512;

    // On a busy machine 40 tokens may take a minute.
    const double Enough = 2;

    readonly LoopTimer timer = new(model);

    public Speed Measure()
    {
        var prompt = Math.Min(PromptTokens, model.ContextLength - 1);
        var generated = Math.Min(Generated, model.ContextLength - 1);
        return new Speed(
            Median(() => StepsASecond(timer.Measure(new DecodeLoop(1, 0, generated, Layout: model.Layout), Enough))),
            Median(() => prompt / timer.Measure(new DecodeLoop(1, prompt, 0, Layout: model.Layout)).Prompt));
    }

    static double StepsASecond(DecodeTime time) => time.Steps / time.Generation;

    static double Median(Func<double> measure)
    {
        var rates = Enumerable.Range(0, Repeats).Select(_ => measure()).Order().ToArray();
        return rates[Repeats / 2];
    }
}
