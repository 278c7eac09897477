using System.Net;

namespace NetKit.Samples;

/// <summary>Reports that there is no way to the server, and what to try.</summary>
internal sealed class ServerUnreachableException(EndPoint server, string cause, Exception inner) : Exception(
    $"cannot reach {EndPointText.Format(server)}: {cause}. Is a server running there? "
    + "Start one with: dotnet run -c Release --project samples/EchoServer",
    inner);
