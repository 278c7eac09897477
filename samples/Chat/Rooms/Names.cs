using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NetKit.Samples;

/// <summary>What rooms and people may be called.</summary>
internal static partial class Names
{
    public const string Rule = "a room is 1 to 32 of a-z, 0-9 and -; a name 1 to 32 characters";

    private const int MaxLength = 32; // in UTF-16, as a page counts

    public static bool IsRoom(string name) => RoomName().IsMatch(name);

    public static bool IsPerson(string name) => name.Length is >= 1 and <= MaxLength && name.EnumerateRunes().All(IsVisible);

    // What turns lines around, breaks them or is not there deceives. The joiners are part of words and of emoji.
    private static bool IsVisible(Rune rune) => rune.Value is 0x200C or 0x200D || Rune.GetUnicodeCategory(rune)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    // Not $, which leaves room for a line's end.
    [GeneratedRegex(@"^[a-z0-9-]{1,32}\z")]
    private static partial Regex RoomName();
}
