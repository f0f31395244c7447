using DistillForge.Torch.Modules;

namespace DistillForge.Torch;

public static partial class torch
{
    public static partial class nn
    {
        public abstract partial class Module
        {
            public IEnumerable<(string name, Module module)> named_children() => ownModules.Select(m => (m.Key, m.Value));

            public IEnumerable<Module> children() => ownModules.Values;

            /// <summary>All parts below this one, by path.</summary>
            public IEnumerable<(string name, Module module)> named_modules()
                => ownModules.SelectMany(m => m.Value.named_modules().Select(inner => ($"{m.Key}.{inner.name}", inner.module)).Prepend((m.Key, m.Value)));

            public IEnumerable<Module> modules() => named_modules().Select(m => m.module);

            /// <summary>Parameters by path; one that sits in two places comes once, under the first.</summary>
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var own = ownParameters.Select(p => (p.Key, p.Value));
                return recurse
                    ? own.Concat(ownModules.SelectMany(m => m.Value.named_parameters().Select(p => ($"{m.Key}.{p.name}", p.parameter))))
                        .DistinctBy(p => p.Item2, ReferenceEqualityComparer.Instance)
                    : own;
            }

            public IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(p => p.parameter);

            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                var own = ownBuffers.Where(b => include_nonpersistent || b.Value.Persistent).Select(b => (b.Key, b.Value.Tensor));
                return recurse
                    ? own.Concat(ownModules.SelectMany(m => m.Value.named_buffers(true, include_nonpersistent).Select(b => ($"{m.Key}.{b.name}", b.buffer))))
                    : own;
            }

            public IEnumerable<Tensor> buffers(bool recurse = true) => named_buffers(recurse).Select(b => b.buffer);

            public Parameter? get_parameter(string target) => named_parameters().FirstOrDefault(p => p.name == target).parameter;

            public Module apply(Action<Module> fn)
            {
                foreach (var child in children())
                {
                    child.apply(fn);
                }

                fn(this);
                return this;
            }

            /// <summary>The tensors themselves, by path: parameters and persistent buffers.</summary>
            public Dictionary<string, Tensor> state_dict()
                => named_parameters().Select(p => (p.name, tensor: (Tensor)p.parameter)).Concat(named_buffers(include_nonpersistent: false)).ToDictionary(p => p.name, p => p.Item2);

            /// <summary>Copies values in; says which names were missing or unknown, and throws over them when <paramref name="strict"/>.</summary>
            public (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(Dictionary<string, Tensor> source, bool strict = true)
            {
                var own = state_dict();
                List<string> missing = [.. own.Keys.Except(source.Keys)];
                List<string> unexpected = [.. source.Keys.Except(own.Keys)];
                if (strict && missing.Count + unexpected.Count > 0)
                {
                    throw new InvalidOperationException($"The state has no {string.Join(", ", missing)} and does not belong here: {string.Join(", ", unexpected)}.");
                }

                using var quiet = no_grad();
                foreach (var name in own.Keys.Intersect(source.Keys))
                {
                    own[name].copy_(source[name]);
                }

                return (missing, unexpected);
            }

            public void zero_grad(bool set_to_none = true) => ZeroGrads([.. parameters()], set_to_none);

            /// <summary>Moves or converts every parameter and buffer in place; gradients are dropped.</summary>
            internal void Convert(Func<Tensor, Tensor> convert)
            {
                using var quiet = no_grad();
                using var scope = NewDisposeScope();
                foreach (var tensor in parameters().Concat(buffers()).ToList())
                {
                    tensor.grad = null;
                    Check.Ok(Native.df_swap_data(tensor.Handle, convert(tensor).Handle));
                }
            }
        }

        internal static void ZeroGrads(Parameter[] parameters, bool toNone)
        {
            Check.Ok(Native.df_zero_grads(Check.Pointers(parameters), parameters.Length, toNone ? 1 : 0));
            GC.KeepAlive(parameters);
        }
    }
}

/// <summary>Conversions that return the module with its own type.</summary>
public static class ModuleExtensionMethods
{
    public static T to<T>(this T module, torch.ScalarType type)
        where T : torch.nn.Module
    {
        module.Convert(tensor => tensor.is_floating_point() ? tensor.to_type(type) : tensor.alias());
        return module;
    }

    public static T to<T>(this T module, torch.Device device)
        where T : torch.nn.Module
    {
        module.Convert(tensor => tensor.to(device));
        return module;
    }
}
