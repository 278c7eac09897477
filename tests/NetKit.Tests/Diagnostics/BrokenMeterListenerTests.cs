using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace NetKit.Tests.Diagnostics;

// Alone: its listener is told of every instrument that the process makes meanwhile.
[Collection(nameof(Alone))]
public sealed class BrokenMeterListenerTests
{
    [Fact]
    public void A_listener_that_throws_when_it_hears_of_an_instrument_does_not_spoil_the_metrics()
    {
        // The instruments are made once in a process; a copy of the library makes its own.
        var copy = new AssemblyLoadContext("copy", isCollectible: true);
        try
        {
            var metrics = copy.LoadFromAssemblyPath(typeof(Connection).Assembly.Location).GetType("NetKit.NetKitMetrics", throwOnError: true)!;
            using var listener = new MeterListener
            {
                InstrumentPublished = static (instrument, _) =>
                {
                    if (instrument.Meter.Name == NetKitDiagnostics.MeterName)
                    {
                        throw new InvalidOperationException("on purpose");
                    }
                },
            };
            Record.Exception(listener.Start); // Those that are there already throw at whoever starts to listen.
            RuntimeHelpers.RunClassConstructor(metrics.TypeHandle);
            metrics.GetMethod("ConnectionBegan", BindingFlags.Public | BindingFlags.Static)!.Invoke(null, null);

            // Or whoever listens later hears of gauges of the copy, by the same names.
            ((Meter)metrics.GetField("s_meter", BindingFlags.NonPublic | BindingFlags.Static)!.GetValue(null)!).Dispose();
        }
        finally
        {
            copy.Unload();
        }
    }
}
