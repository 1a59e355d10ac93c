// A C++ host: publishes two packages, finds one, resolves what it needs, installs it and verifies
// the installation.
//
//   host_cpp FOLDER     makes FOLDER/library and FOLDER/prefix
#include <catalog/library/asset_library.hpp>
#include <catalog/resolve/sat_resolver.hpp>
#include <cstdio>
#include <memory>

using namespace catalog;
using library::AssetLibrary;

namespace {

// Diagnostics go where the host wants them; without a sink the library is silent.
class StderrSink final : public LogSink {
public:
    bool enabled(LogLevel level) const noexcept override { return level >= LogLevel::kWarning; }
    void write(const LogRecord& record) noexcept override {
        std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(record.module.size()),
                     record.module.data(), static_cast<int>(record.message.size()),
                     record.message.data());
    }
};

Result<void> publish(AssetLibrary& library, lifecycle::PackageBuilder& builder) {
    const auto draft = builder.license("MIT").build();
    if (!draft) return fail(draft.error());
    const auto receipt = library.publish(*draft);
    if (!receipt) return fail(receipt.error());
    std::printf("published %s\n", receipt->id.to_string().c_str());
    return {};
}

Result<void> run(const std::string& folder) {
    library::Environment environment;  // what is not injected has an embedded default
    environment.log_sink = std::make_shared<StderrSink>();
    library::LibraryOptions options;
    options.create_if_missing = true;
    const auto library = AssetLibrary::open(folder + "/library", options, environment);
    if (!library) return fail(library.error());

    lifecycle::PackageBuilder words(*PackageName::parse("acme/words"), version::SemVer(2, 1, 0));
    words.description("words to say").file("words.txt", std::string_view("hello\n"));
    lifecycle::PackageBuilder greeter(*PackageName::parse("acme/greeter"),
                                      version::SemVer(1, 0, 0));
    greeter.description("greets")
        .depends_on("acme/words", "^2")
        .file("bin/greet", std::string_view("#!/bin/sh\n"), true);
    for (lifecycle::PackageBuilder* builder : {&words, &greeter})
        if (auto done = publish(**library, *builder); !done) return done;

    const auto found = (*library)->find("acme/greeter@^1");
    if (!found) return fail(found.error());
    std::printf("found %s\n", found->entry().id.to_string().c_str());

    resolve::Request request;
    request.roots.push_back({{"acme/greeter", version::VersionConstraint()}, {}, true});
    resolve::SatResolver resolver;
    const auto solution = (*library)->resolve(resolver, request);
    if (!solution) return fail(solution.error());
    std::printf("resolved %zu packages\n", solution->packages.size());

    const auto installed = (*library)->install(folder + "/prefix", {"acme/greeter@^1"});
    if (!installed) return fail(installed.error());
    for (const std::string& id : installed->added) std::printf("installed %s\n", id.c_str());

    const auto damage = (*library)->verify_prefix(folder + "/prefix");
    if (!damage) return fail(damage.error());
    std::printf("damage found: %zu\n", damage->size());
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    const auto done = run(argc > 1 ? argv[1] : ".");
    if (done) return 0;
    std::fprintf(stderr, "host_cpp: %s\n", done.error().to_string().c_str());
    if (!done.error().hint().empty())
        std::fprintf(stderr, "hint: %s\n", std::string(done.error().hint()).c_str());
    return 1;
}
