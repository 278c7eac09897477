namespace NetKit.Samples;

/// <summary>Cuts connections at the server's end, as bad luck would.</summary>
internal interface IConnectionCutter
{
    /// <summary>Cuts one of the pool's connections; false when there is none.</summary>
    ValueTask<bool> CutOneAsync(CancellationToken cancellationToken);
}
