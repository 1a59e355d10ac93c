#include "catalog/package/file_table_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "results.hpp"
#include "support/package/builders.hpp"

namespace catalog::package {
namespace {

using testing::empty_folder;
using testing::file;
using testing::link;

Result<Bytes> write_table(const std::vector<FileEntry>& entries, const Limits& limits = {}) {
    FileTableWriter writer(limits);
    for (const FileEntry& entry : entries)
        if (auto added = writer.add(entry); !added) return fail(added.error());
    return writer.finish();
}

void expect_as_made(std::vector<FileEntry> entries, const Limits& limits = {}) {
    std::ranges::stable_sort(entries, {}, &FileEntry::path);
    const auto made = FileTable::make(entries, limits);
    const auto written = write_table(entries, limits);
    if (made) {
        ASSERT_TRUE(written) << written.error().to_string();
        EXPECT_EQ(*written, made->encode());
    } else {
        EXPECT_EQ(code_of(written), made.error().code()) << made.error().to_string();
    }
}

TEST(FileTableWriter, WritesWhatATableEncodes) {
    expect_as_made({});
    expect_as_made({file("b", "22"), file("a/x", "1"), file("a-b", "333"), empty_folder("c"),
                    link("a/l", "../b")});
}

TEST(FileTableWriter, RefusesWhatATableRefuses) {
    expect_as_made({file("a", "1"), file("a", "2")});
    expect_as_made({file("a", ""), file("a-b", ""), file("a/b", "")});
    expect_as_made({file("../a", "")});
    expect_as_made({link("a", "/etc")});
    expect_as_made({link("a/l", "../b/.."), link("b", "c/d"), file("c/d/e", "")});
    FileEntry odd = file("a", "x");
    odd.mode = 04755;
    expect_as_made({odd});
    Limits few;
    few.package_files_max = 2;
    expect_as_made({file("a", ""), file("b", ""), file("c", "")}, few);
    Limits small;
    small.package_bytes_max = 3;
    expect_as_made({file("a", "12"), file("b", "34")}, small);
}

TEST(FileTableWriter, TakesTreesAfterTheirEntries) {
    std::vector<FileEntry> entries{empty_folder("a"), file("b", "1"), link("c", "b"),
                                   file("d/e", "22"), file("d/f", "")};
    FileTableWriter writer;
    for (FileEntry entry : entries) {
        if (entry.kind == FileEntryKind::kRegular) entry.tree = {};
        must(writer.add(entry));
    }
    ASSERT_EQ(writer.size(), entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const FileTableWriter::Added added = writer.added(i);
        EXPECT_EQ(added.kind, entries[i].kind);
        EXPECT_EQ(added.size, entries[i].size);
        EXPECT_EQ(added.path, entries[i].path);
        if (added.kind == FileEntryKind::kRegular) writer.set_tree(i, entries[i].tree);
    }
    EXPECT_EQ(must(writer.finish()), must(FileTable::make(entries)).encode());
}

TEST(FileTableWriter, RefusesAnEntryThatIsNotBehindTheLast) {
    EXPECT_EQ(code_of(write_table({file("b", ""), file("a", "")})), Errc::kFileTableInvalid);
}

TEST(FileTableWriter, ExpectsNoLessThanItWrites) {
    const std::vector<FileEntry> entries = {file("a", "1"), empty_folder("b"), link("c", "a")};
    std::size_t expected = 12;
    for (const FileEntry& entry : entries)
        expected += FileTableWriter::entry_bytes_max(entry.path, entry.target);
    EXPECT_GE(expected, must(write_table(entries)).size());
}

// Few names, so that folders and files meet.
TEST(FileTableWriter, AgreesWithTheTableOnRandomTrees) {
    std::size_t accepted = 0;
    for (std::uint32_t seed = 0; seed < 2000; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const auto name = [&] { return std::string(1, "ab-."[random() % 4]) + "x"; };
        std::vector<FileEntry> entries;
        for (std::size_t count = random() % 6; entries.size() < count;) {
            std::string path = name();
            while (random() % 2 == 0) path += "/" + name();
            switch (random() % 6) {
                case 0:
                    entries.push_back(empty_folder(path));
                    break;
                case 1:
                    entries.push_back(link(path, random() % 2 == 0 ? name() : "../" + name()));
                    break;
                default:
                    entries.push_back(file(path, std::string(random() % 5, 'y')));
            }
        }
        expect_as_made(entries);
        accepted += FileTable::make(entries) ? 1 : 0;
    }
    EXPECT_GT(accepted, 500u);
    EXPECT_LT(accepted, 1900u);
}

}  // namespace
}  // namespace catalog::package
