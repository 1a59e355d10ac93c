#include <catalog/library/asset_library.hpp>
#include <cstdio>

using namespace catalog;

Result<void> run(const std::string& folder) {
    library::LibraryOptions options;
    options.create_if_missing = true;
    auto library = library::AssetLibrary::open(folder + "/library", options);
    if (!library) return fail(library.error());

    lifecycle::PackageBuilder builder(*PackageName::parse("acme/hello"), version::SemVer(1, 0, 0));
    builder.description("says hello").license("MIT").file("hello.txt", std::string_view("hello\n"));
    auto draft = builder.build();
    if (!draft) return fail(draft.error());
    if (auto published = (*library)->publish(*draft); !published) return fail(published.error());

    auto installed = (*library)->install(folder + "/prefix", {"acme/hello@^1"});
    if (!installed) return fail(installed.error());
    for (const std::string& id : installed->added) std::printf("installed %s\n", id.c_str());
    return {};
}

int main(int argc, char** argv) {
    const auto done = run(argc > 1 ? argv[1] : ".");
    if (!done) std::fprintf(stderr, "%s\n", done.error().to_string().c_str());
    return done ? 0 : 1;
}
