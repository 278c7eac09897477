using System.Diagnostics;
using System.Net.Sockets;

namespace NetKit;

/// <summary>Starts and ends the spans of NetKit. With nobody listening, one costs a test of a field.</summary>
/// <remarks>What a listener's own callback throws stays with it: tracing a program must not stop it.</remarks>
internal static class NetKitActivities
{
    private static readonly ActivitySource s_source = new(NetKitDiagnostics.ActivitySourceName);

    /// <summary>Starts a span as the current one's child; null when nobody listens or wants it.</summary>
    public static Activity? Start(string name, ActivityKind kind = ActivityKind.Internal) =>
        s_source.HasListeners() ? StartGuarded(name, kind) : null;

    /// <summary>Starts a span as the current one's child, and leaves that the current one: the code that goes on is not inside of it.</summary>
    public static Activity? StartBeside(string name, ActivityKind kind = ActivityKind.Internal)
    {
        if (!s_source.HasListeners())
        {
            return null;
        }

        var current = Activity.Current;
        var activity = StartGuarded(name, kind);
        Activity.Current = current;
        return activity;
    }

    /// <summary>Ends a span that is not the current one.</summary>
    public static void EndBeside(Activity activity)
    {
        var current = Activity.Current;
        End(activity);
        Activity.Current = current;
    }

    /// <summary>Ends a span.</summary>
    /// <param name="activity">The span; null does nothing.</param>
    /// <param name="failure">Why what it stands for failed; null when it did not.</param>
    public static void End(Activity? activity, Exception? failure = null)
    {
        if (activity is null)
        {
            return;
        }

        if (failure is not null)
        {
            activity.SetTag("error.type", TypeOf(failure));
            activity.SetStatus(ActivityStatusCode.Error, failure.Message);
        }

        try
        {
            activity.Stop();
        }
        catch (Exception)
        {
            // The listener's own failure. There is nobody to tell.
        }
    }

    private static string TypeOf(Exception failure) => failure switch
    {
        ConnectionException connection => connection.Error.ToString(),
        SocketException socket => SocketErrors.ToConnectionError(socket).ToString(),
        _ => failure.GetType().FullName!,
    };

    private static Activity? StartGuarded(string name, ActivityKind kind)
    {
        try
        {
            return s_source.StartActivity(name, kind);
        }
        catch (Exception)
        {
            return null;
        }
    }
}
