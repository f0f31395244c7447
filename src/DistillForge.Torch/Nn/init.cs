namespace DistillForge.Torch;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>First values of parameters, in place.</summary>
        public static class init
        {
            public static Tensor normal_(Tensor tensor, double mean = 0, double std = 1) => Quiet(() => tensor.normal_(mean, std));

            public static Tensor uniform_(Tensor tensor, double low = 0, double high = 1) => Quiet(() => tensor.uniform_(low, high));

            public static Tensor constant_(Tensor tensor, Scalar val) => Quiet(() => tensor.fill_(val));

            public static Tensor zeros_(Tensor tensor) => constant_(tensor, 0);

            public static Tensor ones_(Tensor tensor) => constant_(tensor, 1);

            static Tensor Quiet(Func<Tensor> change)
            {
                using var quiet = no_grad();
                return change();
            }
        }
    }
}
