using System.Threading.RateLimiting;

namespace NetKit;

/// <summary>What the limiters gave for one client, to be given back once, when its connection has ended.</summary>
/// <param name="Address">The permit of its address.</param>
/// <param name="Accept">The permit of the whole server.</param>
internal readonly record struct AdmissionTicket(RateLimitLease? Address, RateLimitLease? Accept);
