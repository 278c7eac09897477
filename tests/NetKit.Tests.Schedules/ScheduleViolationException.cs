namespace NetKit.Tests.Schedules;

/// <summary>Says what went wrong, and in which schedule.</summary>
internal sealed class ScheduleViolationException(string message, Exception? cause = null) : Exception(message, cause);
