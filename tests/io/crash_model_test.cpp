// What the simulated file system may and may not find after a crash, derived by hand for short
// histories, and checked against an independent oracle for random ones.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/io/crash_test.hpp"
#include "support/io/results.hpp"
#include "support/io/seeded_random.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::io::testing {
namespace {

using FsPtr = std::shared_ptr<SimulatedFileSystem>;

constexpr std::uint64_t kSeeds = 400;
constexpr std::uint64_t kSector = SimulatedFileSystem::kSectorBytes;

void write(FileSystem& fs, const std::string& path, std::string_view text) {
    must(must(fs.open_write(path, OpenMode::kTruncate))->append(as_bytes(text)));
}

void write_synced(FileSystem& fs, const std::string& path, std::string_view text) {
    auto file = must(fs.open_write(path, OpenMode::kTruncate));
    must(file->append(as_bytes(text)));
    must(file->sync());
    must(fs.sync_directory(parent_path(path)));
}

// "(none)" for a file that is not there.
std::string content(FileSystem& fs, const std::string& path) {
    if (!must(exists(fs, path))) return "(none)";
    return must(read_file(fs, path, 1u << 24));
}

using Outcomes = std::set<std::string>;

std::string described(FileSystem& fs, const std::vector<std::string>& paths) {
    std::string text;
    for (const std::string& path : paths) text += (text.empty() ? "" : " ") + content(fs, path);
    return text;
}

// Contents of `paths`, joined, that are found over many seeds.
Outcomes random_outcomes(const FsPtr& fs, const std::vector<std::string>& paths) {
    Outcomes found;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed)
        found.insert(described(*fs->recover(CrashPolicy::kRandomSubset, seed), paths));
    return found;
}

// Puts "(garbage)" for every content that is not in `known`.
Outcomes with_garbage(const Outcomes& found, const Outcomes& known) {
    Outcomes named;
    for (const std::string& text : found) named.insert(known.contains(text) ? text : "(garbage)");
    return named;
}

std::string dropped(const FsPtr& fs, const std::vector<std::string>& paths) {
    return described(*fs->recover(CrashPolicy::kDropUnsynced), paths);
}

std::string kept(const FsPtr& fs, const std::vector<std::string>& paths) {
    return described(*fs->recover(CrashPolicy::kKeepAll), paths);
}

// Names.

TEST(CrashModel, UnsyncedFileMayVanish) {
    const auto fs = SimulatedFileSystem::make();
    write(*fs, "/f", "x");
    EXPECT_EQ(dropped(fs, {"/f"}), "(none)");
    EXPECT_EQ(kept(fs, {"/f"}), "x");
    const Outcomes known{"(none)", "", "x", std::string(1, '\0'), "(garbage)"};
    EXPECT_EQ(with_garbage(random_outcomes(fs, {"/f"}), known), known);
}

TEST(CrashModel, SyncedFileWithoutSyncedNameMayVanishButIsNeverEmpty) {
    const auto fs = SimulatedFileSystem::make();
    auto file = must(fs->open_write("/f", OpenMode::kCreateNew));
    must(file->append(as_bytes("x")));
    must(file->sync());
    EXPECT_EQ(dropped(fs, {"/f"}), "(none)");
    EXPECT_EQ(random_outcomes(fs, {"/f"}), (Outcomes{"(none)", "x"}));
}

TEST(CrashModel, SyncedNameWithoutSyncedBytesIsAnEmptyFile) {
    const auto fs = SimulatedFileSystem::make();
    write(*fs, "/f", "x");
    must(fs->sync_directory("/"));
    EXPECT_EQ(dropped(fs, {"/f"}), "");
}

TEST(CrashModel, SyncedFileAndNameSurviveEverything) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "x");
    EXPECT_EQ(dropped(fs, {"/f"}), "x");
    EXPECT_EQ(random_outcomes(fs, {"/f"}), Outcomes{"x"});
}

TEST(CrashModel, FolderSyncDoesNotMakeItsOwnNameDurable) {
    const auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/a/b"));
    write_synced(*fs, "/a/b/f", "x");
    EXPECT_EQ(dropped(fs, {"/a/b/f"}), "(none)");
    must(fs->sync_directory("/a"));
    EXPECT_EQ(dropped(fs, {"/a/b/f"}), "(none)");
    must(fs->sync_directory("/"));
    EXPECT_EQ(dropped(fs, {"/a/b/f"}), "x");
}

TEST(CrashModel, FileSystemSyncMakesBytesAndNamesDurable) {
    const auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/a/b"));
    write_synced(*fs, "/old", "old");
    const auto folder = must(fs->open_directory("/a"));
    write(*fs, "/a/b/f", "x");
    write(*fs, "/elsewhere", "y");
    must(fs->rename("/old", "/a/new"));
    EXPECT_EQ(dropped(fs, {"/a/b/f"}), "(none)");
    must(folder->sync_file_system());
    EXPECT_EQ(dropped(fs, {"/a/b/f", "/elsewhere", "/a/new", "/old"}), "x y old (none)");
    EXPECT_EQ(random_outcomes(fs, {"/a/b/f"}), Outcomes{"x"});
}

TEST(CrashModel, AFailedFileSystemSyncLosesBytesForGood) {
    const auto fs = SimulatedFileSystem::make();
    const auto folder = must(fs->open_directory("/"));
    write(*fs, "/f", "x");
    fs->fail_next(FileOperation::kSyncFileSystem, "", Errc::kIo);
    EXPECT_EQ(code_of(folder->sync_file_system()), Errc::kSyncFailed);
    must(folder->sync_file_system());
    EXPECT_EQ(dropped(fs, {"/f"}), "");
}

TEST(CrashModel, AFileSystemSyncThatIsNotThereLosesNothing) {
    const auto fs = SimulatedFileSystem::make();
    const auto folder = must(fs->open_directory("/"));
    write(*fs, "/f", "x");
    fs->fail_next(FileOperation::kSyncFileSystem, "", Errc::kUnsupported);
    EXPECT_EQ(code_of(folder->sync_file_system()), Errc::kUnsupported);
    must(folder->sync_file_system());
    EXPECT_EQ(dropped(fs, {"/f"}), "x");
}

TEST(CrashModel, MakeDirectoriesDurablyNeedsNoMore) {
    const auto fs = SimulatedFileSystem::make();
    must(make_directories_durably(*fs, "/a/b/c"));
    EXPECT_TRUE(must(exists(*fs->recover(CrashPolicy::kDropUnsynced), "/a/b/c")));
}

TEST(CrashModel, UnsyncedRemovalMayComeBack) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "x");
    must(fs->remove_file("/f"));
    EXPECT_EQ(dropped(fs, {"/f"}), "x");
    EXPECT_EQ(random_outcomes(fs, {"/f"}), (Outcomes{"(none)", "x"}));
    must(fs->sync_directory("/"));
    EXPECT_EQ(random_outcomes(fs, {"/f"}), Outcomes{"(none)"});
}

TEST(CrashModel, RenameIsAtomicAndMayBeLost) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/a", "new");
    write_synced(*fs, "/b", "old");
    must(fs->rename("/a", "/b"));
    EXPECT_EQ(dropped(fs, {"/a", "/b"}), "new old");
    EXPECT_EQ(kept(fs, {"/a", "/b"}), "(none) new");
    EXPECT_EQ(random_outcomes(fs, {"/a", "/b"}), (Outcomes{"new old", "(none) new"}));
}

TEST(CrashModel, RenameMaySurviveTheBytesOfItsFile) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/target", "old");
    write(*fs, "/temporary", "n");
    must(fs->rename("/temporary", "/target"));
    must(fs->sync_directory("/"));
    EXPECT_EQ(dropped(fs, {"/target"}), "");
    const Outcomes found = random_outcomes(fs, {"/target"});
    EXPECT_TRUE(found.contains(""));
    EXPECT_TRUE(found.contains(std::string(1, '\0')));
    EXPECT_TRUE(found.contains("n"));
    EXPECT_FALSE(found.contains("old"));
}

TEST(CrashModel, RenameBetweenFoldersNeedsBothSynced) {
    const auto fs = SimulatedFileSystem::make();
    must(make_directories_durably(*fs, "/from"));
    must(make_directories_durably(*fs, "/to"));
    write_synced(*fs, "/from/f", "x");
    must(fs->rename("/from/f", "/to/f"));
    const std::vector<std::string> both{"/from/f", "/to/f"};
    must(fs->sync_directory("/to"));
    EXPECT_EQ(dropped(fs, both), "x (none)");
    EXPECT_EQ(random_outcomes(fs, both), (Outcomes{"x (none)", "(none) x"}));
    must(fs->sync_directory("/from"));
    EXPECT_EQ(dropped(fs, both), "(none) x");
}

TEST(CrashModel, DurableFileIsNotLostByMovingIntoANewFolder) {
    const auto fs = SimulatedFileSystem::make();
    must(make_directories_durably(*fs, "/old"));
    write_synced(*fs, "/old/f", "x");
    must(fs->make_directories("/new/deep"));
    must(fs->rename("/old/f", "/new/deep/f"));
    const std::vector<std::string> both{"/old/f", "/new/deep/f"};
    EXPECT_EQ(random_outcomes(fs, both), (Outcomes{"x (none)", "(none) x"}));
    must(fs->sync_directory("/old"));
    must(fs->sync_directory("/new/deep"));
    EXPECT_EQ(dropped(fs, both), "(none) x");
}

TEST(CrashModel, UnrelatedNamesSurviveInAnyOrder) {
    const auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/1"));
    must(fs->make_directories("/2"));
    Outcomes found;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        const auto after = fs->recover(CrashPolicy::kRandomSubset, seed);
        found.insert(std::string(must(exists(*after, "/1")) ? "1" : "") +
                     (must(exists(*after, "/2")) ? "2" : ""));
    }
    EXPECT_EQ(found, (Outcomes{"", "1", "2", "12"}));
}

TEST(CrashModel, ChangesOfOneNameSurviveInOrder) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/a", "x");
    must(fs->rename("/a", "/b"));
    must(fs->rename("/b", "/c"));
    EXPECT_EQ(random_outcomes(fs, {"/a", "/b", "/c"}),
              (Outcomes{"x (none) (none)", "(none) x (none)", "(none) (none) x"}));
}

TEST(CrashModel, HardLinkedFilesKeepOneIdentity) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/a", "x");
    must(fs->hard_link("/a", "/b"));
    must(fs->sync_directory("/"));
    const auto after = fs->recover(CrashPolicy::kDropUnsynced);
    EXPECT_EQ(must(after->info("/a")).inode, must(after->info("/b")).inode);
    must(must(after->open_write("/b", OpenMode::kAppend))->append(as_bytes("y")));
    EXPECT_EQ(content(*after, "/a"), "xy");
}

TEST(CrashModel, FolderIsNotRemovedBeforeWhatWasInIt) {
    const auto fs = SimulatedFileSystem::make();
    must(make_directories_durably(*fs, "/d"));
    must(make_directories_durably(*fs, "/e"));
    write_synced(*fs, "/d/f", "x");
    must(fs->rename("/d/f", "/e/f"));
    must(fs->remove_directory("/d"));
    EXPECT_EQ(random_outcomes(fs, {"/d/f", "/e/f"}), (Outcomes{"x (none)", "(none) x"}));
    must(fs->sync_directory("/"));  // the removal, and so the move
    EXPECT_EQ(dropped(fs, {"/d/f", "/e/f"}), "(none) x");
}

TEST(CrashModel, MoveOfAFolderBringsEarlierMovesOfFoldersWithIt) {
    const auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/a/b"));
    must(fs->rename("/a/b", "/b"));
    must(fs->rename("/a", "/b/a"));
    must(fs->sync_directory("/"));
    must(fs->sync_directory("/b"));
    // The second move alone would hang /a beneath a folder that is nowhere.
    EXPECT_TRUE(must(exists(*fs->recover(CrashPolicy::kDropUnsynced), "/b/a")));
}

TEST(CrashModel, SymlinksSurviveWithTheirTextOrNotAtAll) {
    const auto fs = SimulatedFileSystem::make();
    must(fs->make_symlink("one", "/current"));
    must(fs->sync_directory("/"));
    must(fs->make_symlink("two", "/next"));
    must(fs->rename("/next", "/current"));
    Outcomes found;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed)
        found.insert(must(fs->recover(CrashPolicy::kRandomSubset, seed)->read_symlink("/current")));
    EXPECT_EQ(found, (Outcomes{"one", "two"}));
}

TEST(CrashModel, LocksVanish) {
    const auto fs = SimulatedFileSystem::make();
    const auto lock = must(fs->try_lock("/LOCK"));
    must(fs->recover(CrashPolicy::kKeepAll)->try_lock("/LOCK"));
    EXPECT_EQ(code_of(fs->try_lock("/LOCK")), Errc::kBusy);
}

// Bytes.

TEST(CrashModel, UnsyncedAppendLeavesTheSyncedPart) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "12");
    must(must(fs->open_write("/f", OpenMode::kAppend))->append(as_bytes("34")));
    EXPECT_EQ(dropped(fs, {"/f"}), "12");
    EXPECT_EQ(kept(fs, {"/f"}), "1234");
    EXPECT_EQ(random_outcomes(fs, {"/f"}), (Outcomes{"12", "1234", std::string("12\0\0", 4)}));
}

TEST(CrashModel, OverwriteWithinASectorIsOldOrNew) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "abcdef");
    must(must(fs->open_write("/f", OpenMode::kReadWrite))->write_at(2, as_bytes("XY")));
    EXPECT_EQ(random_outcomes(fs, {"/f"}), (Outcomes{"abcdef", "abXYef"}));
}

TEST(CrashModel, LongWriteTearsBetweenSectorsAndNowhereElse) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", std::string(4 * kSector, 'a'));
    must(must(fs->open_write("/f", OpenMode::kReadWrite))
             ->write_at(0, as_bytes(std::string(4 * kSector, 'b'))));
    Outcomes patterns;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        const std::string data = content(*fs->recover(CrashPolicy::kRandomSubset, seed), "/f");
        ASSERT_EQ(data.size(), 4 * kSector);
        std::string pattern;
        for (std::size_t i = 0; i < 4; ++i) {
            const std::string sector = data.substr(i * kSector, kSector);
            ASSERT_EQ(sector, std::string(kSector, sector[0]));
            pattern += sector[0];
        }
        patterns.insert(pattern);
    }
    EXPECT_EQ(patterns.size(), 16u);  // every combination of old and new
}

TEST(CrashModel, SectorsMayComeFromDifferentMomentsOfOneFile) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", std::string(2 * kSector, '0'));
    auto file = must(fs->open_write("/f", OpenMode::kReadWrite));
    for (const char version : {'1', '2', '3'})
        must(file->write_at(0, as_bytes(std::string(2 * kSector, version))));
    Outcomes found;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        const std::string data = content(*fs->recover(CrashPolicy::kRandomSubset, seed), "/f");
        found.insert({data[0], data[kSector]});
    }
    EXPECT_EQ(found.size(), 16u);
}

TEST(CrashModel, LaterWriteMaySurviveAnEarlierOne) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", std::string(2 * kSector, '.'));
    auto file = must(fs->open_write("/f", OpenMode::kReadWrite));
    must(file->write_at(0, as_bytes("1")));
    must(file->write_at(kSector, as_bytes("2")));
    Outcomes found;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        const std::string data = content(*fs->recover(CrashPolicy::kRandomSubset, seed), "/f");
        found.insert({data[0], data[kSector]});
    }
    EXPECT_EQ(found, (Outcomes{"..", "1.", ".2", "12"}));
}

TEST(CrashModel, SyncCoversWritesOfOtherHandles) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "");
    must(must(fs->open_write("/f", OpenMode::kReadWrite))->append(as_bytes("x")));
    must(must(fs->open_write("/f", OpenMode::kReadWrite))->sync());
    EXPECT_EQ(dropped(fs, {"/f"}), "x");
}

TEST(CrashModel, UnsyncedTruncateGivesOldOrNothing) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "old");
    must(fs->open_write("/f", OpenMode::kTruncate));
    EXPECT_EQ(random_outcomes(fs, {"/f"}), (Outcomes{"old", ""}));
}

TEST(CrashModel, BytesThatATruncateCutNeverComeBack) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "old");
    auto file = must(fs->open_write("/f", OpenMode::kReadWrite));
    must(file->truncate(0));
    must(file->append(as_bytes("new")));
    const Outcomes known{"old", "", "new", std::string(3, '\0'), "(garbage)"};
    EXPECT_EQ(with_garbage(random_outcomes(fs, {"/f"}), known), known);
}

TEST(CrashModel, ExtendingTruncateGivesZerosOnly) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "x");
    must(must(fs->open_write("/f", OpenMode::kReadWrite))->truncate(3));
    EXPECT_EQ(random_outcomes(fs, {"/f"}), (Outcomes{"x", std::string("x\0\0", 3)}));
}

TEST(CrashModel, SizeMaySurviveWithGarbageWhereNothingWasWritten) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", std::string(kSector, 'a'));
    must(
        must(fs->open_write("/f", OpenMode::kAppend))->append(as_bytes(std::string(kSector, 'b'))));
    bool garbage = false;
    bool zeros = false;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        const std::string data = content(*fs->recover(CrashPolicy::kRandomSubset, seed), "/f");
        ASSERT_EQ(data.substr(0, kSector), std::string(kSector, 'a'));  // synced: never touched
        if (data.size() == kSector) continue;
        const std::string tail = data.substr(kSector);
        zeros = zeros || tail == std::string(kSector, '\0');
        garbage =
            garbage || (tail != std::string(kSector, 'b') && tail != std::string(kSector, '\0'));
    }
    EXPECT_TRUE(garbage);
    EXPECT_TRUE(zeros);
}

TEST(CrashModel, ModeIsDurableWithTheBytes) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "x");
    auto file = must(fs->open_write("/f", OpenMode::kReadWrite));
    must(file->set_mode(0755));
    EXPECT_EQ(must(fs->recover(CrashPolicy::kDropUnsynced)->info("/f")).mode, 0644u);
    must(file->sync());
    EXPECT_EQ(must(fs->recover(CrashPolicy::kDropUnsynced)->info("/f")).mode, 0755u);
}

TEST(CrashModel, FailedSyncLosesWhatLaterSyncsDoNotBringBack) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "12");
    auto file = must(fs->open_write("/f", OpenMode::kAppend));
    must(file->append(as_bytes("34")));
    fs->fail_next(FileOperation::kSync, "/f", Errc::kIo);
    EXPECT_EQ(code_of(file->sync()), Errc::kSyncFailed);
    EXPECT_EQ(code_of(file->sync()), Errc::kSyncFailed);
    EXPECT_EQ(content(*fs, "/f"), "1234");  // programs still see it
    auto other = must(fs->open_write("/f", OpenMode::kAppend));
    must(other->append(as_bytes("56")));
    must(other->sync());
    EXPECT_EQ(dropped(fs, {"/f"}), std::string("12\0\0"
                                               "56",
                                               6));
}

// Crash points.

TEST(CrashPoints, EveryLaterCallFailsAndNothingChanges) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "x");
    auto file = must(fs->open_write("/f", OpenMode::kAppend));
    const auto reader = must(fs->open_read("/f"));
    const auto folder = must(fs->open_directory("/"));
    fs->crash_at(fs->mutations() + 1);
    EXPECT_EQ(code_of(file->append(as_bytes("y"))), Errc::kIo);
    EXPECT_TRUE(fs->crashed());
    Bytes out(1);
    EXPECT_EQ(code_of(file->sync()), Errc::kIo);
    EXPECT_EQ(code_of(file->append(as_bytes("z"))), Errc::kIo);
    EXPECT_EQ(code_of(reader->read_at(0, out)), Errc::kIo);
    EXPECT_EQ(code_of(folder->list("")), Errc::kIo);
    EXPECT_EQ(code_of(folder->remove_file("f")), Errc::kIo);
    EXPECT_EQ(code_of(fs->open_read("/f")), Errc::kIo);
    EXPECT_EQ(code_of(fs->open_read("/missing")), Errc::kIo);
    EXPECT_EQ(code_of(fs->open_write("/g", OpenMode::kCreateNew)), Errc::kIo);
    EXPECT_EQ(code_of(fs->remove_tree("/f")), Errc::kIo);
    EXPECT_EQ(code_of(fs->sync_directory("/")), Errc::kIo);
    EXPECT_EQ(kept(fs, {"/f", "/g"}), "xy (none)");  // what was in flight may have arrived
    EXPECT_EQ(dropped(fs, {"/f"}), "x");
}

TEST(CrashPoints, SyncAtTheCrashMakesNothingDurable) {
    const auto fs = SimulatedFileSystem::make();
    write_synced(*fs, "/f", "1");
    auto file = must(fs->open_write("/f", OpenMode::kAppend));
    must(file->append(as_bytes("2")));
    fs->crash_at(fs->mutations() + 1);
    EXPECT_EQ(code_of(file->sync()), Errc::kIo);
    EXPECT_EQ(dropped(fs, {"/f"}), "1");
}

TEST(CrashPoints, FolderSyncAtTheCrashMakesNothingDurable) {
    const auto fs = SimulatedFileSystem::make();
    write(*fs, "/f", "");
    fs->crash_at(fs->mutations() + 1);
    EXPECT_EQ(code_of(fs->sync_directory("/")), Errc::kIo);
    EXPECT_EQ(dropped(fs, {"/f"}), "(none)");
}

TEST(CrashPoints, ReadsAndFailedChecksAreNotCounted) {
    const auto fs = SimulatedFileSystem::make();
    write(*fs, "/f", "x");
    const std::uint64_t before = fs->mutations();
    static_cast<void>(content(*fs, "/f"));
    static_cast<void>(fs->list("/"));
    static_cast<void>(fs->remove_file("/missing"));
    static_cast<void>(fs->map("/f", 0, 1));
    EXPECT_EQ(fs->mutations(), before);
    must(fs->make_directories("/a/b/c"));
    EXPECT_EQ(fs->mutations(), before + 3);
    must(fs->remove_tree("/a"));
    EXPECT_EQ(fs->mutations(), before + 6);
}

TEST(CrashPoints, SameSeedGivesTheSameDisk) {
    const auto fs = SimulatedFileSystem::make();
    for (int i = 0; i < 20; ++i) write(*fs, "/f" + std::to_string(i), std::string(3000, 'x'));
    const auto dump = [&](std::uint64_t seed) {
        std::string text;
        const auto after = fs->recover(CrashPolicy::kRandomSubset, seed);
        for (const auto& entry : must(after->list("/")))
            text += entry.name + "=" + content(*after, "/" + entry.name) + ";";
        return text;
    };
    std::set<std::string> distinct;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        EXPECT_EQ(dump(seed), dump(seed));
        distinct.insert(dump(seed));
    }
    EXPECT_GT(distinct.size(), 15u);
}

TEST(CrashPoints, RecoveredDiskCanCrashAgain) {
    const auto first = SimulatedFileSystem::make();
    write(*first, "/f", "x");
    const auto second = first->recover(CrashPolicy::kKeepAll);
    EXPECT_EQ(second->mutations(), 0u);
    EXPECT_FALSE(second->crashed());
    write(*second, "/g", "y");
    EXPECT_EQ(dropped(second, {"/f", "/g"}), "x (none)");
}

TEST(ForEachCrash, VisitsEveryCallOnceAndTheEnd) {
    int runs = 0;
    const CrashTestCount count = for_each_crash(
        SimulatedFileSystem::make,
        [&](const FsPtr& fs) {
            ++runs;
            static_cast<void>(fs->make_directories("/a"));
            static_cast<void>(fs->make_directories("/b"));
        },
        [](const FsPtr& fs, const CrashPoint& point) {
            if (point.policy == CrashPolicy::kDropUnsynced) {
                EXPECT_TRUE(must(fs->list("/")).empty());
            }
        });
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(count.points, 3u);
    EXPECT_EQ(count.recoveries, 30u);
}

// Random histories of one file against an oracle that remembers every state by itself.

struct History {
    std::vector<std::string> states;  // since the last sync, oldest first; states[0] is durable
};

// The oracle states necessary conditions: the size is that of some state, and each sector equals
// that sector of some state, or holds bytes that no state had written.
void expect_possible(const std::string& found, const History& history, std::uint64_t seed) {
    const auto sector_of = [](const std::string& data, std::size_t sector, std::size_t size) {
        std::string cut = data.substr(std::min(sector * kSector, data.size()), kSector);
        cut.resize(std::min<std::size_t>(kSector, size - sector * kSector), '\0');
        return cut;
    };
    std::set<std::size_t> sizes;
    for (const std::string& state : history.states) sizes.insert(state.size());
    ASSERT_TRUE(sizes.contains(found.size())) << "size " << found.size() << " seed " << seed;
    for (std::size_t sector = 0; sector * kSector < found.size(); ++sector) {
        const std::string got = sector_of(found, sector, found.size());
        const bool known = std::any_of(history.states.begin(), history.states.end(),
                                       [&](const std::string& state) {
                                           return sector_of(state, sector, found.size()) == got;
                                       });
        const bool fresh =
            std::any_of(history.states.begin(), history.states.end(),
                        [&](const std::string& state) { return state.size() <= sector * kSector; });
        ASSERT_TRUE(known || fresh) << "sector " << sector << " seed " << seed;
    }
}

TEST(CrashModelProperty, EverySectorComesFromSomeStateOfTheFile) {
    for (std::uint64_t run = 0; run < 60; ++run) {
        SCOPED_TRACE("run " + std::to_string(run));
        SeededRandom random(run);
        const auto fs = SimulatedFileSystem::make();
        write_synced(*fs, "/f", std::string(random.below(3000), 's'));
        History history{{content(*fs, "/f")}};
        auto file = must(fs->open_write("/f", OpenMode::kReadWrite));
        for (int step = 0; step < 12; ++step) {
            const std::string bytes(1 + random.below(1500),
                                    static_cast<char>('a' + random.below(26)));
            switch (random.below(5)) {
                case 0:
                    must(file->append(as_bytes(bytes)));
                    break;
                case 1:
                    must(file->truncate(random.below(4000)));
                    break;
                case 2:
                    must(file->sync());
                    history.states = {content(*fs, "/f")};
                    break;
                default:
                    must(file->write_at(random.below(3500), as_bytes(bytes)));
                    break;
            }
            history.states.push_back(content(*fs, "/f"));
            ASSERT_EQ(dropped(fs, {"/f"}), history.states.front());
            ASSERT_EQ(kept(fs, {"/f"}), history.states.back());
            for (std::uint64_t seed = 0; seed < 12; ++seed)
                expect_possible(content(*fs->recover(CrashPolicy::kRandomSubset, seed), "/f"),
                                history, seed);
        }
    }
}

// Random trees: whatever survives, no folder is found twice, no link count is wrong, and what is
// durable and was not touched since is there.
TEST(CrashModelProperty, RecoveredTreesAreWellFormed) {
    for (std::uint64_t run = 0; run < 60; ++run) {
        SCOPED_TRACE("run " + std::to_string(run));
        SeededRandom random(run);
        const auto fs = SimulatedFileSystem::make();
        must(make_directories_durably(*fs, "/keep"));
        write_synced(*fs, "/keep/f", "precious");
        const auto name = [&] {
            std::string path;
            const std::uint64_t depth = 1 + random.below(3);
            for (std::uint64_t i = 0; i < depth; ++i)
                path += "/" + std::string(1, static_cast<char>('a' + random.below(4)));
            return path;
        };
        for (int step = 0; step < 60; ++step) {
            switch (random.below(7)) {
                case 0:
                    static_cast<void>(fs->make_directories(name()));
                    break;
                case 1:
                    static_cast<void>(fs->open_write(name(), OpenMode::kCreateNew));
                    break;
                case 2:
                    static_cast<void>(fs->remove_tree(name()));
                    break;
                case 3:
                    static_cast<void>(fs->sync_directory(parent_path(name())));
                    break;
                default:
                    static_cast<void>(fs->rename(name(), name()));
                    break;
            }
        }
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const auto after = fs->recover(CrashPolicy::kRandomSubset, seed);
            ASSERT_EQ(content(*after, "/keep/f"), "precious");
            std::set<std::uint64_t> seen;
            std::vector<std::string> open{"/"};
            while (!open.empty()) {
                const std::string path = open.back();
                open.pop_back();
                for (const DirectoryEntry& entry : must(after->list(path))) {
                    const std::string child = join_path(path, entry.name);
                    ASSERT_TRUE(seen.insert(must(after->info(child)).inode).second) << child;
                    if (entry.kind == FileKind::kDirectory) open.push_back(child);
                }
            }
        }
    }
}

}  // namespace
}  // namespace catalog::io::testing
