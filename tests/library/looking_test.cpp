// What a caller sees of a library besides its answers: revisions, rights, open files.

#include <gtest/gtest.h>

#include "catalog/library/asset_library.hpp"
#include "support/io/faulty_file_system.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/io/temporary_folder.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

TEST(AssetLibrary, RevisionGrowsWithEveryCommitAndWithNothingElse) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    std::uint64_t revision = must(library->revision());
    for (const std::string_view version : {"1.0.0", "1.1.0"}) {
        must(library->publish(small_draft("kit", version)));
        const std::uint64_t next = must(library->revision());
        EXPECT_GT(next, revision);
        revision = next;
        EXPECT_TRUE(library->find("kit"));
        EXPECT_EQ(must(library->revision()), revision);
    }
    must(library->change_state(must(PackageId::parse("kit@1.0.0")), "yank", "broken"));
    EXPECT_GT(must(library->revision()), revision);
}

TEST(AssetLibrary, RevisionOfAReaderSeesTheLastCommitWhenAsked) {
    const auto disk = SimulatedFileSystem::make();
    const auto writer = open_library(environment_on(disk));
    LibraryOptions options;
    options.read_only = true;
    const auto reader = must(AssetLibrary::open("/library", options, environment_on(disk, 2)));
    const std::uint64_t before = must(reader->revision());
    EXPECT_EQ(must(reader->revision()), before);
    must(writer->publish(small_draft("kit", "1.0.0")));
    EXPECT_GT(must(reader->revision()), before);
}

TEST(AssetLibrary, AnswersFromMemoryAreRefusedToWhomTheCallWouldBeRefused) {
    LibraryOptions options;
    options.create_if_missing = true;
    options.access = package::AccessControl(
        {{true, "*", {}, ""}, {false, "eve", {package::Verb::kRead}, "secret/*"}});
    const auto library =
        must(AssetLibrary::open("/library", options, environment_on(SimulatedFileSystem::make())));
    must(library->publish(small_draft("secret/kit", "1.0.0")));
    CallContext eve;
    eve.principal.id = "eve";
    using package::Verb;
    EXPECT_TRUE(library->allows(eve, Verb::kRead, "open/kit"));
    EXPECT_FALSE(library->allows(eve, Verb::kRead, "secret/kit"));
    EXPECT_TRUE(library->check_access({}, Verb::kRead, "secret/kit"));
    EXPECT_EQ(code_of(library->check_access(eve, Verb::kRead, "secret/kit")),
              Errc::kPermissionDenied);
    const index::IndexEntry entry = must(library->find("secret/kit")).entry();
    EXPECT_EQ(code_of(library->package_of(entry, eve)), Errc::kPermissionDenied);
    const index::LazyPackage package = must(library->package_of(entry));
    EXPECT_EQ(package.entry(), entry);
    EXPECT_EQ(must(package.manifest())->metadata.id(), entry.id);
    EXPECT_EQ(code_of(library->open_file(entry.id, "readme.txt", eve)), Errc::kPermissionDenied);
}

TEST(AssetLibrary, OpensFilesForReadingAtAnyPlace) {
    const auto library = open_library(environment_on(SimulatedFileSystem::make()));
    const std::string data = noise(700'000, 5);
    must(library->publish(small_draft("kit", "1.0.0", {{"bin/run", data, true}, {"empty", ""}})));
    const PackageId id = must(PackageId::parse("kit@1.0.0"));
    const auto file = must(library->open_file(id, "bin/run"));
    const auto digest = must(library->find("kit")).entry().digest;
    EXPECT_EQ(file->size_bytes(), data.size());
    EXPECT_EQ(file->mode(), 0755u);
    EXPECT_EQ(file->tree(), must(library->file_table(digest)).find("bin/run")->tree);
    std::string part(65'536, '\0');
    EXPECT_EQ(must(file->read_at(100'001, std::as_writable_bytes(std::span(part)))), part.size());
    EXPECT_EQ(part, data.substr(100'001, part.size()));
    EXPECT_TRUE(must(file->piece_at(650'000)).holds(650'000));
    must(library->change_state(id, "archive", "old"));
    EXPECT_EQ(must(file->read_at(data.size() - 5, std::as_writable_bytes(std::span(part)))), 5u);
    EXPECT_EQ(must(library->open_file(id, "empty"))->size_bytes(), 0u);
    EXPECT_EQ(code_of(library->open_file(id, "none")), Errc::kNotFound);
    EXPECT_EQ(code_of(library->open_file(must(PackageId::parse("kit@2.0.0")), "empty")),
              Errc::kPackageNotFound);
}

TEST(AssetLibrary, ReadsOfAPartDoNotReadTheWholeFile) {
    const auto disk = std::make_shared<io::testing::FaultyFileSystem>(SimulatedFileSystem::make());
    const auto library = open_library(environment_on(disk));
    must(library->publish(small_draft("kit", "1.0.0", {{"data", noise(20u << 20, 6)}})));
    const auto file = must(library->open_file(must(PackageId::parse("kit@1.0.0")), "data"));
    Bytes part(64u << 10);
    const std::uint64_t before = disk->calls();
    EXPECT_EQ(must(file->read_at(10u << 20, part)), part.size());
    EXPECT_LE(disk->calls() - before, 20u);
}

TEST(AssetLibrary, KeepsNoMoreFilesOpenThanItWasTold) {
    const io::testing::TemporaryFolder folder;
    io::PosixOptions posix;
    posix.open_files = std::make_shared<io::OpenFiles>(0);
    const Environment environment = environment_on(io::make_posix_file_system(posix));
    // Eight openings by writers make tables of what they wrote, so there are dozens of them.
    for (int round = 0; round < 24; ++round)
        must(open_library(environment, folder / "library")
                 ->publish(small_draft("kit-" + std::to_string(round), "1.0.0")));
    // The database makes few tables of many while it is open, and holds some more meanwhile: it is
    // looked at again until at most `enough` are open.
    const auto kept_open = [&](std::uint32_t open_files_max, std::uint64_t enough) {
        LibraryOptions options;
        options.open_files_max = open_files_max;
        const auto library = must(AssetLibrary::open(folder / "library", options, environment));
        std::uint64_t open = 0;
        for (int look = 0; look == 0 || (look < 100 && open > enough); ++look) {
            EXPECT_TRUE(must(library->verify(true)).findings.empty());
            open = posix.open_files->open();
        }
        return open;
    };
    const std::uint64_t many = kept_open(320, 320);
    // A host that allows 64 files gives a quarter to what stays open: a good part must be left for
    // calls, over what every library has open (locks, logs, folders).
    const std::uint64_t few = kept_open(16, many - 1);
    EXPECT_LE(few, 32u);
    EXPECT_LT(few, many);
    EXPECT_EQ(posix.open_files->open(), 0u);
}

}  // namespace
}  // namespace catalog::library::testing
