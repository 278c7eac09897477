namespace NetKit.Tests.Samples;

/// <summary>Puts the tests that start processes in a row: on a small machine they would only slow each other down.</summary>
[CollectionDefinition(Name)]
public sealed class OneSampleAtATime
{
    public const string Name = nameof(OneSampleAtATime);
}
