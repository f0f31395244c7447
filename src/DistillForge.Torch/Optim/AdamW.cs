namespace DistillForge.Torch.Modules;

/// <summary>
/// AdamW (Loshchilov and Hutter, 2019) over groups of float32 parameters. A step is one call of the shim over all of them, on all
/// threads; a parameter without a gradient keeps its value and its state.
/// </summary>
public sealed class AdamW : torch.optim.Optimizer
{
    readonly ParamGroup[] groups;
    readonly Dictionary<Parameter, State> states = new(ReferenceEqualityComparer.Instance);

    public AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0)
        : this([new ParamGroup(parameters, lr, beta1, beta2, eps, weight_decay)])
    {
    }

    /// <summary>What a group leaves open is taken from the arguments.</summary>
    public AdamW(IEnumerable<ParamGroup> groups, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0)
    {
        this.groups = [.. groups];
        foreach (var group in this.groups)
        {
            group.Options.Complete(lr, beta1, beta2, eps, weight_decay);
            foreach (var parameter in group.Parameters)
            {
                states.Add(parameter, new State(parameter));
            }
        }
    }

    public override IEnumerable<torch.optim.ILearningRateController> ParamGroups => groups;

    public override IEnumerable<Parameter> parameters() => groups.SelectMany(group => group.Parameters);

    public override torch.Tensor? step(Func<torch.Tensor>? closure = null)
    {
        var loss = closure?.Invoke();
        foreach (var group in groups)
        {
            Step(group);
        }

        return loss;
    }

    public override StateDictionary state_dict() => new([.. groups.Select(group => group.Options)], [.. parameters().Select(parameter => states[parameter])]);

    protected override void Dispose(bool disposing)
    {
        foreach (var state in states.Values)
        {
            state.Dispose();
        }
    }

    void Step(ParamGroup group)
    {
        State[] own = [.. group.Parameters.Select(parameter => states[parameter])];
        var steps = Array.ConvertAll(own, state => state.step);
        var options = group.Options;
        Check.Ok(Native.df_adamw(
            Check.Pointers(group.Parameters), Check.Pointers(Array.ConvertAll(own, s => s.exp_avg)), Check.Pointers(Array.ConvertAll(own, s => s.exp_avg_sq)),
            steps, own.Length, group.LearningRate, options.beta1!.Value, options.beta2!.Value, options.eps!.Value, options.weight_decay!.Value));
        for (var i = 0; i < own.Length; i++)
        {
            own[i].step = steps[i];
        }

        GC.KeepAlive(group);
        GC.KeepAlive(own);
    }

    /// <summary>Numbers of a group; null is the optimizer's own.</summary>
    public sealed class Options
    {
        public double? LearningRate { get; set; }

        public double InitialLearningRate { get; set; }

        public double? beta1 { get; set; }

        public double? beta2 { get; set; }

        public double? eps { get; set; }

        public double? weight_decay { get; set; }

        internal void Complete(double lr, double b1, double b2, double e, double decay)
        {
            LearningRate ??= lr;
            InitialLearningRate = LearningRate.Value;
            (beta1, beta2, eps, weight_decay) = (beta1 ?? b1, beta2 ?? b2, eps ?? e, weight_decay ?? decay);
        }
    }

    /// <summary>Parameters that share their numbers.</summary>
    public sealed class ParamGroup : torch.optim.ILearningRateController
    {
        public ParamGroup(IEnumerable<Parameter> parameters, Options options) => (Parameters, Options) = ([.. parameters], options);

        public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0)
            : this(parameters, new Options { LearningRate = lr, beta1 = beta1, beta2 = beta2, eps = eps, weight_decay = weight_decay })
        {
        }

        public IReadOnlyList<Parameter> Parameters { get; }

        public Options Options { get; }

        public double LearningRate
        {
            get => Options.LearningRate!.Value;
            set => Options.LearningRate = value;
        }

        public double InitialLearningRate
        {
            get => Options.InitialLearningRate;
            set => Options.InitialLearningRate = value;
        }
    }

    /// <summary>What AdamW remembers of a parameter: steps taken, means of its gradient and of its square.</summary>
    public sealed class State : IDisposable
    {
        internal State(Parameter parameter)
            => (exp_avg, exp_avg_sq) = (torch.zeros_like(parameter).DetachFromDisposeScope(), torch.zeros_like(parameter).DetachFromDisposeScope());

        public long step { get; set; }

        public torch.Tensor exp_avg { get; }

        public torch.Tensor exp_avg_sq { get; }

        public void Dispose()
        {
            exp_avg.Dispose();
            exp_avg_sq.Dispose();
        }
    }
}
