using DistillForge.Llama.Worker;

return WorkerHost.Run(args);
