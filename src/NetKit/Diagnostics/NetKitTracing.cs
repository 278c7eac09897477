using System.Diagnostics;

namespace NetKit;

/// <summary>The source of every span of NetKit. With nobody listening, a span costs a test.</summary>
internal static class NetKitTracing
{
    public static ActivitySource Source { get; } = new(NetKitDiagnostics.ActivitySourceName);

    /// <summary>Starts a span under the caller's, and leaves the caller's the current one: the code that goes on is not inside of it.</summary>
    public static Activity? StartBeside(string name, ActivityKind kind = ActivityKind.Internal)
    {
        var current = Activity.Current;
        var activity = Source.StartActivity(name, kind);
        if (activity is not null)
        {
            Activity.Current = current;
        }

        return activity;
    }

    /// <summary>Ends a span that is not the current one.</summary>
    public static void EndBeside(Activity activity)
    {
        var current = Activity.Current;
        activity.Stop();
        Activity.Current = current;
    }
}
