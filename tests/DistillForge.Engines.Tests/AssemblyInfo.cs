namespace DistillForge.Engines.Tests;
