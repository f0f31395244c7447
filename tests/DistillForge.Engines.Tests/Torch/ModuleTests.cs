using DistillForge.Torch;
using DistillForge.Torch.Modules;
using DistillForge.Torch.Utils;

namespace DistillForge.Engines.Tests.Torch;

[Collection("torch")]
public sealed class ModuleTests : IDisposable
{
    readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Parameters_are_named_by_their_path_in_the_order_of_the_fields()
    {
        using var model = new Tiny();

        Assert.Equal(["model.embed_tokens.weight", "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"], model.named_parameters().Select(p => p.name));
        Assert.Equal(["scale"], model.named_buffers().Select(b => b.name));
    }

    [Fact]
    public void A_disposed_module_leaves_no_parameter_alive()
    {
        var before = TorchCollection.LiveTensors();
        var model = new Tiny();
        Assert.Equal(before + 6, Tensor.TotalCount);

        model.Dispose();

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Parameters_outlive_the_scope_in_which_their_module_was_made()
    {
        Tiny model;
        using (NewDisposeScope())
        {
            model = new Tiny();
        }

        Assert.All(model.parameters(), parameter => Assert.False(parameter.IsInvalid));
        model.Dispose();
    }

    [Fact]
    public void A_state_loaded_into_another_model_gives_the_same_answer()
    {
        using var first = new Tiny();
        using var second = new Tiny();
        var ids = tensor([1L, 4L]);
        Assert.False(first.call(ids).allclose(second.call(ids), 0, 0));

        second.load_state_dict(first.state_dict());

        Assert.True(first.call(ids).allclose(second.call(ids), 0, 0));
    }

    [Fact]
    public void A_state_that_does_not_fit_names_what_is_missing()
    {
        using var model = new Tiny();
        var state = model.state_dict();
        state.Remove("layers.1.bias");

        Assert.Contains("layers.1.bias", Assert.Throws<InvalidOperationException>(() => model.load_state_dict(state)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_step_of_AdamW_is_what_the_paper_says()
    {
        using var p = nn.Parameter(tensor([1f, -2f]));
        using var optimizer = new AdamW([new AdamW.ParamGroup([p], lr: 0.1, weight_decay: 0.5)]);
        (p * tensor([3f, 0.5f])).sum().backward();

        optimizer.step();

        // First step: mean / sqrt(square) is the sign of the gradient; decay first takes lr · 0.5 of the value.
        Assert.Equal([1f * 0.95f - 0.1f, -2f * 0.95f - 0.1f], p.data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([0.3f, 0.05f], ((AdamW.State)optimizer.state_dict().State[0]).exp_avg.data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(1, ((AdamW.State)optimizer.state_dict().State[0]).step);
    }

    [Fact]
    public void Many_steps_of_AdamW_agree_with_plain_operations()
    {
        manual_seed(5);
        using var p = nn.Parameter(randn(70_000));
        var (plain, m, v, target) = (p.detach().clone(), zeros(70_000), zeros(70_000), randn(70_000));
        using var optimizer = optim.AdamW([p], lr: 0.05, beta1: 0.9, beta2: 0.95, weight_decay: 0.01);
        for (var t = 1; t <= 5; t++)
        {
            var gradient = plain - target;
            m = m * 0.9 + gradient * 0.1;
            v = v * 0.95 + gradient.square() * 0.05;
            plain = plain * (1 - 0.05 * 0.01) - m / (1 - Math.Pow(0.9, t)) / ((v / (1 - Math.Pow(0.95, t))).sqrt() + 1e-8) * 0.05;
            optimizer.zero_grad();
            ((p - target).square().sum() / 2).backward();
            optimizer.step();
        }

        Assert.True(p.allclose(plain, rtol: 1e-4, atol: 1e-5));
    }

    [Fact]
    public void Gradients_are_clipped_together_and_their_norm_is_told()
    {
        using var a = nn.Parameter(zeros(1));
        using var b = nn.Parameter(zeros(1));
        (a * 3 + b * 4).sum().backward();

        var norm = nn.utils.clip_grad_norm_([a, b], 1);

        Assert.Equal(5, norm, 1e-6);
        Assert.Equal((0.6f, 0.8f), (MathF.Round(a.grad!.ToSingle(), 4), MathF.Round(b.grad!.ToSingle(), 4)));
    }

    [Fact]
    public void The_generator_goes_on_from_a_saved_state()
    {
        manual_seed(42);
        var state = get_rng_state();
        var first = randn(4).data<float>().ToArray();

        set_rng_state(state);

        Assert.Equal(first, randn(4).data<float>().ToArray());
    }

    [Fact]
    public void Dropout_does_nothing_in_evaluation()
    {
        var dropout = nn.Dropout(0.9);
        dropout.eval();

        Assert.Equal([1f, 1f], dropout.call(ones(2)).data<float>().ToArray());
    }

    sealed class Tiny : nn.Module<Tensor, Tensor>
    {
        [ComponentName(Name = "model.embed_tokens")]
        readonly Embedding table = nn.Embedding(5, 3);

        readonly ModuleList<Linear> layers = nn.ModuleList(nn.Linear(3, 4), nn.Linear(4, 2));
        readonly Tensor scale = ones(1);

        internal Tiny()
            : base(nameof(Tiny)) => RegisterComponents();

        public override Tensor forward(Tensor input) => layers[1].call(layers[0].call(table.call(input)).relu()) * scale;
    }
}
