namespace DistillForge.Training.Devices;

/// <summary>Every loss of the catalogs, its sum and its gradient, from every kind of target that it takes.</summary>
static class LossCases
{
    const int N = 37;
    const int V = 61;
    const int Head = 6;

    public static IEnumerable<Case> All()
    {
        foreach (var name in TrainingCatalog.Losses.Names)
        {
            yield return Of($"{name} of traces", name, x => Traced(x, drawn: false));
            yield return Of($"{name} of whole distributions", name, x => Traced(x, drawn: false) with { Full = FullTargets.Of(x) });
        }

        yield return Of("forward-kl of random draws", "forward-kl", x => Traced(x, drawn: true));
        foreach (var name in TrainingCatalog.Representations.Names)
        {
            yield return new Case(name, 1e-4, device => Inner(name, device));
        }
    }

    static Case Of(string title, string loss, Func<Tensor, TokenTargets> targets)
        => Case.Of(title, Case.Float32, x => TrainingCatalog.Losses.Create(loss, options: null).PerToken(x[0], targets(x[1].detach())), random => [Case.Normal(random, N, V), Case.Normal(random, N, V) * 2]);

    // A teacher's logits as a trace holds them: the head, the tail's sum, and tokens of the tail.
    static TokenTargets Traced(Tensor teacher, bool drawn)
    {
        var log = teacher.log_softmax(-1);
        var (values, ids) = log.topk(Head);
        var tail = log.scatter(1, ids, full_like(values, double.NegativeInfinity));
        var rest = tail.logsumexp(-1);
        var samples = tail.topk(4).indexes;
        return new TokenTargets(log.argmax(-1), (log.exp() * log).sum(1), ids, values, [new TailTargets(1, rest, samples)], drawn ? new DrawTargets(1, values.softmax(-1)) : null);
    }

    static IReadOnlyList<Tensor> Inner(string name, Device device)
    {
        var random = new Random(7);
        var (student, teacher) = (Networks.Shape("llama", V), Networks.Shape("llama", V) with { Width = 48, HeadSize = 12 });
        var loss = TrainingCatalog.Representations.Create(name, options: null);
        var measure = loss.Build(student, loss.NeedsTeacher ? teacher : null, 3, device);
        var positions = arange(0, 60, 2).to(device);
        var leaves = new List<Tensor>();
        Tensor Leaf(bool learns, params long[] shape)
        {
            var leaf = Case.Normal(random, shape).to(device);
            if (learns)
            {
                leaves.Add(leaf.requires_grad_());
            }

            return leaf;
        }

        Inside Fill(Models.ModelShape shape, InsideWanted wanted, bool learns)
        {
            var inside = new Inside(wanted);
            foreach (var layer in wanted.States.Order())
            {
                inside.Set(layer, Leaf(learns, 30, shape.Width), wanted.Normed.Contains(layer) ? Leaf(learns, 30, shape.Width) : null);
            }

            foreach (var layer in wanted.Attention.Order())
            {
                inside.Set(layer, new AttentionInside(Leaf(learns, 3, shape.Heads, 20, shape.HeadSize), Leaf(learns, 3, shape.KeyValueHeads, 20, shape.HeadSize), Leaf(learns, 3, shape.KeyValueHeads, 20, shape.HeadSize)));
            }

            return inside;
        }

        using var seen = Fill(student, measure.OfStudent, learns: true);
        using var taught = loss.NeedsTeacher ? Fill(teacher, measure.OfTeacher, learns: false) : null;
        var targets = Traced(Case.Normal(random, 30, V).to(device), drawn: false);
        var value = measure.Measure(new RepresentationBatch(seen, taught, positions, 20, targets, Leaf(learns: true, V, student.Width), Precision.Float32));
        value.backward();
        return [value.detach(), .. leaves.Concat(measure.Projections.Select(projection => projection.Value)).Select(leaf => leaf.grad).OfType<Tensor>().Select(gradient => gradient.clone())];
    }
}
