using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace NetKit.Tests.Connections;

/// <summary>Keeps what each idle connection holds from growing by accident: eight bytes more are eight for every connection.</summary>
public sealed class IdleSizeTests
{
    [Theory]
    [InlineData(typeof(PolledConnection), 152)]
    [InlineData(typeof(PolledDescriptor), 64)]
    [InlineData(typeof(PolledHalf), 96)]
    [InlineData(typeof(ReadOperation), 104)]
    [InlineData(typeof(ServedConnection), 56)]
    public void An_object_that_every_idle_connection_holds_takes_no_more_than(Type type, int bytes)
    {
        Make(type);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Make(type);
        Assert.Equal(bytes, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [SuppressMessage("Usage", "CA1816", Justification = "One that was never constructed must not be finalized either.")]
    private static void Make(Type type) => GC.SuppressFinalize(RuntimeHelpers.GetUninitializedObject(type));
}
