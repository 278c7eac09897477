using System.Net;

namespace NetKit;

/// <summary>What became of a question for a host's addresses: the addresses, or the reason why there are none.</summary>
internal readonly struct HostAnswer
{
    public HostAnswer(IPAddress[] addresses)
    {
        Addresses = addresses;
        Failure = null;
    }

    public HostAnswer(Exception failure)
    {
        Addresses = [];
        Failure = failure;
    }

    public IReadOnlyList<IPAddress> Addresses { get; }

    public Exception? Failure { get; }
}
