namespace NetKit.Samples;

/// <summary>Names how the next client's backend is found.</summary>
internal enum BackendPolicy
{
    /// <summary>One after the other.</summary>
    RoundRobin,

    /// <summary>The one with the fewest connections; among equals, one after the other.</summary>
    LeastConnections,
}
