namespace NetKit;

/// <summary>Counts how the connections ended that a server had when it began to drain.</summary>
/// <param name="Completed">How many handlers ended by themselves in time.</param>
/// <param name="Aborted">How many connections were reset because the time was over.</param>
public readonly record struct DrainResult(int Completed, int Aborted);
