namespace DistillForge.Evaluation;

/// <summary>Writes a question in another form that has the same right answer.</summary>
/// <remarks>
/// The implementer leaves digits and whatever <see cref="Fixed"/> holds as they are, takes all chance from the source that it is given, so that a seed gives the same
/// words on every machine, and gives the text back as it was where it knows no other form: such a question is left out and counted.
/// </remarks>
public interface IPerturbation
{
    string Apply(string text, Random chance);
}
