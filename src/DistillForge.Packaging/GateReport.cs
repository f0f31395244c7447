namespace DistillForge.Packaging;

/// <summary>What an exported file is compared on.</summary>
/// <param name="Texts">To tokenize; commands, answers, and odd characters.</param>
/// <param name="Sequences">To score, position by position.</param>
/// <param name="Prompts">To answer greedily.</param>
/// <param name="MaxTokens">Of a greedy answer.</param>
public sealed record GateProbe(IReadOnlyList<string> Texts, IReadOnlyList<TokenSequence> Sequences, IReadOnlyList<Prompt> Prompts, int MaxTokens = 64);

/// <summary>How an exported file compares with the checkpoint that it was made from.</summary>
/// <param name="Texts">Texts with identical token ids.</param>
/// <param name="Positions">Positions whose whole distributions were compared.</param>
/// <param name="MaxDifference">Largest |Δ log-prob|, nats.</param>
/// <param name="MeanDifference">Mean |Δ log-prob| over positions and vocabulary, nats.</param>
/// <param name="Kl">KL(checkpoint ‖ file), nats a position.</param>
/// <param name="GreedyPrompts">Prompts answered with the same greedy tokens, ties aside; 0 where the type compares none.</param>
/// <param name="GreedyTokens">Tokens compared in them.</param>
/// <param name="Ties">Prompts whose comparison stopped where the reference's two most likely tokens were equally likely.</param>
public sealed record GateReport(string Type, int Texts, long Positions, double MaxDifference, double MeanDifference, double Kl, int GreedyPrompts, long GreedyTokens, int Ties)
{
    public override string ToString() => FormattableString.Invariant(
        $"{Type}: {Texts} texts tokenized alike; |Δ log-prob| max {MaxDifference:0.0e+0}, mean {MeanDifference:0.0e+0}, KL {Kl:0.0e+0} over {Positions} positions; {(GreedyPrompts == 0 ? "greedy tokens not compared" : $"same greedy tokens on {GreedyPrompts} prompts ({GreedyTokens} tokens, {Ties} ties)")}");
}
