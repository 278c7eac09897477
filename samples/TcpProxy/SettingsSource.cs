namespace NetKit.Samples;

/// <summary>Takes settings off the command line, and off a settings file where the command line does not have them.</summary>
internal sealed class SettingsSource(CommandLine line, SettingsFile? file)
{
    /// <summary>Takes one. What is wrong in the file is wrong also where the command line has it.</summary>
    public T? Take<T>(Func<CommandLine, T?> take)
    {
        var fromLine = take(line);
        var fromFile = file is null ? default : file.Read(take);
        return fromLine is null ? fromFile : fromLine;
    }

    /// <summary>Complains about what is left.</summary>
    public void Finish()
    {
        line.Finish();
        file?.Read(static settings =>
        {
            settings.Finish();
            return true;
        });
    }
}
