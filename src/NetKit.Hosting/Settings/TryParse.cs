using System.Diagnostics.CodeAnalysis;

namespace NetKit;

/// <summary>Reads a value from what somebody wrote; false when that is none.</summary>
internal delegate bool TryParse<T>(string text, [MaybeNullWhen(false)] out T value);
