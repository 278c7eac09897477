namespace NetKit.Samples;

/// <summary>Counts what happens in the chat, and writes it for Prometheus beside what NetKit itself counts.</summary>
internal sealed class ChatMetrics : IDisposable
{
    private readonly long[] _ended = new long[Enum.GetValues<SessionEnd>().Length];
    private readonly long[] _refused = new long[Enum.GetValues<Refusal>().Length];
    private readonly InstrumentReadings _instruments = new();
    private long _active;
    private long _received;
    private long _lost;
    private long _missed;
    private long _heard;

    public long Active => Interlocked.Read(ref _active);

    public long LostByBackplane => Interlocked.Read(ref _lost);

    public bool? BackplaneIsConnected { get; set; }

    public void SessionBegan() => Interlocked.Increment(ref _active);

    public void SessionEnded(SessionEnd end)
    {
        Interlocked.Decrement(ref _active);
        Interlocked.Increment(ref _ended[(int)end]);
    }

    public void Refused(Refusal refusal) => Interlocked.Increment(ref _refused[(int)refusal]);

    public void MessageReceived() => Interlocked.Increment(ref _received);

    public void BackplaneReceived() => Interlocked.Increment(ref _heard);

    public void BackplaneLost() => Interlocked.Increment(ref _lost);

    public void BackplaneMissed(long count) => Interlocked.Add(ref _missed, count);

    public string ToPrometheus(int rooms)
    {
        var text = new PrometheusText();
        Add(text, "websocket_active_connections", "gauge", "WebSockets that are open now.", Active);
        Add(text, "websocket_messages_received_total", "counter", "Messages that clients sent.", Interlocked.Read(ref _received));
        Add(text, "websocket_errors_total", "counter", "Sessions that ended by an error, and handshakes that were refused.", Errors());
        AddEach<SessionEnd>(text, "chat_sessions_ended_total", "Sessions that ended, by how.", "end", _ended);
        AddEach<Refusal>(text, "chat_handshakes_refused_total", "Handshakes that were refused, by why.", "reason", _refused);
        Add(text, "chat_rooms", "gauge", "Rooms that somebody is in.", rooms);
        if (BackplaneIsConnected is { } connected)
        {
            Add(text, "chat_backplane_connected", "gauge", "1 while Redis carries messages between instances.", connected ? 1 : 0);
            Add(text, "chat_backplane_messages_received_total", "counter", "Messages that came from other instances.", Interlocked.Read(ref _heard));
            Add(text, "chat_backplane_messages_lost_total", "counter", "Messages from here that did not reach Redis.", LostByBackplane);
            Add(text, "chat_backplane_messages_missed_total", "counter", "Messages of other instances that did not come here.", Interlocked.Read(ref _missed));
        }

        _instruments.WriteTo(text);
        return text.ToString();
    }

    public void Dispose() => _instruments.Dispose();

    private long Errors() =>
        Enum.GetValues<SessionEnd>().Where(static end => end.IsError()).Sum(end => Interlocked.Read(ref _ended[(int)end]))
        + Enum.GetValues<Refusal>().Sum(refusal => Interlocked.Read(ref _refused[(int)refusal]));

    private static void Add(PrometheusText text, string name, string type, string help, double value)
    {
        text.Begin(name, type, help);
        text.Add("", value);
    }

    private static void AddEach<T>(PrometheusText text, string name, string help, string label, long[] counts)
        where T : struct, Enum
    {
        text.Begin(name, "counter", help);
        foreach (var value in Enum.GetValues<T>())
        {
            text.Add(PrometheusText.Label(label, Snake(value.ToString())), Interlocked.Read(ref counts[Convert.ToInt32(value)]));
        }
    }

    private static string Snake(string name) =>
        string.Concat(name.Select(static (letter, index) => char.IsUpper(letter) ? (index == 0 ? "" : "_") + char.ToLowerInvariant(letter) : $"{letter}"));
}
