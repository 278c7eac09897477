namespace NetKit.Tests.Samples;

/// <summary>Puts the tests that start processes in one queue: on a small machine they would only slow each other down.</summary>
[CollectionDefinition(Name)]
public sealed class SampleCollection
{
    public const string Name = "Samples";
}
