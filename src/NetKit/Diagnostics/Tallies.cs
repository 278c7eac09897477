namespace NetKit;

/// <summary>What has happened in this process since it began, and what there is now.</summary>
internal static class Tallies
{
    public static readonly Tally ActiveConnections = new();
    public static readonly Tally ActiveHandshakes = new();
    public static readonly Tally AcceptedConnections = new();
    public static readonly Tally RejectedConnections = new();
    public static readonly Tally TimedOutConnections = new();
    public static readonly Tally AcceptErrors = new();
    public static readonly Tally Dials = new();
    public static readonly Tally FailedDials = new();
    public static readonly Tally LeakedLeases = new();
    public static readonly Tally ReadDeadlines = new();
    public static readonly Tally WriteDeadlines = new();
    public static readonly Tally Subscriptions = new();
    public static readonly Tally DisconnectedSubscribers = new();
    public static readonly Tally ItemsOfDisconnected = new();
    public static readonly Tally OldestItemsDropped = new();
    public static readonly Tally NewestItemsDropped = new();
}
