using DistillForge.Torch.Modules;

namespace DistillForge.Torch;

public static partial class torch
{
    public static partial class optim
    {
        public static AdamW AdamW(IEnumerable<Parameter> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.99, double eps = 1e-8, double weight_decay = 0)
            => new(parameters, lr, beta1, beta2, eps, weight_decay);

        public static AdamW AdamW(IEnumerable<AdamW.ParamGroup> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.99, double eps = 1e-8, double weight_decay = 0)
            => new(parameters, lr, beta1, beta2, eps, weight_decay);

        /// <summary>What a schedule changes.</summary>
        public interface ILearningRateController
        {
            double LearningRate { get; set; }

            double InitialLearningRate { get; set; }
        }

        /// <summary>Changes parameters by their gradients.</summary>
        public abstract class Optimizer : IDisposable
        {
            public abstract IEnumerable<ILearningRateController> ParamGroups { get; }

            public abstract IEnumerable<Parameter> parameters();

            public abstract Tensor? step(Func<Tensor>? closure = null);

            public void zero_grad(bool set_to_none = true) => nn.ZeroGrads([.. parameters()], set_to_none);

            public abstract StateDictionary state_dict();

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected abstract void Dispose(bool disposing);

            /// <summary>Options by group, and the state of every parameter in the order of <see cref="parameters"/>.</summary>
            public sealed record StateDictionary(IReadOnlyList<AdamW.Options> Options, IReadOnlyList<AdamW.State> State);
        }
    }
}
