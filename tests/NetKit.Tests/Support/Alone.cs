namespace NetKit.Tests;

/// <summary>Collects the tests that measure the machine itself (real clock, descriptors, threads): nothing runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
