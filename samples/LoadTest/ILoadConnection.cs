namespace NetKit.Samples;

/// <summary>A connection under load, that carries messages. One sends and one receives at a time; the timeouts are the connection's own.</summary>
internal interface ILoadConnection : IAsyncDisposable
{
    ValueTask SendAsync(ReadOnlyMemory<byte> message);

    /// <summary>Gives each message that comes to be looked at, until it is told that this is enough. False at the end.</summary>
    ValueTask<bool> ReceiveAsync(ReceivedHandler isEnough);

    /// <summary>Says that this is the end. True: the peer is to say so too, and soon; receive until then.</summary>
    ValueTask<bool> SayGoodbyeAsync();

    /// <summary>Ends it at once, from any thread, with whatever is under way.</summary>
    void Abort();
}

/// <summary>Looks at a message, and tells whether it is the last that is wanted.</summary>
internal delegate bool ReceivedHandler(ReadOnlySpan<byte> message);
