namespace DistillForge.EndToEnd.Tests;
