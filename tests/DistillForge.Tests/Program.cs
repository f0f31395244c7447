// Started as a program, this assembly is the child process of a test; the tests themselves are run by the test host.
return args is ["journal", .. var rest] ? await DistillForge.Tests.Data.Killing.JournalChild.RunAsync(rest) : 64;
