#include "catalog/library/asset_library.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "catalog/resolve/sat_resolver.hpp"
#include "library_impl.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

std::string text_in(io::FileSystem& fs, const std::string& path) {
    return must(io::read_file(fs, path, 1 << 20));
}

TEST(AssetLibrary, FindsWhatWasPublishedAndReturnsItsBytes) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    const auto receipt =
        must(library->publish(small_draft("acme/kit", "1.2.3", {{"a/b.txt", "content"}})));
    EXPECT_EQ(receipt.id.to_string(), "acme/kit@1.2.3");
    EXPECT_EQ(receipt.file_count, 1u);
    EXPECT_EQ(file_of(*library, "acme/kit@1.2.3", "a/b.txt"), "content");
    EXPECT_EQ(must(library->find("acme/kit")).entry().digest, receipt.digest);
    EXPECT_EQ(must(library->find("acme/kit@^1.0")).entry().digest, receipt.digest);
    EXPECT_EQ(code_of(library->find("acme/kit@^2")), Errc::kVersionConflict);
    EXPECT_EQ(code_of(library->find("acme/none")), Errc::kPackageNotFound);
}

TEST(AssetLibrary, KeepsContentWhereTheHostWantsIt) {
    const auto disk = SimulatedFileSystem::make();
    Environment environment = environment_on(disk);
    environment.storage_backend = content::make_memory_backend();
    {
        const auto library = open_library(environment);
        must(library->publish(small_draft("kit", "1.0.0", {{"a.txt", "content"}})));
    }
    EXPECT_GT(must(environment.storage_backend->stats()).bytes, 0u);
    EXPECT_FALSE(must(io::exists(*disk, "/library/packs")));
    const auto again = open_library(environment);
    EXPECT_EQ(file_of(*again, "kit@1.0.0", "a.txt"), "content");
}

// Opening the database writes; what removals need for theirs is kept for that, too.
TEST(AssetLibrary, OpensOnAFullDisk) {
    const auto disk = SimulatedFileSystem::make();
    {
        const auto library = open_library(environment_on(disk));
        must(library->publish(small_draft("kit", "1.0.0", {{"a.txt", "content"}})));
    }
    disk->set_capacity(disk->used_bytes());
    const auto again = open_library(environment_on(disk));
    EXPECT_EQ(file_of(*again, "kit@1.0.0", "a.txt"), "content");
    EXPECT_EQ(code_of(again->publish(small_draft("kit", "1.1.0"))), Errc::kStorageFull);
    disk->set_capacity(SimulatedFileSystem::kUnlimited);
    must(again->publish(small_draft("kit", "1.1.0")));
}

TEST(AssetLibrary, PublishingTheSamePackageAgainChangesNothing) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    const auto first = must(library->publish(small_draft("kit", "1.0.0")));
    const auto again = must(library->publish(small_draft("kit", "1.0.0")));
    EXPECT_TRUE(again.already_published);
    EXPECT_EQ(again.digest, first.digest);
    EXPECT_EQ(must(library->stats()).log_size, 1u);
}

TEST(AssetLibrary, RefusesOtherContentUnderAPublishedId) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    must(library->publish(small_draft("kit", "1.0.0")));
    EXPECT_EQ(code_of(library->publish(small_draft("kit", "1.0.0", {{"readme.txt", "other"}}))),
              Errc::kPackageExists);
    EXPECT_EQ(code_of(library->publish(small_draft("kit", "1.0.0+build.2"))), Errc::kPackageExists);
    EXPECT_EQ(file_of(*library, "kit@1.0.0", "readme.txt"), "hello\n");
}

TEST(AssetLibrary, DigestsDependOnContentAloneAndNotOnTheStore) {
    std::set<std::string> digests;
    std::set<std::string> roots;
    const std::string data = noise(300'000, 11);
    for (const std::uint32_t chunk : {4096u, 65536u, 1048576u}) {
        for (const int level : {1, 9}) {
            const Environment environment =
                environment_on(SimulatedFileSystem::make(), chunk + static_cast<unsigned>(level));
            LibraryOptions options;
            options.chunk_bytes_average = chunk;
            options.compression_level = level;
            must(AssetLibrary::create("/elsewhere/lib", options, environment));
            const auto library = must(AssetLibrary::open("/elsewhere/lib", {}, environment));
            const auto receipt =
                must(library->publish(small_draft("kit", "1.0.0", {{"data", data}, {"x", "y"}})));
            digests.insert(receipt.digest.to_string());
            roots.insert(receipt.files_root.to_string());
        }
    }
    EXPECT_EQ(digests.size(), 1u);
    EXPECT_EQ(roots.size(), 1u);
    const auto changed = must(lifecycle::hash_draft(
        small_draft("kit", "1.0.0", {{"data", data.substr(1) + "!"}, {"x", "y"}}),
        *make_system_clock(), {}, {}));
    EXPECT_FALSE(digests.contains(changed.digest.to_string()));
}

TEST(AssetLibrary, ADigestIsTheSameFromAnyFolderWithAnyTimesAndOrder) {
    const auto fs = SimulatedFileSystem::make();
    const std::string toml = "[package]\nname = \"kit\"\nversion = \"1.0.0\"\n";
    const auto write = [&](const std::string& path, std::string_view text, std::uint32_t mode) {
        must(fs->make_directories(io::parent_path(path)));
        const auto file = must(fs->open_write(path, io::OpenMode::kTruncate, mode));
        must(file->append(as_bytes(text)));
        must(file->close());
    };
    const std::vector<std::pair<std::string, std::string>> files{
        {"catalog.toml", toml}, {"b.txt", "b"}, {"a/z.txt", "z"}, {"a/B.txt", "B"}, {"run", "#!"}};
    for (const auto& [path, text] : files) write("/one/" + path, text, path == "run" ? 0755 : 0644);
    for (auto file = files.rbegin(); file != files.rend(); ++file)
        write("/two/deeper/" + file->first, file->second, file->first == "run" ? 0700 : 0600);
    std::set<std::string> digests;
    for (const std::string folder : {"/one", "/two/deeper"}) {
        const auto draft = must(lifecycle::draft_from_directory(fs, folder));
        digests.insert(
            must(lifecycle::hash_draft(draft, *make_system_clock(), {}, {})).digest.to_string());
    }
    EXPECT_EQ(digests.size(), 1u);
    write("/one/b.txt", "c", 0644);
    const auto draft = must(lifecycle::draft_from_directory(fs, "/one"));
    EXPECT_FALSE(digests.contains(
        must(lifecycle::hash_draft(draft, *make_system_clock(), {}, {})).digest.to_string()));
}

TEST(AssetLibrary, VerifiesOnePackageDownToItsBytes) {
    const auto fs = SimulatedFileSystem::make();
    const PackageId kit = must(PackageId::parse("kit@1.0.0"));
    const std::string data = noise(20'000, 22);
    {
        const auto library = open_library(environment_on(fs));
        must(library->publish(small_draft("kit", "1.0.0", {{"a", data}, {"b", data}, {"c", "c"}})));
        must(library->publish(small_draft("other", "1.0.0", {{"c", "c"}})));
        const PackageCheck check = must(library->verify_package(kit));
        EXPECT_EQ(check.signature_valid, true);
        EXPECT_TRUE(check.integrity_valid);
        EXPECT_TRUE(check.findings.empty());
        EXPECT_EQ(check.files, 3u);
        EXPECT_EQ(check.bytes, data.size() + 1);
        const auto envelope = must(library->envelope(check.entry.digest));
        EXPECT_NE(envelope.find("signatures"), std::string::npos);
    }
    const std::string pack = "/library/packs/" + must(fs->list("/library/packs"))[0].name;
    must(fs->corrupt(pack, must(fs->info(pack)).size / 2, 0x10));
    const auto library = open_library(environment_on(fs, 2));
    const PackageCheck check = must(library->verify_package(kit));
    EXPECT_EQ(check.signature_valid, true);
    EXPECT_FALSE(check.integrity_valid);
    ASSERT_EQ(check.findings.size(), 1u);
    EXPECT_EQ(check.findings[0].files, (std::vector<std::string>{"kit@1.0.0:a", "kit@1.0.0:b"}));
    EXPECT_TRUE(
        must(library->verify_package(must(PackageId::parse("other@1.0.0")))).integrity_valid);
    EXPECT_EQ(code_of(library->verify_package(must(PackageId::parse("kit@2.0.0")))),
              Errc::kPackageNotFound);
}

TEST(AssetLibrary, ReportsAFlippedBitInAPackWithPackagesAndFilesAndNeverReturnsIt) {
    const auto fs = SimulatedFileSystem::make();
    const std::string data = noise(5'000, 21);
    {
        const auto library = open_library(environment_on(fs));
        must(library->publish(small_draft("kit", "1.0.0", {{"data.bin", data}})));
    }
    auto packs = must(fs->list("/library/packs"));
    std::erase_if(packs, [](const auto& entry) { return !entry.name.ends_with(".pack"); });
    ASSERT_EQ(packs.size(), 1u);
    const std::string pack = "/library/packs/" + packs[0].name;
    const std::uint64_t size = must(fs->info(pack)).size;
    bool found_file = false;
    for (std::uint64_t offset = 4096; offset < size; offset += 97) {
        must(fs->corrupt(pack, offset, 0x10));
        {
            const auto library = open_library(environment_on(fs, 2));
            const VerifyResult result = must(library->verify(true));
            EXPECT_FALSE(result.findings.empty()) << "offset " << offset;
            for (const Finding& finding : result.findings)
                found_file =
                    found_file || std::ranges::count(finding.files, "kit@1.0.0:data.bin") > 0;
            std::string read;
            const Result<void> got =
                library->read_file(must(PackageId::parse("kit@1.0.0")), "data.bin",
                                   [&](ByteView bytes) -> Result<void> {
                                       read += as_text(bytes);
                                       return {};
                                   });
            if (got) {
                EXPECT_EQ(read, data) << "offset " << offset;
            }
            EXPECT_TRUE(data.starts_with(read)) << "offset " << offset;
        }
        must(fs->corrupt(pack, offset, 0x10));
    }
    EXPECT_TRUE(found_file);
}

TEST(AssetLibrary, RepairRebuildsTheIndexFromManifestsAndLog) {
    const auto fs = SimulatedFileSystem::make();
    {
        const auto library = open_library(environment_on(fs));
        must(library->publish(small_draft("app", "1.0.0", {{"f", "1"}}, {"base ^1"})));
        must(library->publish(small_draft("base", "1.0.0")));
        must(library->publish(small_draft("base", "1.1.0")));
        must(library->change_state(must(PackageId::parse("base@1.1.0")), "yank", "broken"));
        must(library->change_state(must(PackageId::parse("app@1.0.0")), "deprecate", "old"));
    }
    kv::OpenOptions options;
    options.families = {"manifests", "packages", "postings"};
    const auto wanted_search = [](AssetLibrary& library) {
        std::vector<std::string> ids;
        index::Filter filter;
        filter.newest_only = false;
        filter.include_yanked = true;
        for (const auto& entry : must(library.list(filter, 100)).entries)
            ids.push_back(entry.id.to_string() + (entry.yanked ? " yanked " : " ") +
                          std::string(package::state_name(entry.state)) + " " +
                          std::to_string(entry.log_index));
        for (const auto& hit : must(library.search("small", filter, 100)))
            ids.push_back(hit.entry.id.to_string());
        for (const auto& edge : must(library.dependents(must(PackageName::parse("base")), true)))
            ids.push_back(edge.from.to_string());
        return ids;
    };
    std::vector<std::string> before;
    {
        const auto library = open_library(environment_on(fs, 2));
        before = wanted_search(*library);
        EXPECT_EQ(before.size(), 3u + 3u + 1u);
    }
    {
        // Everything that can be derived goes.
        kv::OpenOptions all;
        all.families = family_names();
        const auto store = must(kv::open_rocksdb(fs, "/library/db", all));
        kv::WriteBatch batch;
        for (const kv::Family family : {kv::Family{1}, kv::Family{2}}) {
            const auto iterator = store->iterate(family);
            for (iterator->seek(""); iterator->valid(); iterator->next())
                batch.remove(family, std::string(iterator->key()));
        }
        must(store->write(batch, kv::Durability::kSync));
    }
    const auto library = open_library(environment_on(fs, 3));
    EXPECT_EQ(code_of(library->find("base")), Errc::kPackageNotFound);
    const RepairResult repaired = must(library->repair());
    EXPECT_GT(repaired.index_entries_rebuilt, 0u);
    EXPECT_TRUE(repaired.remaining.empty());
    EXPECT_EQ(wanted_search(*library), before);
    EXPECT_TRUE(must(library->verify(true)).findings.empty());
}

TEST(AssetLibrary, AYankedVersionIsOnlyResolvedByALock) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    must(library->publish(small_draft("base", "1.0.0")));
    must(library->publish(small_draft("base", "1.1.0")));
    must(library->change_state(must(PackageId::parse("base@1.1.0")), "yank", "broken"));
    resolve::Request request;
    resolve::Root root;
    root.target.name = "base";
    request.roots.push_back(root);
    resolve::SatResolver resolver;
    EXPECT_EQ(
        must(library->resolve(resolver, request)).packages.at(0).candidate.version.to_string(),
        "1.0.0");
    request.locked.push_back({"base", must(version::SemVer::parse("1.1.0")), ""});
    EXPECT_EQ(
        must(library->resolve(resolver, request)).packages.at(0).candidate.version.to_string(),
        "1.1.0");
}

TEST(AssetLibrary, ASecondWriterIsToldWhoHoldsTheLibrary) {
    const Environment environment = environment_on(SimulatedFileSystem::make());
    const auto library = open_library(environment);
    LibraryOptions options;
    options.lock_wait = std::chrono::milliseconds(50);
    const auto second = AssetLibrary::open("/library", options, environment);
    ASSERT_EQ(code_of(second), Errc::kLibraryLocked);
    const auto* busy = second.error().detail_as<BusyDetail>();
    ASSERT_NE(busy, nullptr);
    EXPECT_NE(busy->holder.find("pid"), std::string::npos);
}

TEST(AssetLibrary, AReaderSeesTheLastCommitAtTheMomentItLooks) {
    const Environment environment = environment_on(SimulatedFileSystem::make());
    const auto writer = open_library(environment);
    LibraryOptions options;
    options.read_only = true;
    const auto reader = must(AssetLibrary::open("/library", options, environment));
    EXPECT_EQ(code_of(reader->find("kit")), Errc::kPackageNotFound);
    must(writer->publish(small_draft("kit", "1.0.0")));
    EXPECT_EQ(file_of(*reader, "kit@1.0.0", "readme.txt"), "hello\n");
    EXPECT_EQ(code_of(reader->publish(small_draft("kit", "2.0.0"))), Errc::kLibraryReadOnly);
}

TEST(AssetLibrary, DeniedCallsChangeNothingAndNameTheRule) {
    const Environment environment = environment_on(SimulatedFileSystem::make());
    const auto library = open_library(environment);
    CallContext context;
    context.principal.id = "guest";
    EXPECT_EQ(code_of(library->publish(small_draft("kit", "1.0.0"), context)),
              Errc::kPermissionDenied);
    EXPECT_EQ(code_of(library->find("kit")), Errc::kPackageNotFound);
    EXPECT_EQ(code_of(library->list({}, 10, {}, context)), std::nullopt);
}

TEST(AssetLibrary, CancelledCallsLeaveTheLibraryAsItWas) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    std::stop_source stop;
    stop.request_stop();
    CallContext context;
    context.stop = stop.get_token();
    EXPECT_EQ(code_of(library->publish(small_draft("kit", "1.0.0"), context)), Errc::kCancelled);
    EXPECT_EQ(must(library->stats()).packages.versions, 0u);
}

TEST(AssetLibrary, InstallsUpdatesAndRollsBackGenerations) {
    const auto fs = SimulatedFileSystem::make();
    const auto library = open_library(environment_on(fs));
    must(library->publish(small_draft("base", "1.0.0", {{"lib.txt", "base"}})));
    must(library->publish(small_draft("app", "1.0.0", {{"app.txt", "one"}}, {"base ^1"})));
    const auto installed = must(library->install("/prefix", {"app@^1"}));
    EXPECT_EQ(installed.added, (std::vector<std::string>{"app@1.0.0", "base@1.0.0"}));
    EXPECT_EQ(text_in(*fs, "/prefix/current/pkgs/app/1.0.0/app.txt"), "one");
    EXPECT_TRUE(must(library->update("/prefix", {})).unchanged);
    must(library->publish(small_draft("app", "1.1.0", {{"app.txt", "two"}})));
    const auto updated = must(library->update("/prefix", {}));
    EXPECT_EQ(updated.added, (std::vector<std::string>{"app@1.1.0"}));
    EXPECT_EQ(updated.removed, (std::vector<std::string>{"app@1.0.0", "base@1.0.0"}));
    EXPECT_EQ(text_in(*fs, "/prefix/current/pkgs/app/1.1.0/app.txt"), "two");
    EXPECT_EQ(must(library->rollback("/prefix")).generation, 1u);
    EXPECT_EQ(text_in(*fs, "/prefix/current/pkgs/app/1.0.0/app.txt"), "one");
    EXPECT_EQ(must(library->history("/prefix")).size(), 2u);
    EXPECT_TRUE(must(library->verify_prefix("/prefix")).empty());
    const auto file = must(fs->open_write("/prefix/.catalog/generations/1/pkgs/app/1.0.0/app.txt",
                                          io::OpenMode::kTruncate));
    must(file->append(as_bytes("0ne")));
    must(file->close());
    const auto damages = must(library->verify_prefix("/prefix"));
    ASSERT_EQ(damages.size(), 1u);
    EXPECT_EQ(damages[0].what, "changed");
    EXPECT_EQ(damages[0].package, "app@1.0.0");
    must(library->rollback("/prefix", 2));
    EXPECT_EQ(code_of(library->rollback("/prefix", 1)), Errc::kPrefixDamaged);
    EXPECT_EQ(code_of(library->uninstall("/prefix", {"nothing"})), Errc::kNotInstalled);
    EXPECT_EQ(must(library->uninstall("/prefix", {"app"})).removed,
              (std::vector<std::string>{"app@1.1.0"}));
}

TEST(AssetLibrary, MergedLayoutsFindConflictsBeforeAnythingIsWritten) {
    const auto fs = SimulatedFileSystem::make();
    const auto library = open_library(environment_on(fs));
    must(library->publish(small_draft("a", "1.0.0", {{"share/x", "a"}})));
    must(library->publish(small_draft("b", "1.0.0", {{"share/x", "b"}})));
    must(library->publish(small_draft("c", "1.0.0", {{"share/y", "c"}})));
    lifecycle::InstallOptions options;
    options.layout = lifecycle::Layout::kMerged;
    EXPECT_EQ(code_of(library->install("/prefix", {"a", "b"}, options)), Errc::kInstallConflict);
    EXPECT_FALSE(must(io::exists(*fs, "/prefix/current")));
    must(library->install("/prefix", {"a", "c"}, options));
    EXPECT_EQ(text_in(*fs, "/prefix/current/share/y"), "c");
}

TEST(AssetLibrary, ImportedMetadataIsFoundAndResolvedButNotInstalled) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    const std::string lines =
        "{\"name\":\"meta\",\"version\":\"1.0.0\",\"description\":\"imported "
        "thing\",\"dependencies\":[{\"name\":\"base\",\"req\":\"^1\"}]}\n"
        "{\"name\":\"base\",\"version\":\"1.0.0\"}\n"
        "not json\n"
        "{\"name\":\"base\",\"version\":\"1.0.0\"}\n"
        "{\"name\":\"base\",\"version\":\"nonsense\"}\n";
    const auto report = must(library->import_metadata(content::source_of(as_bytes(lines)), false));
    EXPECT_EQ(report.lines, 5u);
    EXPECT_EQ(report.imported, 2u);
    EXPECT_EQ(report.already_there, 1u);
    EXPECT_EQ(report.refused_total, 2u);
    EXPECT_EQ(must(library->search("imported", {}, 10)).size(), 1u);
    EXPECT_EQ(must(library->stats()).packages.names, 2u);
    EXPECT_EQ(code_of(library->install("/prefix", {"meta"})), Errc::kContentNotFound);
    EXPECT_TRUE(must(library->verify(true)).findings.empty());
}

}  // namespace
}  // namespace catalog::library::testing
