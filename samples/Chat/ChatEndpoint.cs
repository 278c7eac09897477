using System.Globalization;
using System.Threading.RateLimiting;

namespace NetKit.Samples;

/// <summary>Takes WebSockets at /ws?room=lobby&amp;name=Ada, or says why not.</summary>
internal sealed class ChatEndpoint(
    RoomDirectory rooms, Heartbeat heartbeat, ChatSettings settings, ChatMetrics metrics, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<ChatEndpoint> logger) : IDisposable
{
    // Counting and letting in are one step: else those who come at once could all see the last place.
    private readonly ConcurrencyLimiter _places = new(new ConcurrencyLimiterOptions { PermitLimit = settings.MaxClients });
    private int _guests;

    public async Task ServeAsync(HttpContext context)
    {
        if (!IsHandshake(context) || !IsFromAllowedOrigin(context))
        {
            return;
        }

        var room = context.Request.Query["room"] is [{ Length: > 0 } text] ? text : "lobby";
        var name = context.Request.Query["name"] is [{ Length: > 0 } given] ? given.Trim() : $"guest {Interlocked.Increment(ref _guests)}";
        if (!Names.IsRoom(room) || !Names.IsPerson(name))
        {
            Refuse(context, Refusal.BadName, StatusCodes.Status400BadRequest, Names.Rule);
            return;
        }

        await EnterAsync(context, room, name);
    }

    public void Dispose() => _places.Dispose();

    private async Task EnterAsync(HttpContext context, string roomName, string name)
    {
        using var place = _places.AttemptAcquire();
        if (lifetime.ApplicationStopping.IsCancellationRequested || !place.IsAcquired || rooms.TryEnter(roomName) is not { } room)
        {
            context.Response.Headers.RetryAfter = "5";
            Refuse(context, Refusal.Full, StatusCodes.Status503ServiceUnavailable, $"{metrics.Active} clients in {rooms.Count} rooms");
            return;
        }

        var end = SessionEnd.Lost;
        metrics.SessionBegan();
        try
        {
            end = await RunAsync(context, room, name);
        }
        finally
        {
            rooms.Leave(room);
            metrics.SessionEnded(end);
            var client = Client(context);
            if (end.IsError())
            {
                Log.Dropped(logger, client, name, roomName, end);
            }
            else
            {
                Log.Left(logger, client, name, roomName, end);
            }
        }
    }

    private async Task<SessionEnd> RunAsync(HttpContext context, Room room, string name)
    {
        using var client = await WebSocketHandshake.AcceptAsync(context, clock);
        Log.Joined(logger, Client(context), name, room.Name);
        var session = new ChatSession(client, room, name, settings, metrics, clock);
        return await session.RunAsync(heartbeat, lifetime.ApplicationStopping);
    }

    private bool IsHandshake(HttpContext context)
    {
        if (WebSocketHandshake.IsValid(context, out var flaw))
        {
            return true;
        }

        Refuse(context, Refusal.NotWebSocket, context.Response.StatusCode, flaw);
        return false;
    }

    // Browsers name the page's origin; other programs may leave it out. RFC 6455, section 10.2.
    private bool IsFromAllowedOrigin(HttpContext context)
    {
        var origin = (string?)context.Request.Headers.Origin;
        if (origin is null
            || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, context.Request.Host.Value, StringComparison.OrdinalIgnoreCase))
            || settings.Origins.Any(allowed => allowed == "*" || string.Equals(allowed, origin, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        Refuse(context, Refusal.Origin, StatusCodes.Status403Forbidden, $"pages of {origin} may not connect");
        return false;
    }

    private void Refuse(HttpContext context, Refusal why, int status, string detail)
    {
        metrics.Refused(why);
        Log.Refused(logger, Client(context), why, detail);
        context.Response.StatusCode = status;
    }

    private static string Client(HttpContext context) => context.Connection.RemoteIpAddress is { } address
        ? string.Create(CultureInfo.InvariantCulture, $"{address}:{context.Connection.RemotePort}")
        : "a Unix socket";
}
