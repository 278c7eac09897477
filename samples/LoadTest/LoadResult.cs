namespace NetKit.Samples;

/// <summary>What a run came to.</summary>
internal sealed record LoadResult
{
    public required string Target { get; init; }

    public required string Mode { get; init; }

    public required int Connections { get; init; }

    /// <summary>Connections that could be opened.</summary>
    public required int Opened { get; init; }

    public required double Seconds { get; init; }

    public required long Sent { get; init; }

    /// <summary>Messages that were due by the rate, and not sent by the end.</summary>
    public required long NotSent { get; init; }

    public required long Received { get; init; }

    /// <summary>Messages that did not come to a connection that was still there at the end.</summary>
    public required long Lost { get; init; }

    /// <summary>Connections that were to read nothing.</summary>
    public required int NeverRead { get; init; }

    /// <summary>Of those that never read, how many the server had dropped by the end.</summary>
    public required int DroppedUnread { get; init; }

    public required double PerSecond { get; init; }

    /// <summary>Null, as those below, where nothing was measured.</summary>
    public required double? P50Milliseconds { get; init; }

    public required double? P90Milliseconds { get; init; }

    public required double? P99Milliseconds { get; init; }

    public required double? P999Milliseconds { get; init; }

    public required double? MaxMilliseconds { get; init; }

    /// <summary>How late this program itself sent what was due: where it is not small, the program is the bottleneck.</summary>
    public required double LateP99Milliseconds { get; init; }

    public required IReadOnlyDictionary<string, int> Errors { get; init; }
}
