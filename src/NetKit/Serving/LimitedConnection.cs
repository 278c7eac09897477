namespace NetKit;

/// <summary>A connection of a server that limits more than how many there are. Apart, so that others hold nothing for it.</summary>
internal sealed class LimitedConnection : TimedConnection
{
    private WatchRecord _record; // guarded by there being one look at a time

    public LimitedConnection(ConnectionServer server, Connection connection, in AdmissionTicket ticket, WatchRules? rules)
        : base(server, connection)
    {
        Ticket = ticket;
        _record = rules is null ? default : new WatchRecord(rules);
    }

    /// <summary>What the limiters gave for it.</summary>
    public AdmissionTicket Ticket { get; }

    /// <summary>Tells whether it has to end, and why.</summary>
    public CloseCause Look(WatchRules rules) => _record.Look(rules, Connection);
}
