using Microsoft.Extensions.DependencyInjection;

namespace NetKit.Tests.Hosting.Architecture;

public sealed class SurfaceTests
{
    [Fact]
    public void A_public_type_lives_in_the_namespace_of_NetKit_or_of_what_it_extends_and_is_not_open_by_accident()
    {
        var types = typeof(NetKitTransportOptions).Assembly.GetExportedTypes();
        Assert.All(types, type => Assert.Equal(
            type.Name.EndsWith("Extensions", StringComparison.Ordinal) ? typeof(IServiceCollection).Namespace : "NetKit", type.Namespace));
        Assert.All(types.Where(type => type.IsClass), type => Assert.True(type.IsSealed || type.IsAbstract, $"{type.Name} is open by accident"));
    }

    [Fact]
    public void It_needs_no_assembly_that_only_a_web_app_has() => Assert.Subset(
        new HashSet<string>
        {
            "Microsoft.AspNetCore.Connections.Abstractions",
            "Microsoft.Extensions.Configuration.Abstractions",
            "Microsoft.Extensions.DependencyInjection.Abstractions",
            "Microsoft.Extensions.Diagnostics.HealthChecks",
            "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions",
            "Microsoft.Extensions.Features",
            "Microsoft.Extensions.Hosting.Abstractions",
            "Microsoft.Extensions.Logging.Abstractions",
            "Microsoft.Extensions.Options",
            "NetKit",
        },
        typeof(NetKitTransportOptions).Assembly.GetReferencedAssemblies()
            .Select(assembly => assembly.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal))
            .ToHashSet());
}
