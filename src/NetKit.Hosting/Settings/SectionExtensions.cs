using Microsoft.Extensions.Configuration;

namespace NetKit;

/// <summary>Reads options from a section as a whole.</summary>
internal static class SectionExtensions
{
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">Something in the section makes no sense; the message names it.</exception>
    public static void Read<TOptions>(this IConfigurationSection section, TOptions options, Action<SettingsReader, TOptions> read)
    {
        var settings = new SettingsReader(section);
        read(settings, options);
        settings.ThrowIfFailed<TOptions>(section.Path);
    }
}
