#pragma once
// What every SafeDirectory must do: above all, never touch anything outside its folder. Include it
// after file_system_contract.hpp and instantiate SafeDirectoryContract in the same way.

#include "support/io/file_system_contract.hpp"

namespace catalog::io::testing {

/// Beneath the folder of the test there are `root`, which is opened, and `outside`, which must
/// never change: it holds `secret` and the empty folder `sub`.
class SafeDirectoryContract : public ::testing::TestWithParam<FileSystemFactory> {
protected:
    SafeDirectoryContract() : under_test_(GetParam().make()), fs(*under_test_.fs) {
        must(fs.make_directories(at("root")));
        must(fs.make_directories(at("outside/sub")));
        must(must(fs.open_write(at("outside/secret"), OpenMode::kCreateNew))
                 ->append(as_bytes("secret")));
        root = must(fs.open_directory(at("root")));
    }
    void TearDown() override {
        EXPECT_EQ(names_of(must(fs.list(at("outside")))),
                  (std::vector<std::string>{"secret", "sub"}));
        EXPECT_TRUE(must(fs.list(at("outside/sub"))).empty());
        EXPECT_EQ(must(read_file(fs, at("outside/secret"), 100)), "secret");
    }

    std::string at(const std::string& name) const { return under_test_.folder + "/" + name; }

    void create(const std::string& path, std::string_view text) {
        must(must(root->create_file(path, 0644))->append(as_bytes(text)));
    }

    /// Applies every call to `path` and expects that each is refused with `code`.
    void expect_refused(const std::string& path, Errc code) {
        EXPECT_EQ(code_of(root->open_read(path)), code) << path;
        EXPECT_EQ(code_of(root->create_file(path, 0644)), code) << path;
        EXPECT_EQ(code_of(root->make_directories(path)), code) << path;
        EXPECT_EQ(code_of(root->make_symlink("x", path)), code) << path;
        EXPECT_EQ(code_of(root->open_directory(path)), code) << path;
        EXPECT_EQ(code_of(root->hard_link(*root, "x", path)), code) << path;
        EXPECT_EQ(code_of(root->hard_link(*root, path, "x")), code) << path;
        EXPECT_EQ(code_of(root->read_symlink(path)), code) << path;
        if (!path.empty()) {
            EXPECT_EQ(code_of(root->info(path)), code) << path;
            EXPECT_EQ(code_of(root->list(path)), code) << path;
            EXPECT_EQ(code_of(root->sync(path)), code) << path;
        }
        EXPECT_EQ(code_of(root->remove_file(path)), code) << path;
        EXPECT_EQ(code_of(root->remove_tree(path)), code) << path;
    }

private:
    FileSystemUnderTest under_test_;

protected:
    FileSystem& fs;
    std::unique_ptr<SafeDirectory> root;
};

TEST_P(SafeDirectoryContract, CreatesAndReadsBeneathItsFolder) {
    must(root->make_directories("a/b"));
    create("a/b/f", "text");
    create("top", "");
    const auto file = must(root->open_read("a/b/f"));
    Bytes out(10);
    EXPECT_EQ(must(file->read_at(0, out)), 4u);
    EXPECT_EQ(must(file->info()).size, 4u);
    EXPECT_EQ(must(read_file(fs, at("root/a/b/f"), 100)), "text");
    must(root->sync("a/b"));
    must(root->sync(""));
    must(root->sync_file_system());
    EXPECT_EQ(must(read_file(fs, at("root/a/b/f"), 100)), "text");
}

TEST_P(SafeDirectoryContract, OpensAFolderBeneath) {
    must(root->make_directories("a/b"));
    create("a/f", "file");
    must(root->make_symlink("b", "a/link"));
    const auto folder = must(root->open_directory("a/b"));
    must(must(folder->create_file("x", 0644))->append(as_bytes("inner")));
    EXPECT_EQ(must(read_file(fs, at("root/a/b/x"), 10)), "inner");
    EXPECT_EQ(code_of(folder->info("../f")), Errc::kPathUnsafe);
    EXPECT_EQ(must(must(must(root->open_directory("a"))->open_directory("b"))->list("")).size(),
              1u);
    EXPECT_EQ(code_of(root->open_directory("a/c")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(root->open_directory("a/f")), Errc::kNotADirectory);
    EXPECT_EQ(code_of(root->open_directory("a/link")), Errc::kPathUnsafe);
}

TEST_P(SafeDirectoryContract, AHardLinkIsTheSameFile) {
    must(root->make_directories("a/b"));
    create("a/f", "shared");
    const auto from = must(root->open_directory("a"));
    must(root->hard_link(*from, "f", "a/b/g"));
    const auto to = must(from->open_directory("b"));
    must(to->hard_link(*root, "a/f", "h"));
    const FileInfo info = must(root->info("a/f"));
    EXPECT_EQ(info.links, 3u);
    EXPECT_EQ(must(root->info("a/b/g")).inode, info.inode);
    EXPECT_EQ(must(root->info("a/b/h")).inode, info.inode);
    EXPECT_EQ(must(read_file(fs, at("root/a/b/h"), 10)), "shared");
    EXPECT_EQ(code_of(to->hard_link(*from, "f", "h")), Errc::kFileExists);
    EXPECT_EQ(code_of(to->hard_link(*from, "missing", "i")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(to->hard_link(*from, "f", "no/i")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(to->hard_link(*from, "b", "i")), Errc::kAccessDenied);
}

// What a link points to is not linked, in whichever folder it is.
TEST_P(SafeDirectoryContract, AHardLinkFollowsNoLink) {
    must(root->make_symlink("../outside/secret", "away"));
    must(root->make_symlink("../outside", "up"));
    must(root->hard_link(*root, "away", "again"));
    EXPECT_EQ(must(root->read_symlink("again")), "../outside/secret");
    EXPECT_EQ(code_of(root->hard_link(*root, "up/secret", "x")), Errc::kPathUnsafe);
    create("f", "x");
    EXPECT_EQ(code_of(root->hard_link(*root, "f", "up/x")), Errc::kPathUnsafe);
}

// As far as the file system can clone.
TEST_P(SafeDirectoryContract, ACloneIsAnotherFileWithTheSameBytes) {
    create("a", "shared");
    const auto clone = root->clone_file(*root, "a", "b", 0600);
    if (!clone) {
        EXPECT_EQ(code_of(clone), Errc::kUnsupported);
        EXPECT_EQ(names_of(must(root->list(""))), (std::vector<std::string>{"a"}));
        return;
    }
    must((*clone)->write_at(0, as_bytes("S")));
    EXPECT_EQ(must(read_file(fs, at("root/a"), 10)), "shared");
    EXPECT_EQ(must(read_file(fs, at("root/b"), 10)), "Shared");
    EXPECT_EQ(must(root->info("b")).mode, 0600u);
    EXPECT_NE(must(root->info("b")).inode, must(root->info("a")).inode);
    EXPECT_EQ(code_of(root->clone_file(*root, "a", "b", 0600)), Errc::kFileExists);
}

TEST_P(SafeDirectoryContract, RefusesPathsThatAreNotPlain) {
    for (const std::string path :
         {"..", "../outside", "../outside/secret", "a/../../outside/secret", "/", "/etc/passwd",
          ".", "./a", "a/.", "a/..", "a//b", "a/", "//", "", "a/../b"})
        expect_refused(path, Errc::kPathUnsafe);
    expect_refused(at("outside/secret"), Errc::kPathUnsafe);
    expect_refused(std::string("a\0b", 3), Errc::kPathUnsafe);
    expect_refused(std::string(256, 'n'), Errc::kPathUnsafe);
    std::string deep = "d";
    for (int i = 0; i < 2100; ++i) deep += "/d";
    expect_refused(deep, Errc::kPathUnsafe);
    EXPECT_TRUE(must(root->list("")).empty());
}

TEST_P(SafeDirectoryContract, NeverGoesThroughALinkInTheMiddle) {
    must(root->make_directories("real"));
    must(root->make_symlink("../outside", "out"));
    must(root->make_symlink(at("outside"), "absolute"));
    must(root->make_symlink("real", "inside"));
    must(root->make_symlink("out", "chained"));
    must(root->make_symlink("nowhere", "dangling"));
    must(root->make_symlink("loop", "loop"));
    for (const char* link : {"out", "absolute", "inside", "chained", "dangling", "loop"}) {
        expect_refused(std::string(link) + "/secret", Errc::kPathUnsafe);
        expect_refused(std::string(link) + "/sub/x", Errc::kPathUnsafe);
        expect_refused(std::string(link) + "/new", Errc::kPathUnsafe);
    }
}

TEST_P(SafeDirectoryContract, NeverFollowsALinkAtTheEnd) {
    must(root->make_symlink("../outside/secret", "file"));
    must(root->make_symlink("../outside/sub", "folder"));
    must(root->make_symlink("../outside/new", "dangling"));
    for (const char* link : {"file", "folder", "dangling"}) {
        EXPECT_EQ(code_of(root->open_read(link)), Errc::kPathUnsafe) << link;
        EXPECT_EQ(code_of(root->create_file(link, 0644)), Errc::kFileExists) << link;
        EXPECT_EQ(code_of(root->make_directories(link)), Errc::kPathUnsafe) << link;
        EXPECT_EQ(code_of(root->make_directories(std::string(link) + "/x")), Errc::kPathUnsafe);
        EXPECT_EQ(code_of(root->list(link)), Errc::kPathUnsafe) << link;
        EXPECT_EQ(code_of(root->sync(link)), Errc::kPathUnsafe) << link;
        EXPECT_EQ(code_of(root->make_symlink("x", link)), Errc::kFileExists) << link;
        EXPECT_EQ(must(root->info(link)).kind, FileKind::kSymlink) << link;
    }
    EXPECT_EQ(must(root->read_symlink("file")), "../outside/secret");
    must(root->remove_file("file"));
    must(root->remove_tree("folder"));
    must(root->remove_tree("dangling"));
    EXPECT_TRUE(must(root->list("")).empty());
}

TEST_P(SafeDirectoryContract, SaysWhyNot) {
    must(root->make_directories("d/sub"));
    create("f", "");
    EXPECT_EQ(code_of(root->open_read("missing")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(root->open_read("no/f")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(root->open_read("d")), Errc::kIsADirectory);
    EXPECT_EQ(code_of(root->open_read("f/x")), Errc::kNotADirectory);
    EXPECT_EQ(code_of(root->create_file("f", 0644)), Errc::kFileExists);
    EXPECT_EQ(code_of(root->create_file("d", 0644)), Errc::kFileExists);
    EXPECT_EQ(code_of(root->create_file("no/f", 0644)), Errc::kFileNotFound);
    EXPECT_EQ(code_of(root->make_directories("f")), Errc::kNotADirectory);
    EXPECT_EQ(code_of(root->make_directories("f/x")), Errc::kNotADirectory);
    EXPECT_EQ(code_of(root->make_symlink("t", "no/l")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(root->read_symlink("f")), Errc::kFileKind);
    EXPECT_EQ(code_of(root->read_symlink("missing")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(root->info("missing")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(root->list("f")), Errc::kNotADirectory);
    EXPECT_EQ(code_of(root->list("missing")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(root->remove_file("missing")), Errc::kFileNotFound);
    EXPECT_EQ(code_of(root->remove_file("d")), Errc::kIsADirectory);
    must(root->remove_tree("missing"));
    must(root->remove_tree("no/such"));
}

TEST_P(SafeDirectoryContract, ErrorsNameTheWholePath) {
    const auto result = root->open_read("no/such");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().input(), at("root/no/such"));
    ASSERT_NE(result.error().detail_as<StorageDetail>(), nullptr);
}

TEST_P(SafeDirectoryContract, FileModesAreThoseAskedFor) {
    must(root->create_file("tool", 0755));
    EXPECT_EQ(must(root->info("tool")).mode, 0755u);
    must(must(root->create_file("private", 0600))->set_mode(0640));
    EXPECT_EQ(must(root->info("private")).mode, 0640u);
}

TEST_P(SafeDirectoryContract, MakeDirectoriesIsRepeatable) {
    must(root->make_directories("a/b/c"));
    must(root->make_directories("a/b/c"));
    must(root->make_directories("a/x"));
    EXPECT_EQ(names_of(must(root->list("a"))), (std::vector<std::string>{"b", "x"}));
}

TEST_P(SafeDirectoryContract, ListIsInByteOrderWithKinds) {
    create("b", "");
    create("B", "");
    must(root->make_directories("a"));
    must(root->make_symlink("x", "c"));
    const auto entries = must(root->list(""));
    EXPECT_EQ(names_of(entries), (std::vector<std::string>{"B", "a", "b", "c"}));
    EXPECT_EQ(entries[1].kind, FileKind::kDirectory);
    EXPECT_EQ(entries[3].kind, FileKind::kSymlink);
    EXPECT_EQ(names_of(must(root->list(""))).size(), 4u);  // reading does not use it up
}

TEST_P(SafeDirectoryContract, InfoOfTheFolderItself) {
    const FileInfo info = must(root->info(""));
    EXPECT_EQ(info.kind, FileKind::kDirectory);
    EXPECT_EQ(info.inode, must(fs.info(at("root"))).inode);
}

TEST_P(SafeDirectoryContract, RemoveTreeRemovesLinksAsLinks) {
    must(root->make_directories("tree/deep"));
    create("tree/deep/f", "");
    must(root->make_symlink("../../outside", "tree/out"));
    must(root->make_symlink(at("outside/secret"), "tree/deep/secret"));
    must(root->remove_tree("tree"));
    EXPECT_TRUE(must(root->list("")).empty());
}

TEST_P(SafeDirectoryContract, StaysWithItsFolderWhenThatIsMoved) {
    must(fs.rename(at("root"), at("moved")));
    must(fs.make_symlink("outside", at("root")));
    create("f", "x");
    EXPECT_EQ(must(read_file(fs, at("moved/f"), 10)), "x");
}

TEST_P(SafeDirectoryContract, RemovedFolderTakesNothing) {
    must(fs.remove_tree(at("root")));
    EXPECT_EQ(code_of(root->create_file("f", 0644)), Errc::kFileNotFound);
    EXPECT_EQ(code_of(root->make_directories("d")), Errc::kFileNotFound);
}

TEST_P(SafeDirectoryContract, OpensThroughTheHostsOwnLinks) {
    must(fs.make_symlink("root", at("alias")));
    must(must(must(fs.open_directory(at("alias")))->create_file("f", 0644))->close());
    EXPECT_TRUE(must(exists(fs, at("root/f"))));
    EXPECT_EQ(code_of(fs.open_directory(at("root/f"))), Errc::kNotADirectory);
    EXPECT_EQ(code_of(fs.open_directory(at("missing"))), Errc::kFileNotFound);
}

}  // namespace catalog::io::testing
