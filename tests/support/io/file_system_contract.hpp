#pragma once
// What every FileSystem must do, whoever writes it. Include it in one source file of a test and add
//   INSTANTIATE_TEST_SUITE_P(Posix, FileSystemContract, ::testing::Values(...), factory_name);
// SafeDirectory has its own suite: safe_directory_contract.hpp.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/io/file_system.hpp"
#include "support/io/results.hpp"

namespace catalog::io::testing {

/// A file system and an empty folder in it.
struct FileSystemUnderTest {
    std::shared_ptr<FileSystem> fs;
    std::string folder;
    std::shared_ptr<void> keep;  ///< Whatever must live as long.
};

struct FileSystemFactory {
    std::string name;
    std::function<FileSystemUnderTest()> make;
};

inline void PrintTo(const FileSystemFactory& factory, std::ostream* out) { *out << factory.name; }

inline std::string factory_name(const ::testing::TestParamInfo<FileSystemFactory>& info) {
    return info.param.name;
}

inline std::vector<std::string> names_of(const std::vector<DirectoryEntry>& entries) {
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : entries) names.push_back(entry.name);
    return names;
}

class FileSystemContract : public ::testing::TestWithParam<FileSystemFactory> {
protected:
    FileSystemContract() : under_test_(GetParam().make()), fs(*under_test_.fs) {}

    std::string at(const std::string& name) const { return under_test_.folder + "/" + name; }

    void write(const std::string& name, std::string_view text) {
        auto file = must(fs.open_write(at(name), OpenMode::kTruncate));
        must(file->append(as_bytes(text)));
        must(file->close());
    }
    std::string read(const std::string& name) { return must(read_file(fs, at(name), 1u << 20)); }

private:
    FileSystemUnderTest under_test_;

protected:
    FileSystem& fs;
};

// Files.

TEST_P(FileSystemContract, ReadsBackWhatWasAppended) {
    auto file = must(fs.open_write(at("a"), OpenMode::kCreateNew));
    must(file->append(as_bytes("hello ")));
    must(file->append(as_bytes("world")));
    EXPECT_EQ(file->size(), 11u);
    must(file->sync());
    must(file->close());
    EXPECT_EQ(read("a"), "hello world");
}

TEST_P(FileSystemContract, ReadAtReturnsFewerBytesOnlyAtTheEnd) {
    write("a", "0123456789");
    const auto file = must(fs.open_read(at("a")));
    Bytes out(8);
    EXPECT_EQ(must(file->read_at(0, out)), 8u);
    EXPECT_EQ(must(file->read_at(6, out)), 4u);
    EXPECT_EQ(as_text(ByteView(out).first(4)), "6789");
    EXPECT_EQ(must(file->read_at(10, out)), 0u);
    EXPECT_EQ(must(file->read_at(1'000'000, out)), 0u);
    EXPECT_EQ(must(file->read_at(0, {})), 0u);
}

TEST_P(FileSystemContract, CreateNewRefusesWhatIsThere) {
    write("a", "x");
    must(fs.make_directories(at("d")));
    must(fs.make_symlink("nowhere", at("dangling")));
    for (const char* name : {"a", "d", "dangling"})
        EXPECT_EQ(code_of(fs.open_write(at(name), OpenMode::kCreateNew)), Errc::kFileExists)
            << name;
}

TEST_P(FileSystemContract, TruncateModeEmptiesAndAppendModeContinues) {
    write("a", "old");
    must(must(fs.open_write(at("a"), OpenMode::kAppend))->append(as_bytes("+new")));
    EXPECT_EQ(read("a"), "old+new");
    EXPECT_EQ(must(fs.open_write(at("a"), OpenMode::kTruncate))->size(), 0u);
    EXPECT_EQ(read("a"), "");
}

TEST_P(FileSystemContract, AppendModeCreatesAMissingFile) {
    must(must(fs.open_write(at("a"), OpenMode::kAppend))->append(as_bytes("x")));
    EXPECT_EQ(read("a"), "x");
}

TEST_P(FileSystemContract, ReadWriteModeNeedsTheFileAndKeepsIt) {
    EXPECT_EQ(code_of(fs.open_write(at("a"), OpenMode::kReadWrite)), Errc::kFileNotFound);
    write("a", "0123456789");
    auto file = must(fs.open_write(at("a"), OpenMode::kReadWrite));
    EXPECT_EQ(file->size(), 10u);
    must(file->write_at(3, as_bytes("abc")));
    EXPECT_EQ(read("a"), "012abc6789");
}

TEST_P(FileSystemContract, WriteBeyondTheEndLeavesZeros) {
    auto file = must(fs.open_write(at("a"), OpenMode::kCreateNew));
    must(file->write_at(3, as_bytes("x")));
    EXPECT_EQ(file->size(), 4u);
    EXPECT_EQ(read("a"), std::string("\0\0\0x", 4));
}

TEST_P(FileSystemContract, AppendFollowsTheEndThatTruncateSet) {
    auto file = must(fs.open_write(at("a"), OpenMode::kCreateNew));
    must(file->append(as_bytes("0123456789")));
    must(file->truncate(4));
    must(file->append(as_bytes("x")));
    must(file->truncate(7));
    EXPECT_EQ(file->size(), 7u);
    EXPECT_EQ(read("a"), std::string("0123x\0\0", 7));
}

TEST_P(FileSystemContract, AllocateKeepsSizeAndBytes) {
    auto file = must(fs.open_write(at("a"), OpenMode::kCreateNew));
    must(file->append(as_bytes("abc")));
    must(file->allocate(0, 1u << 16));
    must(file->allocate(0, 0));
    EXPECT_EQ(file->size(), 3u);
    EXPECT_EQ(read("a"), "abc");
}

TEST_P(FileSystemContract, EmptyWriteChangesNothing) {
    auto file = must(fs.open_write(at("a"), OpenMode::kCreateNew));
    must(file->append({}));
    must(file->write_at(100, {}));
    EXPECT_EQ(file->size(), 0u);
    EXPECT_EQ(must(fs.info(at("a"))).size, 0u);
}

TEST_P(FileSystemContract, ClosedFileRefusesEveryCall) {
    auto file = must(fs.open_write(at("a"), OpenMode::kCreateNew));
    must(file->append(as_bytes("abc")));
    must(file->close());
    EXPECT_EQ(code_of(file->append(as_bytes("x"))), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(file->write_at(0, as_bytes("x"))), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(file->truncate(0)), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(file->allocate(0, 1)), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(file->sync()), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(file->set_mode(0600)), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(file->set_modified(1)), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(file->close()), Errc::kFailedPrecondition);
    EXPECT_EQ(read("a"), "abc");
}

TEST_P(FileSystemContract, InfoTellsKindSizeModeAndIdentity) {
    auto file = must(fs.open_write(at("a"), OpenMode::kCreateNew, 0600));
    must(file->append(as_bytes("abc")));
    const FileInfo info = must(fs.info(at("a")));
    EXPECT_EQ(info.kind, FileKind::kRegular);
    EXPECT_EQ(info.size, 3u);
    EXPECT_EQ(info.mode, 0600u);
    EXPECT_GT(info.modified_ns, 0);
    const FileInfo open_info = must(must(fs.open_read(at("a")))->info());
    EXPECT_EQ(open_info.inode, info.inode);
    EXPECT_EQ(open_info.device, info.device);
    write("b", "");
    EXPECT_NE(must(fs.info(at("b"))).inode, info.inode);
}

TEST_P(FileSystemContract, SetModeIsNotReducedByTheUmask) {
    auto file = must(fs.open_write(at("a"), OpenMode::kCreateNew));
    must(file->set_mode(0777));
    must(file->sync());
    EXPECT_EQ(must(fs.info(at("a"))).mode, 0777u);
}

TEST_P(FileSystemContract, AModifiedTimeStaysUntilTheNextWrite) {
    for (const std::int64_t time :
         {std::int64_t{499'162'500'000'000'007}, std::int64_t{0}, std::int64_t{-1'500'000'000}}) {
        auto file = must(fs.open_write(at("a"), OpenMode::kTruncate));
        must(file->append(as_bytes("abc")));
        must(file->set_modified(time));
        must(file->sync());
        EXPECT_EQ(must(fs.info(at("a"))).modified_ns, time);
        must(file->append(as_bytes("d")));
        EXPECT_NE(must(fs.info(at("a"))).modified_ns, time);
    }
}

TEST_P(FileSystemContract, InfoCountsNamesAndTheirChangesAreChangesOfTheFile) {
    write("a", "abc");
    const FileInfo before = must(fs.info(at("a")));
    EXPECT_EQ(before.links, 1u);
    must(fs.hard_link(at("a"), at("b")));
    const FileInfo linked = must(fs.info(at("a")));
    EXPECT_EQ(linked.links, 2u);
    EXPECT_GE(linked.changed_ns, before.changed_ns);
    EXPECT_EQ(linked.modified_ns, before.modified_ns);
    must(fs.remove_file(at("b")));
    EXPECT_EQ(must(fs.info(at("a"))).links, 1u);
}

TEST_P(FileSystemContract, OpenReadSaysWhyNot) {
    must(fs.make_directories(at("d")));
    write("f", "");
    EXPECT_EQ(code_of(fs.open_read(at("missing"))), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.open_read(at("no/such/folder"))), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.open_read(at("d"))), Errc::kIsADirectory);
    EXPECT_EQ(code_of(fs.open_read(at("f/x"))), Errc::kNotADirectory);
    EXPECT_EQ(code_of(fs.open_read("")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.open_read(at(std::string("a\0b", 3)))), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(fs.open_read(at(std::string(300, 'n')))), Errc::kInvalidArgument);
}

TEST_P(FileSystemContract, OpenWriteSaysWhyNot) {
    must(fs.make_directories(at("d")));
    EXPECT_EQ(code_of(fs.open_write(at("no/a"), OpenMode::kCreateNew)), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.open_write(at("d"), OpenMode::kTruncate)), Errc::kIsADirectory);
    EXPECT_EQ(code_of(fs.open_write(at("d"), OpenMode::kAppend)), Errc::kIsADirectory);
}

TEST_P(FileSystemContract, ErrorsCarryPathAndOperation) {
    const auto result = fs.open_read(at("missing"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().input(), at("missing"));
    const auto* detail = result.error().detail_as<StorageDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->path, at("missing"));
    EXPECT_FALSE(detail->operation.empty());
}

TEST_P(FileSystemContract, RemovedFileStaysReadableWhileOpen) {
    write("a", "still here");
    const auto file = must(fs.open_read(at("a")));
    must(fs.remove_file(at("a")));
    Bytes out(10);
    EXPECT_EQ(must(file->read_at(0, out)), 10u);
    EXPECT_EQ(as_text(out), "still here");
    EXPECT_EQ(code_of(fs.info(at("a"))), Errc::kFileNotFound);
}

TEST_P(FileSystemContract, OpenFileSeesLaterWrites) {
    write("a", "one");
    const auto reader = must(fs.open_read(at("a")));
    must(must(fs.open_write(at("a"), OpenMode::kAppend))->append(as_bytes("two")));
    Bytes out(6);
    EXPECT_EQ(must(reader->read_at(0, out)), 6u);
    EXPECT_EQ(as_text(out), "onetwo");
}

// Maps.

TEST_P(FileSystemContract, MapShowsTheRange) {
    std::string text(10'000, 'a');
    text.replace(4096, 3, "xyz");
    write("a", text);
    const auto region = must(fs.map(at("a"), 4096, 5000));
    EXPECT_EQ(as_text(region->bytes()), text.substr(4096, 5000));
    EXPECT_EQ(as_text(must(fs.map(at("a"), 0, 10'000))->bytes()), text);
}

TEST_P(FileSystemContract, MapOutlivesTheFile) {
    write("a", "mapped");
    const auto region = must(fs.map(at("a"), 0, 6));
    must(fs.remove_file(at("a")));
    EXPECT_EQ(as_text(region->bytes()), "mapped");
}

TEST_P(FileSystemContract, MapOfNothingIsEmpty) {
    write("empty", "");
    EXPECT_TRUE(must(fs.map(at("empty"), 0, 0))->bytes().empty());
    write("a", std::string(4096, 'x'));
    EXPECT_TRUE(must(fs.map(at("a"), 4096, 0))->bytes().empty());
}

TEST_P(FileSystemContract, MapRefusesRangesThatTheFileDoesNotHave) {
    write("a", "0123456789");
    EXPECT_EQ(code_of(fs.map(at("a"), 0, 11)), Errc::kEndOfFile);
    EXPECT_EQ(code_of(fs.map(at("a"), 4096, 0)), Errc::kEndOfFile);
    EXPECT_EQ(code_of(fs.map(at("a"), 0, UINT64_MAX)), Errc::kEndOfFile);
    EXPECT_EQ(code_of(fs.map(at("a"), UINT64_MAX - 4095, 4096)), Errc::kEndOfFile);
    EXPECT_EQ(code_of(fs.map(at("a"), 1, 2)), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(fs.map(at("missing"), 0, 0)), Errc::kFileNotFound);
}

// Names.

TEST_P(FileSystemContract, ListIsInByteOrderWithKinds) {
    write("b", "");
    write("B", "");
    write("a\xc3\xa4", "");
    write("a", "");
    must(fs.make_directories(at("dir")));
    must(fs.make_symlink("b", at("link")));
    const auto entries = must(fs.list(at("")));
    EXPECT_EQ(names_of(entries),
              (std::vector<std::string>{"B", "a", "a\xc3\xa4", "b", "dir", "link"}));
    EXPECT_EQ(entries[4].kind, FileKind::kDirectory);
    EXPECT_EQ(entries[5].kind, FileKind::kSymlink);
    EXPECT_EQ(entries[0].kind, FileKind::kRegular);
    EXPECT_EQ(code_of(fs.list(at("missing"))), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.list(at("b"))), Errc::kNotADirectory);
}

TEST_P(FileSystemContract, MakeDirectoriesMakesTheMissingOnes) {
    must(fs.make_directories(at("x/y/z")));
    must(fs.make_directories(at("x/y/z")));
    must(fs.make_directories(at("x/y/w/")));
    EXPECT_EQ(must(fs.info(at("x/y/z"))).kind, FileKind::kDirectory);
    EXPECT_EQ(names_of(must(fs.list(at("x/y")))), (std::vector<std::string>{"w", "z"}));
}

TEST_P(FileSystemContract, MakeDirectoriesFollowsLinksToFolders) {
    must(fs.make_directories(at("real")));
    must(fs.make_symlink("real", at("link")));
    must(fs.make_directories(at("link")));
    must(fs.make_directories(at("link/sub")));
    EXPECT_EQ(must(fs.info(at("real/sub"))).kind, FileKind::kDirectory);
}

TEST_P(FileSystemContract, MakeDirectoriesRefusesAFileInTheWay) {
    write("f", "");
    EXPECT_EQ(code_of(fs.make_directories(at("f"))), Errc::kNotADirectory);
    EXPECT_EQ(code_of(fs.make_directories(at("f/sub"))), Errc::kNotADirectory);
    EXPECT_EQ(code_of(fs.make_directories("")), Errc::kFileNotFound);
}

TEST_P(FileSystemContract, RenameReplacesAFile) {
    write("a", "new");
    write("b", "old");
    must(fs.rename(at("a"), at("b")));
    EXPECT_EQ(read("b"), "new");
    EXPECT_EQ(code_of(fs.info(at("a"))), Errc::kFileNotFound);
}

TEST_P(FileSystemContract, RenameMovesFoldersWithTheirContents) {
    must(fs.make_directories(at("from/sub")));
    must(fs.make_directories(at("to")));
    write("from/sub/f", "x");
    must(fs.rename(at("from"), at("to")));  // an empty folder may be replaced
    EXPECT_EQ(read("to/sub/f"), "x");
    EXPECT_FALSE(must(exists(fs, at("from"))));
}

TEST_P(FileSystemContract, RenameSaysWhyNot) {
    write("f", "");
    must(fs.make_directories(at("d/sub")));
    must(fs.make_directories(at("e")));
    EXPECT_EQ(code_of(fs.rename(at("missing"), at("x"))), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.rename(at("f"), at("no/x"))), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.rename(at("f"), at("d"))), Errc::kIsADirectory);
    EXPECT_EQ(code_of(fs.rename(at("e"), at("f"))), Errc::kNotADirectory);
    EXPECT_EQ(code_of(fs.rename(at("e"), at("d"))), Errc::kNotEmpty);
    EXPECT_EQ(code_of(fs.rename(at("d"), at("d/sub/x"))), Errc::kInvalidArgument);
    EXPECT_EQ(names_of(must(fs.list(at("")))), (std::vector<std::string>{"d", "e", "f"}));
}

TEST_P(FileSystemContract, RenameMovesTheLinkNotItsTarget) {
    write("f", "x");
    must(fs.make_symlink("f", at("link")));
    must(fs.rename(at("link"), at("moved")));
    EXPECT_EQ(must(fs.read_symlink(at("moved"))), "f");
    EXPECT_EQ(read("f"), "x");
}

TEST_P(FileSystemContract, RemoveFileSaysWhyNot) {
    must(fs.make_directories(at("d")));
    EXPECT_EQ(code_of(fs.remove_file(at("missing"))), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.remove_file(at("d"))), Errc::kIsADirectory);
}

TEST_P(FileSystemContract, RemoveDirectoryNeedsAnEmptyFolder) {
    must(fs.make_directories(at("d/sub")));
    write("f", "");
    EXPECT_EQ(code_of(fs.remove_directory(at("d"))), Errc::kNotEmpty);
    EXPECT_EQ(code_of(fs.remove_directory(at("f"))), Errc::kNotADirectory);
    EXPECT_EQ(code_of(fs.remove_directory(at("missing"))), Errc::kFileNotFound);
    must(fs.remove_directory(at("d/sub")));
    must(fs.remove_directory(at("d")));
    EXPECT_FALSE(must(exists(fs, at("d"))));
}

TEST_P(FileSystemContract, RemoveTreeRemovesEverythingAndNoLinkTarget) {
    must(fs.make_directories(at("keep")));
    write("keep/precious", "x");
    must(fs.make_directories(at("tree/a/b")));
    write("tree/a/f", "");
    write("tree/a/b/g", "");
    must(fs.make_symlink("../keep", at("tree/to_keep")));
    must(fs.make_symlink("../../keep/precious", at("tree/a/to_file")));
    must(fs.remove_tree(at("tree/")));
    EXPECT_EQ(names_of(must(fs.list(at("")))), (std::vector<std::string>{"keep"}));
    EXPECT_EQ(read("keep/precious"), "x");
}

TEST_P(FileSystemContract, RemoveTreeOfALinkRemovesTheLink) {
    must(fs.make_directories(at("real/sub")));
    must(fs.make_symlink("real", at("link")));
    must(fs.remove_tree(at("link")));
    EXPECT_TRUE(must(exists(fs, at("real/sub"))));
    EXPECT_FALSE(must(exists(fs, at("link"))));
}

TEST_P(FileSystemContract, RemoveTreeTakesFilesAndAbsenceToo) {
    write("f", "");
    must(fs.remove_tree(at("f")));
    must(fs.remove_tree(at("f")));
    must(fs.remove_tree(at("no/such/thing")));
    EXPECT_TRUE(must(fs.list(at(""))).empty());
}

TEST_P(FileSystemContract, RemoveTreeRefusesWhatIsNoEntry) {
    EXPECT_EQ(code_of(fs.remove_tree("/")), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(fs.remove_tree(at("."))), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(fs.remove_tree(at(".."))), Errc::kInvalidArgument);
}

TEST_P(FileSystemContract, RemoveTreeDoesNotRecurseOnDepth) {
    // Deeper than a path may be long and than a process may have files open.
    std::string chain = "/bottom";
    for (int i = 0; i < 700; ++i) chain += "/dir";
    for (int i = 0; i < 2; ++i) {
        must(fs.make_directories(at("next" + chain)));
        if (i > 0) must(fs.rename(at("tree"), at("next" + chain + "/tree")));
        must(fs.rename(at("next"), at("tree")));
    }
    must(fs.remove_tree(at("tree")));
    EXPECT_TRUE(must(fs.list(at(""))).empty());
}

TEST_P(FileSystemContract, SymlinksKeepTheirTextAndAreFollowedByOpen) {
    write("f", "through");
    must(fs.make_directories(at("d")));
    must(fs.make_symlink("../f", at("d/up")));
    must(fs.make_symlink("not/there", at("dangling")));
    EXPECT_EQ(must(fs.read_symlink(at("d/up"))), "../f");
    EXPECT_EQ(must(fs.read_symlink(at("dangling"))), "not/there");
    EXPECT_EQ(read("d/up"), "through");
    EXPECT_EQ(must(fs.info(at("d/up"))).kind, FileKind::kSymlink);
    EXPECT_EQ(must(fs.info(at("d/up"))).size, 4u);
    EXPECT_EQ(code_of(fs.open_read(at("dangling"))), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.make_symlink("x", at("f"))), Errc::kFileExists);
    EXPECT_EQ(code_of(fs.read_symlink(at("f"))), Errc::kFileKind);
    EXPECT_EQ(code_of(fs.read_symlink(at("missing"))), Errc::kFileNotFound);
}

TEST_P(FileSystemContract, LinksThatLoopAreRefused) {
    must(fs.make_symlink("two", at("one")));
    must(fs.make_symlink("one", at("two")));
    EXPECT_EQ(code_of(fs.open_read(at("one"))), Errc::kPathUnsafe);
    EXPECT_EQ(code_of(fs.list(at("one/x"))), Errc::kPathUnsafe);
}

TEST_P(FileSystemContract, WritingThroughADanglingLinkMakesItsTarget) {
    must(fs.make_symlink("target", at("link")));
    write("link", "x");
    EXPECT_EQ(read("target"), "x");
}

TEST_P(FileSystemContract, HardLinkIsASecondName) {
    write("a", "one");
    must(fs.hard_link(at("a"), at("b")));
    EXPECT_EQ(must(fs.info(at("a"))).inode, must(fs.info(at("b"))).inode);
    must(must(fs.open_write(at("b"), OpenMode::kAppend))->append(as_bytes("+")));
    must(fs.remove_file(at("a")));
    EXPECT_EQ(read("b"), "one+");
}

TEST_P(FileSystemContract, HardLinkSaysWhyNot) {
    write("a", "");
    write("b", "");
    EXPECT_EQ(code_of(fs.hard_link(at("missing"), at("c"))), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.hard_link(at("a"), at("b"))), Errc::kFileExists);
    EXPECT_EQ(code_of(fs.hard_link(at("a"), at("no/c"))), Errc::kFileNotFound);
}

TEST_P(FileSystemContract, RenameOfTwoNamesOfOneFileLeavesBoth) {
    write("a", "x");
    must(fs.hard_link(at("a"), at("b")));
    must(fs.rename(at("a"), at("b")));
    EXPECT_EQ(names_of(must(fs.list(at("")))), (std::vector<std::string>{"a", "b"}));
}

TEST_P(FileSystemContract, DotsAndDoubleSlashesInPathsMeanWhatTheyMean) {
    must(fs.make_directories(at("d")));
    write("f", "x");
    EXPECT_EQ(read("d/../f"), "x");
    EXPECT_EQ(read(".//f"), "x");
}

TEST_P(FileSystemContract, SyncDirectoryNeedsAFolder) {
    write("f", "");
    must(fs.sync_directory(at("")));
    EXPECT_EQ(code_of(fs.sync_directory(at("missing"))), Errc::kFileNotFound);
    EXPECT_EQ(code_of(fs.sync_directory(at("f"))), Errc::kNotADirectory);
}

TEST_P(FileSystemContract, FreeSpaceIsKnown) {
    EXPECT_GT(must(fs.free_space(at(""))), 0u);
    EXPECT_EQ(code_of(fs.free_space(at("missing"))), Errc::kFileNotFound);
}

// Locks.

TEST_P(FileSystemContract, LockHoldsAgainstTheSameProcessUntilReleased) {
    auto lock = must(fs.try_lock(at("LOCK")));
    EXPECT_EQ(code_of(fs.try_lock(at("LOCK"))), Errc::kBusy);
    lock.reset();
    must(fs.try_lock(at("LOCK")));
}

TEST_P(FileSystemContract, LockSurvivesUnrelatedOpensOfItsFile) {
    const auto lock = must(fs.try_lock(at("LOCK")));
    must(fs.open_read(at("LOCK"))).reset();
    EXPECT_EQ(code_of(fs.try_lock(at("LOCK"))), Errc::kBusy);
}

TEST_P(FileSystemContract, BusyErrorNamesTheHolder) {
    auto lock = must(fs.try_lock(at("LOCK")));
    must(lock->set_holder("pid 4711 (catalog publish, a long one)"));
    must(lock->set_holder("pid 4711 (catalog gc)\n"));
    const auto second = fs.try_lock(at("LOCK"));
    ASSERT_FALSE(second);
    const auto* detail = second.error().detail_as<BusyDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->holder, "pid 4711 (catalog gc)");
    EXPECT_EQ(detail->resource, at("LOCK"));
    EXPECT_NE(second.error().message().find("pid 4711"), std::string_view::npos);
}

TEST_P(FileSystemContract, NextHolderDoesNotInheritTheName) {
    must(must(fs.try_lock(at("LOCK")))->set_holder("pid 1 (first)"));
    const auto lock = must(fs.try_lock(at("LOCK")));
    const auto second = fs.try_lock(at("LOCK"));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().detail_as<BusyDetail>()->holder, "");
}

TEST_P(FileSystemContract, LockSaysWhyNot) {
    EXPECT_EQ(code_of(fs.try_lock(at("no/LOCK"))), Errc::kFileNotFound);
    must(fs.make_directories(at("d")));
    EXPECT_EQ(code_of(fs.try_lock(at("d"))), Errc::kIsADirectory);
}

// Helpers.

TEST_P(FileSystemContract, WriteFileDurablyReplacesAndLeavesNothingBehind) {
    must(write_file_durably(fs, at("a"), as_bytes("one")));
    must(write_file_durably(fs, at("a"), as_bytes("two"), 0600));
    EXPECT_EQ(read("a"), "two");
    EXPECT_EQ(must(fs.info(at("a"))).mode, 0600u);
    EXPECT_EQ(names_of(must(fs.list(at("")))), (std::vector<std::string>{"a"}));
}

TEST_P(FileSystemContract, WriteFileDurablyPassesByWhatACrashLeft) {
    write("a.tmp-0", "half");
    must(write_file_durably(fs, at("a"), as_bytes("whole")));
    EXPECT_EQ(read("a"), "whole");
    EXPECT_EQ(read("a.tmp-0"), "half");
}

TEST_P(FileSystemContract, WriteFileDurablyCleansUpWhenItFails) {
    must(fs.make_directories(at("d/full")));
    EXPECT_EQ(code_of(write_file_durably(fs, at("d"), as_bytes("x"))), Errc::kIsADirectory);
    EXPECT_EQ(code_of(write_file_durably(fs, at("no/a"), as_bytes("x"))), Errc::kFileNotFound);
    EXPECT_EQ(names_of(must(fs.list(at("")))), (std::vector<std::string>{"d"}));
}

TEST_P(FileSystemContract, ReadFileRespectsItsLimit) {
    write("a", "0123456789");
    EXPECT_EQ(must(read_file(fs, at("a"), 10)), "0123456789");
    const auto result = read_file(fs, at("a"), 9);
    ASSERT_EQ(code_of(result), Errc::kLimitExceeded);
    EXPECT_EQ(result.error().detail_as<LimitDetail>()->allowed, 9u);
    write("empty", "");
    EXPECT_EQ(must(read_file(fs, at("empty"), 0)), "");
}

TEST_P(FileSystemContract, ExistsDoesNotFollowLinks) {
    must(fs.make_symlink("nowhere", at("dangling")));
    write("f", "");
    EXPECT_TRUE(must(exists(fs, at("dangling"))));
    EXPECT_TRUE(must(exists(fs, at("f"))));
    EXPECT_FALSE(must(exists(fs, at("g"))));
    EXPECT_FALSE(must(exists(fs, at("f/below"))));
}

TEST_P(FileSystemContract, MakeDirectoriesDurablyMakesThem) {
    must(make_directories_durably(fs, at("p/q/r")));
    must(make_directories_durably(fs, at("p/q/r")));
    EXPECT_EQ(must(fs.info(at("p/q/r"))).kind, FileKind::kDirectory);
}

}  // namespace catalog::io::testing
