#include "catalog/lifecycle/npm_import.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "npm_package_json.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::lifecycle {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

void write_text(io::FileSystem& fs, const std::string& path, std::string_view text) {
    must(fs.make_directories(io::parent_path(path)));
    const auto file = must(fs.open_write(path, io::OpenMode::kTruncate));
    must(file->append(as_bytes(text)));
    must(file->close());
}

package::PackageMetadata read_metadata(std::string_view text) {
    return must(read_package_json(text, "package.json", "", {})).metadata;
}

TEST(PackageJson, CarriesOverWhatCatalogKnows) {
    const auto metadata = read_metadata(
        R"({"name":"@scope/kit","version":"1.2.3","description":"d","license":{"type":"MIT"},
        "author":{"name":"Ada","email":"ada@example.org"},"keywords":["x","x","y"],"repository":{"url":"git+https://example.org/kit"},
        "dependencies":{"a":"^1.0.0 || 2.x","b":"npm:real-b@~3.1","opt":"1"},"optionalDependencies":{"opt":"1"},
        "peerDependencies":{"p":">=1","soft":"*"},"peerDependenciesMeta":{"soft":{"optional":true}},
        "devDependencies":{"t":"workspace:*","u":"1.0.0"},"engines":{"node":">=18"}})");
    EXPECT_EQ(metadata.id().to_string(), "@scope/kit@1.2.3");
    EXPECT_EQ(metadata.license, "MIT");
    EXPECT_EQ(metadata.authors, (std::vector<std::string>{"Ada <ada@example.org>"}));
    EXPECT_EQ(metadata.keywords, (std::vector<std::string>{"x", "y"}));
    std::vector<std::string> dependencies;
    for (const auto& dependency : metadata.dependencies)
        dependencies.push_back(dependency.target.name.str() + " " +
                               dependency.target.constraint.to_string() + " " +
                               std::string(dependency_kind_name(dependency.kind)));
    std::ranges::sort(dependencies);
    EXPECT_EQ(dependencies,
              (std::vector<std::string>{"a ^1.0.0 || 2.x required", "b ~3.1 required",
                                        "opt 1 optional", "p >=1 peer", "u =1.0.0 development"}));
    EXPECT_TRUE(metadata.extra.contains("npm"));
}

TEST(PackageJson, RefusesWhatCannotBeAPackage) {
    const auto code = [](std::string_view text) {
        return code_of(read_package_json(text, "package.json", "", {}));
    };
    EXPECT_EQ(code("[]"), Errc::kImportRefused);
    EXPECT_EQ(code("{\"name\":\"x\"}"), Errc::kImportRefused);
    EXPECT_EQ(code("{\"name\":\"x\",\"version\":\"1\"}"), Errc::kImportRefused);
    EXPECT_EQ(code("{\"name\":\"../x\",\"version\":\"1.0.0\"}"), Errc::kImportRefused);
    EXPECT_EQ(code(R"({"name":"x","version":"1.0.0","dependencies":{"a":"no such thing"}})"),
              Errc::kImportRefused);
    EXPECT_EQ(code("{"), Errc::kJsonSyntax);
}

TEST(EntryPoint, IsFoundAsNodeFindsIt) {
    const auto entry = [](std::string_view main, std::vector<std::string> files) {
        return entry_point_of(
            main, [&](const std::string& path) { return std::ranges::count(files, path) > 0; });
    };
    EXPECT_EQ(entry("./lib/a", {"lib/a.js"}), "lib/a.js");
    EXPECT_EQ(entry("lib", {"lib/index.js"}), "lib/index.js");
    EXPECT_EQ(entry("", {"index.js"}), "index.js");
    EXPECT_EQ(entry("gone", {"index.js"}), "index.js");
    EXPECT_EQ(entry("gone", {}), "");
}

TEST(NpmImport, TakesEveryPackageOfANodeModulesTreeOnce) {
    const auto fs = SimulatedFileSystem::make();
    write_text(*fs, "/app/node_modules/a/package.json",
               R"({"name":"a","version":"1.0.0","bin":"./cli.js"})");
    write_text(*fs, "/app/node_modules/a/cli.js", "#!");
    write_text(*fs, "/app/node_modules/a/node_modules/b/package.json",
               R"({"name":"b","version":"2.0.0"})");
    write_text(*fs, "/app/node_modules/b/package.json", R"({"name":"b","version":"1.0.0"})");
    write_text(*fs, "/app/node_modules/@s/c/package.json", R"({"name":"@s/c","version":"1.0.0"})");
    write_text(*fs, "/app/node_modules/@s/c/node_modules/b/package.json",
               R"({"name":"b","version":"2.0.0"})");
    write_text(*fs, "/app/node_modules/alias/package.json", R"({"name":"real","version":"3.0.0"})");
    write_text(*fs, "/app/node_modules/.bin/a", "x");
    const auto drafts = must(drafts_from_npm(fs, "/app"));
    std::vector<std::string> ids;
    for (const PackageDraft& draft : drafts) ids.push_back(draft.metadata.id().to_string());
    EXPECT_EQ(ids, (std::vector<std::string>{"@s/c@1.0.0", "a@1.0.0", "alias@3.0.0", "b@1.0.0",
                                             "b@2.0.0"}));
    EXPECT_EQ(drafts[1].files.size(), 2u);
    EXPECT_EQ(drafts[1].files[0].path, "cli.js");
    EXPECT_EQ(drafts[1].files[0].mode, 0755u);
    EXPECT_EQ(drafts[1].metadata.binaries, (std::vector<std::string>{"cli.js"}));
    EXPECT_EQ(drafts[2].warnings.size(), 1u);
    EXPECT_EQ(code_of(drafts_from_npm(fs, "/app/node_modules/@s")), Errc::kImportRefused);
    EXPECT_EQ(code_of(drafts_from_npm(fs, "/nowhere")), Errc::kFileNotFound);
}

/// Returns a .tgz of regular files (and links, whose text starts with "->").
Bytes tarball_of(const std::vector<std::pair<std::string, std::string>>& files) {
    Bytes bytes(1 << 20);
    std::size_t used = 0;
    archive* writer = ::archive_write_new();
    ::archive_write_add_filter_gzip(writer);
    ::archive_write_set_format_ustar(writer);
    ::archive_write_open_memory(writer, bytes.data(), bytes.size(), &used);
    for (const auto& [path, text] : files) {
        archive_entry* entry = ::archive_entry_new();
        ::archive_entry_set_pathname(entry, path.c_str());
        ::archive_entry_set_perm(entry, 0644);
        if (text.starts_with("->")) {
            ::archive_entry_set_filetype(entry, AE_IFLNK);
            ::archive_entry_set_symlink(entry, text.c_str() + 2);
        } else {
            ::archive_entry_set_filetype(entry, AE_IFREG);
            ::archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
        }
        ::archive_write_header(writer, entry);
        if (!text.starts_with("->")) ::archive_write_data(writer, text.data(), text.size());
        ::archive_entry_free(entry);
    }
    ::archive_write_close(writer);
    ::archive_write_free(writer);
    bytes.resize(used);
    return bytes;
}

std::optional<Errc> import_code(const std::vector<std::pair<std::string, std::string>>& files) {
    const auto fs = SimulatedFileSystem::make();
    const Bytes bytes = tarball_of(files);
    must(io::write_file_durably(*fs, "/p.tgz", bytes));
    return code_of(drafts_from_npm(fs, "/p.tgz"));
}

TEST(NpmImport, ReadsATarballWhateverItsFolderIsCalled) {
    const auto fs = SimulatedFileSystem::make();
    const Bytes bytes =
        tarball_of({{"odd/package.json", R"({"name":"t","version":"1.0.0","main":"m"})"},
                    {"odd/m.js", "code"}});
    must(io::write_file_durably(*fs, "/p.tgz", bytes));
    const auto drafts = must(drafts_from_npm(fs, "/p.tgz"));
    ASSERT_EQ(drafts.size(), 1u);
    EXPECT_EQ(drafts[0].metadata.entry, "m.js");
    EXPECT_EQ(drafts[0].files.size(), 2u);
}

TEST(NpmImport, RefusesTarballsThatWouldEscape) {
    const std::pair<std::string, std::string> json{"package/package.json",
                                                   R"({"name":"t","version":"1.0.0"})"};
    EXPECT_EQ(import_code({json}), std::nullopt);
    EXPECT_EQ(import_code({json, {"package/../../evil", "x"}}), Errc::kPathUnsafe);
    EXPECT_EQ(import_code({json, {"package/a", "->/etc/passwd"}}), Errc::kLinkRefused);
    EXPECT_EQ(import_code({json, {"package/a", "->../../x"}}), Errc::kLinkRefused);
    EXPECT_EQ(import_code({json, {"package/a", "1"}, {"package/a", "2"}}), Errc::kDuplicatePath);
    EXPECT_EQ(import_code({{"package/other", "x"}}), Errc::kImportRefused);
}

TEST(NpmImport, RefusesEveryTruncatedTarballOrReadsItWhole) {
    const auto fs = SimulatedFileSystem::make();
    const Bytes whole = tarball_of({{"package/package.json", R"({"name":"t","version":"1.0.0"})"},
                                    {"package/data", std::string(3000, 'd')}});
    for (std::size_t size = 0; size < whole.size(); size += 7) {
        must(io::write_file_durably(*fs, "/p.tgz", ByteView(whole).first(size)));
        const auto drafts = drafts_from_npm(fs, "/p.tgz");
        if (drafts) {
            EXPECT_EQ((*drafts)[0].files.size(), 2u) << size;
        } else {
            EXPECT_EQ(code_of(drafts), Errc::kImportRefused) << size;
        }
    }
}

}  // namespace
}  // namespace catalog::lifecycle
