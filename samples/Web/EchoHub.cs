using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.SignalR;

namespace NetKit.Samples;

/// <summary>Sends back what it is called with, to the caller and to everybody.</summary>
internal sealed class EchoHub : Hub
{
    [SuppressMessage("Performance", "CA1822", Justification = "A hub's methods are called on an instance.")]
    public string Echo(string text) => text;

    public Task Tell(string text) => Clients.All.SendAsync("told", text);
}
