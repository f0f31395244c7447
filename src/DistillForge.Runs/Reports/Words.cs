using DistillForge.Packaging.Reports;

namespace DistillForge.Runs.Reports;

/// <summary>What the words of a report mean, for whoever reads one for the first time.</summary>
static class Words
{
    const string Title = "What the words mean";

    /// <summary>Said below the first heading.</summary>
    public const string Pointer = $"Words such as KL or perplexity are explained at the end, under \"{Title}\".";

    public static ReportSection Section { get; } = new(Title, [])
    {
        Tables =
        [
            new(["word", "what it means"],
            [
                ["token", "A piece of text that a model reads or writes at once: a word, a part of one, or a sign."],
                ["exact match", "Share of questions whose answer is the expected one, character for character (or value for value, where answers are JSON)."],
                ["KL (KL divergence), nats a token", "How far a model's odds for the next token are from the teacher's: 0 where both think the same. A nat is a unit of information (1.44 bits). Below 0.01 the two are hard to tell apart; 1 is far."],
                ["top-1, top-5 agreement", "Share of tokens where the teacher's first choice is also the model's first choice, or among its first five."],
                ["perplexity", "How surprised a model is by the answers: as if it had to choose among so many equally likely tokens each time. 1 is no surprise."],
                ["calibration error", "How far apart being sure and being right are, on average: 0 % where a model that is 80 % sure is right 80 times of 100."],
                ["95 % interval", "Written in brackets. With other questions of the same kind the figure would differ; 95 of 100 such intervals hold the true one. Two figures whose difference has an interval around 0 cannot be told apart."],
                ["bootstrap, paired", "How such an interval is found: the questions are drawn again many times, and both models are counted on the same ones."],
                ["baseline", "A model of the student's size, trained in as many steps on the teacher's text alone: what the student gains beyond it, it owes to what the teacher thought."],
                ["untrained", "The student before its first step."],
                ["held out", "Rows that were put aside before training and never trained on."],
                ["checkpoint", "The trained weights as they are, 32 bits a number, before they are packed into a file."],
                ["GGUF, quantization", "The file format of llama.cpp, and how many bits it spends on a number: f16 and bf16 take 16, q8_0 about 8, q4_k_m between 4 and 5. Fewer bits make a smaller file that thinks a little differently."],
                ["greedy", "Always the likeliest token, so that the same question gets the same answer."],
            ], IsText: true),
        ],
    };
}
