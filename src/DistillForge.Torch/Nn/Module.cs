using System.Reflection;
using System.Runtime.CompilerServices;
using DistillForge.Torch.Modules;

namespace DistillForge.Torch;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>
        /// A part of a model: parameters, buffers, and parts of its own. A constructor ends with <see cref="RegisterComponents"/>, which
        /// finds them in its fields, in the order in which they are declared.
        /// </summary>
        public abstract partial class Module : IDisposable
        {
            readonly string moduleName;
            readonly OrderedDictionary<string, Parameter> ownParameters = [];
            readonly OrderedDictionary<string, (Tensor Tensor, bool Persistent)> ownBuffers = [];
            readonly OrderedDictionary<string, Module> ownModules = [];
            bool registered;

            protected Module(string name) => moduleName = name;

            public bool training { get; private set; } = true;

            public string GetName() => moduleName;

            public virtual void train(bool train = true)
            {
                training = train;
                foreach (var module in ownModules.Values)
                {
                    module.train(train);
                }
            }

            public void eval() => train(false);

            public void register_parameter(string name, Parameter param) => ownParameters.Add(name, param);

            public void register_module(string name, Module submodule) => ownModules.Add(name, submodule);

            /// <summary>State that is not trained; saved with the model when persistent.</summary>
            public void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                tensor.DetachFromDisposeScope();
                ownBuffers.Add(name, (tensor, persistent));
            }

            protected virtual void RegisterComponents()
            {
                if (registered)
                {
                    return;
                }

                registered = true;
                foreach (var field in Fields(GetType()))
                {
                    var name = NameOf(field);
                    if (ownParameters.ContainsKey(name) || ownBuffers.ContainsKey(name) || ownModules.ContainsKey(name))
                    {
                        continue;
                    }

                    Register(name, field.GetValue(this));
                }
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                if (disposing)
                {
                    Array.ForEach<IDisposable>([.. ownModules.Values, .. ownParameters.Values, .. ownBuffers.Values.Select(b => b.Tensor)], part => part.Dispose());
                }
            }

            void Register(string name, object? value)
            {
                switch (value)
                {
                    case Module module:
                        register_module(name, module);
                        break;
                    case Parameter parameter:
                        register_parameter(name, parameter);
                        break;
                    case Tensor tensor:
                        register_buffer(name, tensor);
                        break;
                }
            }

            // A base class before what derives from it, fields as declared.
            static IEnumerable<FieldInfo> Fields(Type type)
                => type == typeof(Module) ? []
                    : Fields(type.BaseType!).Concat(type
                        .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
                        .OrderBy(field => field.MetadataToken));

            // The attribute names it; else the field's name, and the property's for a field that the compiler made.
            static string NameOf(FieldInfo field)
            {
                var property = field.IsDefined(typeof(CompilerGeneratedAttribute)) && field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>')] : null;
                var named = field.GetCustomAttribute<ComponentNameAttribute>()
                    ?? (property is null ? null : field.DeclaringType!.GetProperty(property, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)?.GetCustomAttribute<ComponentNameAttribute>());
                return named?.Name ?? property ?? field.Name;
            }
        }
    }
}
