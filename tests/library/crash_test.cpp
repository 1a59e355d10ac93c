// Power is lost at every file-system call of an operation, RocksDB's calls included: the old or the
// new state is found, and the next command works. CATALOG_CRASH_SEEDS and CATALOG_CRASH_STRIDE make
// a run longer or shorter.

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <set>

#include "catalog/library/resolution.hpp"
#include "support/io/crash_test.hpp"
#include "support/io/results.hpp"
#include "support/kv/leak_sanitizer.hpp"
#include "support/library/library_bed.hpp"
#include "support/lifecycle/consensus_clients.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::CrashPoint;
using io::testing::CrashTestOptions;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using FileSystemLink = std::shared_ptr<SimulatedFileSystem>;

constexpr const char* kPrefix = "/prefix";

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
    const char* text = std::getenv(name);
    return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

CrashTestOptions crash_options(std::uint64_t stride) {
    CrashTestOptions options;
    options.random_seeds = from_environment("CATALOG_CRASH_SEEDS", 2);
    options.stride = from_environment("CATALOG_CRASH_STRIDE", stride);
    return options;
}

const std::vector<SmallFile>& big_files() {
    static const std::vector<SmallFile> kFiles{{"bin/run", "#!/bin/sh\n", true},
                                               {"data/noise", noise(90'000, 7)}};
    return kFiles;
}

/// A disk with a library of `base@1.0.0`, `app@1.0.0` and `app@1.1.0`, closed and at rest.
FileSystemLink prepared_disk() {
    FileSystemLink disk = SimulatedFileSystem::make();
    {
        const auto library = open_library(environment_on(disk));
        must(library->publish(small_draft("base", "1.0.0", big_files())));
        must(library->publish(small_draft("app", "1.0.0", {{"app.txt", "one\n"}}, {"base ^1"})));
        must(library->publish(small_draft("app", "1.1.0", {{"app.txt", "two\n"}}, {"base ^1"})));
    }
    return disk->recover(io::testing::CrashPolicy::kKeepAll);
}

void expect_undamaged(AssetLibrary& library) {
    const VerifyResult result = must(library.verify(true));
    for (const Finding& finding : result.findings)
        ADD_FAILURE() << finding.where << ": " << finding.what;
}

TEST(CrashTest, PublishingIsAllOrNothing) {
    bool acknowledged = false;
    const auto count = io::testing::for_each_crash(
        prepared_disk,
        [&](const FileSystemLink& disk) {
            acknowledged = false;
            const Result<std::unique_ptr<AssetLibrary>> library =
                AssetLibrary::open("/library", {}, environment_on(disk, 2));
            if (library)
                acknowledged =
                    (*library)
                        ->publish(small_draft("new", "1.0.0", {{"new.bin", noise(70'000, 3)}}))
                        .has_value();
        },
        [&](const FileSystemLink& disk, const CrashPoint&) {
            const auto library = open_library(environment_on(disk, 3));
            expect_undamaged(*library);
            const bool there = library->find("new@1.0.0").has_value();
            if (acknowledged) {
                EXPECT_TRUE(there);
            }
            if (there) {
                EXPECT_EQ(file_of(*library, "new@1.0.0", "new.bin"), noise(70'000, 3));
            }
            EXPECT_EQ(file_of(*library, "base@1.0.0", "data/noise"), big_files()[1].text);
            must(library->publish(small_draft("next", "1.0.0")));
        },
        crash_options(1));
    EXPECT_GT(count.points, 20u);
}

/// Opens the library so that a resolution makes a frozen universe.
Result<std::unique_ptr<AssetLibrary>> open_freezing(const FileSystemLink& disk,
                                                    std::uint64_t seed) {
    LibraryOptions options;
    options.frozen_versions_min = 1;
    options.frozen_in_background = false;
    return AssetLibrary::open("/library", options, environment_on(disk, seed));
}

/// Returns which version of `app` a resolution chooses.
std::string newest_app(AssetLibrary& library) {
    resolve::Request request;
    request.roots = {must(make_root("app", "", version::Dialect::kCargo))};
    const auto solution = must(solve(library, request, Solver::kSat, {}));
    return solution.packages.front().candidate.version.to_string();
}

TEST(CrashTest, AResolutionFindsWhatIsPublishedWhateverBecameOfItsFile) {
    bool published = false;
    const auto count = io::testing::for_each_crash(
        prepared_disk,
        [&](const FileSystemLink& disk) {
            published = false;
            const auto library = open_freezing(disk, 2);
            if (!library) return;
            resolve::Request request;
            request.roots = {must(make_root("app", "", version::Dialect::kCargo))};
            static_cast<void>(solve(**library, request, Solver::kSat, {}));
            published = (*library)
                            ->publish(small_draft("app", "1.2.0", {{"app.txt", "three\n"}}))
                            .has_value();
            static_cast<void>(solve(**library, request, Solver::kSat, {}));
        },
        [&](const FileSystemLink& disk, const CrashPoint&) {
            const auto library = must(open_freezing(disk, 3));
            expect_undamaged(*library);
            const bool there = library->find("app@1.2.0").has_value();
            if (published) {
                EXPECT_TRUE(there);
            }
            EXPECT_EQ(newest_app(*library), there ? "1.2.0" : "1.1.0");
            must(library->publish(small_draft("app", "1.3.0")));
            EXPECT_EQ(newest_app(*library), "1.3.0");
            expect_undamaged(*library);
        },
        crash_options(1));
    EXPECT_GT(count.points, 20u);
}

/// Opens the library with a host that says yes, or cannot say.
Result<std::unique_ptr<AssetLibrary>> open_asking(const FileSystemLink& disk, std::uint64_t seed,
                                                  bool host_is_there) {
    using lifecycle::testing::FakeConsensus;
    Environment environment = environment_on(disk, seed);
    const auto host = std::make_shared<FakeConsensus>(environment.clock);
    if (!host_is_there) host->answer_generate(FakeConsensus::Answer::kUnavailable);
    environment.consensus = host;
    LibraryOptions options;
    options.consensus = lifecycle::ConsensusPolicy::kDeclared;
    return AssetLibrary::open("/library", options, environment);
}

/// Crashes everywhere in a publication that asks; the states that were found are written to `seen`.
void publish_asking_everywhere(bool host_is_there, std::set<std::string>& seen) {
    lifecycle::PackageDraft draft = small_draft("new", "1.0.0", {{"new.bin", noise(70'000, 3)}});
    draft.metadata.consensus.stake = true;
    std::optional<Errc> answer;
    const auto count = io::testing::for_each_crash(
        prepared_disk,
        [&](const FileSystemLink& disk) {
            answer = Errc::kInternal;
            const auto library = open_asking(disk, 2, host_is_there);
            if (!library) return;
            const auto receipt = (*library)->publish(draft);
            answer = receipt ? std::nullopt : std::optional(receipt.error().code());
        },
        [&](const FileSystemLink& disk, const CrashPoint&) {
            const auto library = must(open_asking(disk, 3, true));
            expect_undamaged(*library);
            const bool there = library->find("new@1.0.0").has_value();
            const bool waits = !must(library->preparing(10)).packages.empty();
            EXPECT_FALSE(there && waits);
            if (!answer) {
                EXPECT_TRUE(there);
            } else if (*answer == Errc::kConsensusUnavailable) {
                EXPECT_TRUE(waits);
            }
            seen.insert(there ? "published" : waits ? "preparing" : "nothing");
            EXPECT_EQ(must(library->publish(draft)).already_published, there);
            EXPECT_EQ(file_of(*library, "new@1.0.0", "new.bin"), noise(70'000, 3));
            EXPECT_TRUE(must(library->preparing(10)).packages.empty());
            expect_undamaged(*library);
        },
        crash_options(1));
    EXPECT_GT(count.points, 20u);
}

TEST(CrashTest, APublicationThatAsksIsNotThereWaitingOrDone) {
    std::set<std::string> seen;
    publish_asking_everywhere(true, seen);
    EXPECT_EQ(seen, (std::set<std::string>{"nothing", "preparing", "published"}));
}

TEST(CrashTest, APublicationThatIsLeftWaitingIsNotThereOrWaiting) {
    std::set<std::string> seen;
    publish_asking_everywhere(false, seen);
    EXPECT_EQ(seen, (std::set<std::string>{"nothing", "preparing"}));
}

/// What every operation on a prefix must leave behind: one of the states in `allowed`, whole.
void expect_prefix(AssetLibrary& library, const std::vector<std::string>& allowed) {
    std::string now = "nothing";
    if (const auto generations = library.history(kPrefix)) {
        for (const lifecycle::Generation& generation : *generations)
            for (const lifecycle::InstalledPackage& package : generation.packages)
                if (generation.current && package.root) now = package.id.to_string();
    }
    EXPECT_TRUE(std::find(allowed.begin(), allowed.end(), now) != allowed.end()) << now;
    if (now == "nothing") return;
    for (const lifecycle::PrefixDamage& damage : must(library.verify_prefix(kPrefix)))
        ADD_FAILURE() << damage.path << ": " << damage.what;
}

TEST(CrashTest, AnInstallationIsOldOrNew) {
    bool acknowledged = false;
    const auto count = io::testing::for_each_crash(
        prepared_disk,
        [&](const FileSystemLink& disk) {
            acknowledged = false;
            const Result<std::unique_ptr<AssetLibrary>> library =
                AssetLibrary::open("/library", {}, environment_on(disk, 2));
            if (library) acknowledged = (*library)->install(kPrefix, {"app@=1.0.0"}).has_value();
        },
        [&](const FileSystemLink& disk, const CrashPoint&) {
            const auto library = open_library(environment_on(disk, 3));
            if (acknowledged)
                expect_prefix(*library, {"app@1.0.0"});
            else
                expect_prefix(*library, {"nothing", "app@1.0.0"});
            must(library->install(kPrefix, {"app@=1.0.0"}));
            expect_prefix(*library, {"app@1.0.0"});
        },
        crash_options(1));
    EXPECT_GT(count.points, 10u);
}

/// So many files that they are synced together.
std::vector<SmallFile> many_files() {
    std::vector<SmallFile> files;
    for (int i = 0; i < 20; ++i)
        files.push_back({"f" + std::to_string(i % 3) + "/" + std::to_string(i),
                         noise(600, static_cast<std::uint64_t>(i))});
    return files;
}

/// A disk with a library of a package of many files, closed and at rest.
FileSystemLink many_files_disk() {
    FileSystemLink disk = SimulatedFileSystem::make();
    must(open_library(environment_on(disk))->publish(small_draft("app", "1.0.0", many_files())));
    return disk->recover(io::testing::CrashPolicy::kKeepAll);
}

TEST(CrashTest, AnInstallationOfManyFilesIsOldOrNew) {
    bool acknowledged = false;
    const auto count = io::testing::for_each_crash(
        many_files_disk,
        [&](const FileSystemLink& disk) {
            acknowledged = false;
            const Result<std::unique_ptr<AssetLibrary>> library =
                AssetLibrary::open("/library", {}, environment_on(disk, 2));
            if (library) acknowledged = (*library)->install(kPrefix, {"app"}).has_value();
        },
        [&](const FileSystemLink& disk, const CrashPoint&) {
            const auto library = open_library(environment_on(disk, 3));
            if (acknowledged)
                expect_prefix(*library, {"app@1.0.0"});
            else
                expect_prefix(*library, {"nothing", "app@1.0.0"});
            must(library->install(kPrefix, {"app"}));
            expect_prefix(*library, {"app@1.0.0"});
        },
        crash_options(1));
    EXPECT_GT(count.points, 10u);
}

TEST(CrashTest, AKernelThatCannotSyncTogetherSyncsFileByFile) {
    using io::testing::FileOperation;
    const FileSystemLink disk = many_files_disk();
    const auto library = open_library(environment_on(disk, 2));
    disk->fail_always(FileOperation::kSyncFileSystem, "", Errc::kUnsupported);
    must(library->install(kPrefix, {"app"}));
    disk->crash_now();
    const auto after =
        open_library(environment_on(disk->recover(io::testing::CrashPolicy::kDropUnsynced), 3));
    expect_prefix(*after, {"app@1.0.0"});
}

TEST(CrashTest, AFailedSyncOfAllFilesFailsTheInstallation) {
    using io::testing::FileOperation;
    const FileSystemLink disk = many_files_disk();
    const auto library = open_library(environment_on(disk, 2));
    disk->fail_next(FileOperation::kSyncFileSystem, "", Errc::kIo);
    EXPECT_EQ(io::testing::code_of(library->install(kPrefix, {"app"})), Errc::kSyncFailed);
    EXPECT_FALSE(must(io::exists(*disk, "/prefix/current")));
    must(library->install(kPrefix, {"app"}));
    disk->crash_now();
    const auto after =
        open_library(environment_on(disk->recover(io::testing::CrashPolicy::kDropUnsynced), 3));
    expect_prefix(*after, {"app@1.0.0"});
}

/// A disk on which app@1.0.0 is installed by a request that also allows 1.1.0.
FileSystemLink installed_disk() {
    FileSystemLink disk = prepared_disk();
    {
        const auto library = open_library(environment_on(disk));
        must(library->install(kPrefix, {"app@=1.0.0"}));
        must(library->install(kPrefix, {"app@^1"}));
    }
    return disk->recover(io::testing::CrashPolicy::kKeepAll);
}

TEST(CrashTest, AnUpdateIsOldOrNew) {
    bool acknowledged = false;
    const auto count = io::testing::for_each_crash(
        installed_disk,
        [&](const FileSystemLink& disk) {
            acknowledged = false;
            const Result<std::unique_ptr<AssetLibrary>> library =
                AssetLibrary::open("/library", {}, environment_on(disk, 2));
            if (library) acknowledged = (*library)->update(kPrefix, {}).has_value();
        },
        [&](const FileSystemLink& disk, const CrashPoint&) {
            const auto library = open_library(environment_on(disk, 3));
            if (acknowledged)
                expect_prefix(*library, {"app@1.1.0"});
            else
                expect_prefix(*library, {"app@1.0.0", "app@1.1.0"});
            must(library->update(kPrefix, {}));
            expect_prefix(*library, {"app@1.1.0"});
        },
        crash_options(1));
    EXPECT_GT(count.points, 10u);
}

TEST(CrashTest, ARollbackIsOldOrNew) {
    bool acknowledged = false;
    const auto updated_disk = [] {
        FileSystemLink disk = installed_disk();
        must(open_library(environment_on(disk))->update(kPrefix, {}));
        return disk->recover(io::testing::CrashPolicy::kKeepAll);
    };
    const auto count = io::testing::for_each_crash(
        updated_disk,
        [&](const FileSystemLink& disk) {
            acknowledged = false;
            const Result<std::unique_ptr<AssetLibrary>> library =
                AssetLibrary::open("/library", {}, environment_on(disk, 2));
            if (library) acknowledged = (*library)->rollback(kPrefix).has_value();
        },
        [&](const FileSystemLink& disk, const CrashPoint&) {
            const auto library = open_library(environment_on(disk, 3));
            if (acknowledged)
                expect_prefix(*library, {"app@1.0.0"});
            else
                expect_prefix(*library, {"app@1.0.0", "app@1.1.0"});
            must(library->update(kPrefix, {}));
            expect_prefix(*library, {"app@1.1.0"});
        },
        crash_options(1));
    EXPECT_GT(count.points, 10u);
}

TEST(CrashTest, MakingALibraryCanBeCutShortAndRepeated) {
    const auto count = io::testing::for_each_crash(
        [] { return SimulatedFileSystem::make(); },
        [](const FileSystemLink& disk) {
            static_cast<void>(
                AssetLibrary::create("/library", {}, environment_on(disk, 2)).has_value());
        },
        [](const FileSystemLink& disk, const CrashPoint&) {
            const auto library = open_library(environment_on(disk, 3));
            must(library->publish(small_draft("first", "1.0.0")));
            expect_undamaged(*library);
        },
        crash_options(1));
    EXPECT_GT(count.points, 10u);
}

}  // namespace
}  // namespace catalog::library::testing
