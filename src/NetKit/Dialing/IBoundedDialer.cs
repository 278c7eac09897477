using System.Net;

namespace NetKit;

/// <summary>Dials as a part of a longer dial: within its time, and by its clock. Tells what every attempt came to when the time is over.</summary>
/// <remarks>A token ends a dial too, but then it was cancelled, and who cancels is not told what was tried.</remarks>
internal interface IBoundedDialer : IDialer
{
    /// <summary>Opens a connection.</summary>
    /// <param name="endPoint">Where to.</param>
    /// <param name="limit">When it must have ended, beside the dialer's own limit; on any clock.</param>
    /// <param name="before">How long the whole dial has been under way: attempts count their beginning from its beginning.</param>
    /// <param name="cancellationToken">Ends the dial, at any stage.</param>
    ValueTask<Connection> DialAsync(EndPoint endPoint, Deadline limit, TimeSpan before, CancellationToken cancellationToken);
}
