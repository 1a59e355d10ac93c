#include "catalog/package/file_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "catalog/merkle/tree.hpp"
#include "results.hpp"
#include "support/package/builders.hpp"

namespace catalog::package {
namespace {

using testing::empty_folder;
using testing::file;
using testing::link;
using testing::table;

std::optional<Errc> make_code(std::vector<FileEntry> entries, const Limits& limits = {}) {
    return code_of(FileTable::make(std::move(entries), limits));
}

FileEntry with_mode(std::uint32_t mode, FileEntry entry = file("a", "x")) {
    entry.mode = mode;
    return entry;
}

/// `encode` with `change` applied to its bytes.
template <class Change>
Result<FileTable> decode_changed(const FileTable& original, Change change) {
    Bytes bytes = original.encode();
    change(bytes);
    return FileTable::decode(bytes);
}

TEST(FileTable, SortsEntriesAndFindsThem) {
    const FileTable files = table({file("b", "22"), file("a/x", "1"), file("a-b", "333")});
    ASSERT_EQ(files.entries().size(), 3U);
    EXPECT_EQ(files.entries()[0].path, "a-b");
    EXPECT_EQ(files.entries()[1].path, "a/x");
    EXPECT_EQ(files.entries()[2].path, "b");
    EXPECT_EQ(files.total_bytes(), 6U);
    ASSERT_NE(files.find("a/x"), nullptr);
    EXPECT_EQ(files.find("a/x")->size, 1U);
    EXPECT_EQ(files.find("a"), nullptr);
    EXPECT_EQ(files.find("zz"), nullptr);
}

TEST(FileTable, OrderIsThatOfUnsignedBytes) {
    const FileTable files = table({file("\xc3\xa4", ""), file("z", "")});
    EXPECT_EQ(files.entries()[0].path, "z");
}

TEST(FileTable, APathThatStandsTwiceIsRefused) {
    EXPECT_EQ(make_code({file("a", "1"), file("b", ""), file("a", "2")}), Errc::kDuplicatePath);
}

TEST(FileTable, APathBelowAnEntryIsRefused) {
    EXPECT_EQ(make_code({file("a", ""), file("a/b", "")}), Errc::kFileTableInvalid);
    EXPECT_EQ(make_code({link("a", "b"), file("a/b", "")}), Errc::kFileTableInvalid);
    EXPECT_EQ(make_code({empty_folder("a"), file("a/b", "")}), Errc::kFileTableInvalid);
    EXPECT_EQ(make_code({file("a", ""), file("a/b/c/d", "")}), Errc::kFileTableInvalid);
    // Others sort between a folder and what is in it.
    EXPECT_EQ(make_code({file("a", ""), file("a-b", ""), file("a.b/c", ""), file("a/b", "")}),
              Errc::kFileTableInvalid);
    EXPECT_EQ(make_code({file("a/b", ""), file("a/b-", ""), file("a/b/c", "")}),
              Errc::kFileTableInvalid);
    EXPECT_EQ(make_code({file("a", ""), file("ab/c", ""), file("a-/b", "")}), std::nullopt);
}

TEST(FileTable, NestingIsFoundInEveryRandomTable) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 20'000; ++round) {
        std::vector<FileEntry> entries;
        for (std::size_t i = random() % 6; i > 0; --i) {
            std::string path(1, "ab"[random() % 2]);
            for (std::size_t j = random() % 4; j > 0; --j) path += "ab-/0"[random() % 5];
            if (check_package_path(path, {})) entries.push_back(file(path, ""));
        }
        bool unique = true;
        bool nested = false;
        for (std::size_t i = 0; i < entries.size(); ++i)
            for (std::size_t j = 0; j < entries.size(); ++j) {
                if (i != j && entries[i].path == entries[j].path) unique = false;
                if (entries[j].path.starts_with(entries[i].path + "/")) nested = true;
            }
        ASSERT_EQ(FileTable::make(entries).has_value(), unique && !nested) << "round " << round;
    }
}

TEST(FileTable, OnlyTheModesOfTheFormatAreKept) {
    EXPECT_EQ(make_code({with_mode(0644)}), std::nullopt);
    EXPECT_EQ(make_code({with_mode(0755)}), std::nullopt);
    for (const std::uint32_t mode :
         {0U, 0600U, 0664U, 0777U, 04755U, 02755U, 01755U, 0100644U, 0x10000U + 0644U})
        EXPECT_EQ(make_code({with_mode(mode)}), Errc::kModeRefused) << mode;
    EXPECT_EQ(make_code({with_mode(0644, link("a", "b"))}), Errc::kModeRefused);
    EXPECT_EQ(make_code({with_mode(0777, empty_folder("a"))}), Errc::kModeRefused);
}

TEST(FileTable, MembersOfAnotherKindAreRefused) {
    FileEntry folder = empty_folder("a");
    folder.size = 1;
    EXPECT_EQ(make_code({folder}), Errc::kFileTableInvalid);
    FileEntry with_tree = link("a", "b");
    with_tree.tree = file("x", "y").tree;
    EXPECT_EQ(make_code({with_tree}), Errc::kFileTableInvalid);
    FileEntry with_target = file("a", "");
    with_target.target = "b";
    EXPECT_EQ(make_code({with_target}), Errc::kFileTableInvalid);
    FileEntry other_hash = file("a", "");
    other_hash.tree.algorithm = HashAlgorithm::kBlake2b256;
    EXPECT_EQ(make_code({other_hash}), Errc::kFileTableInvalid);
    FileEntry unknown = file("a", "");
    unknown.kind = static_cast<FileEntryKind>(4);
    EXPECT_EQ(make_code({unknown}), Errc::kFileTableInvalid);
}

TEST(FileTable, UnsafePathsAndLinksAreRefused) {
    EXPECT_EQ(make_code({file("../a", "")}), Errc::kPathUnsafe);
    EXPECT_EQ(make_code({link("a", "/etc/passwd")}), Errc::kLinkRefused);
    EXPECT_EQ(make_code({link("a", "../b")}), Errc::kLinkRefused);
    EXPECT_EQ(make_code({link("a", "")}), Errc::kLinkRefused);
}

TEST(FileTable, ALinkThatGoesUpThroughAnotherLinkIsRefused) {
    // As text m leads to the package's own folder; a file system follows d/l first and leaves it.
    EXPECT_EQ(make_code({link("d/l", ".."), link("m", "d/l/../..")}), Errc::kLinkRefused);
    EXPECT_EQ(make_code({link("d/l", "."), link("m", "d/l/../x")}), Errc::kLinkRefused);
    // Going down through a link is safe: that link stays inside by itself.
    EXPECT_EQ(make_code({link("current", "v1"), file("v1/x", ""), link("x", "current/x")}),
              std::nullopt);
    // Dangling links and links in a circle lead nowhere, and so nowhere else.
    EXPECT_EQ(make_code({link("a", "b"), link("b", "a"), link("c", "nothing")}), std::nullopt);
}

TEST(FileTable, LimitsAreKept) {
    Limits limits;
    limits.package_files_max = 2;
    EXPECT_EQ(make_code({file("a", ""), file("b", "")}, limits), std::nullopt);
    EXPECT_EQ(make_code({file("a", ""), file("b", ""), file("c", "")}, limits),
              Errc::kLimitExceeded);
    FileEntry large = file("a", "");
    large.size = limits.package_bytes_max;
    EXPECT_EQ(make_code({large}, limits), std::nullopt);
    EXPECT_EQ(make_code({large, file("b", "1")}, limits), Errc::kLimitExceeded);
    large.size = ~std::uint64_t{0};
    EXPECT_EQ(make_code({large, file("b", "1")}, limits), Errc::kLimitExceeded);
    // A raised limit cannot make a path that does not fit its field.
    limits.path_bytes_max = 100'000;
    limits.path_component_bytes_max = 100'000;
    EXPECT_EQ(make_code({file(std::string(65'535, 'a'), "")}, limits), std::nullopt);
    EXPECT_EQ(make_code({file(std::string(65'536, 'a'), "")}, limits), Errc::kLimitExceeded);
}

TEST(FileTable, TheStoredFormHasTheDocumentedFields) {
    const FileTable files = table({file("a", "x", true), link("b", "a"), empty_folder("c")});
    const Bytes bytes = files.encode();
    std::string wanted = "CATFTBL1";
    append_le<std::uint32_t>(wanted, 3);
    wanted += std::string("\x01\xed\x01\x01\x00", 5);
    append_le<std::uint64_t>(wanted, 1);
    wanted += "a" + std::string(as_text(file("a", "x").tree.bytes()));
    wanted += std::string("\x02\xff\x01\x01\x00", 5);
    append_le<std::uint64_t>(wanted, 0);
    wanted += std::string("b\x01\x00", 3) + "a";
    wanted += std::string("\x03\xed\x01\x01\x00", 5);
    append_le<std::uint64_t>(wanted, 0);
    wanted += "c";
    EXPECT_EQ(to_hex(bytes), to_hex(as_bytes(wanted)));
    EXPECT_EQ(must(FileTable::decode(bytes)), files);
}

TEST(FileTable, TheEmptyTableHasTheEmptyRoot) {
    const FileTable files = table({});
    EXPECT_EQ(files.files_root(), merkle::empty_root());
    EXPECT_EQ(files.encode().size(), 12U);
    EXPECT_EQ(must(FileTable::decode(files.encode())), files);
}

TEST(FileTable, TheRootIsTheTreeOverTheEncodedEntries) {
    const FileTable files =
        table({file("a", "1"), file("b", "2"), link("c", "a"), file("d", "4"), empty_folder("e")});
    std::vector<merkle::TreeHash> leaves;
    std::string concatenated = "CATFTBL1";
    append_le<std::uint32_t>(concatenated, 5);
    for (const FileEntry& entry : files.entries()) {
        const Bytes leaf = FileTable::encode_entry(entry);
        leaves.push_back(merkle::leaf_hash(leaf));
        concatenated += as_text(leaf);
    }
    EXPECT_EQ(files.files_root(), merkle::root_of(leaves));
    EXPECT_EQ(as_text(files.encode()), concatenated);
}

TEST(FileTable, EveryFieldChangesTheRoot) {
    const ContentHash base = table({file("a", "x"), link("l", "a")}).files_root();
    EXPECT_NE(table({file("a", "x", true), link("l", "a")}).files_root(), base);
    EXPECT_NE(table({file("a", "y"), link("l", "a")}).files_root(), base);
    EXPECT_NE(table({file("b", "x"), link("l", "a")}).files_root(), base);
    EXPECT_NE(table({file("a", "x"), link("l", "b")}).files_root(), base);
    EXPECT_NE(table({file("a", "x")}).files_root(), base);
}

TEST(FileTable, DecodeRefusesWhatEncodeDoesNotWrite) {
    const FileTable files = table({file("a", "x"), file("b", "y")});
    const std::size_t entry = FileTable::encode_entry(files.entries()[0]).size();
    EXPECT_EQ(code_of(decode_changed(files, [](Bytes& b) { b[7] = std::byte{'2'}; })),
              Errc::kFileTableInvalid)
        << "magic";
    EXPECT_EQ(code_of(decode_changed(files, [](Bytes& b) { b.push_back(std::byte{0}); })),
              Errc::kFileTableInvalid)
        << "bytes after the end";
    EXPECT_EQ(code_of(decode_changed(files, [](Bytes& b) { b[8] = std::byte{1}; })),
              Errc::kFileTableInvalid)
        << "fewer entries than bytes";
    EXPECT_EQ(code_of(decode_changed(files, [](Bytes& b) { b[12] = std::byte{9}; })),
              Errc::kFileTableInvalid)
        << "kind";
    EXPECT_EQ(code_of(decode_changed(
                  files,
                  [entry](Bytes& b) {
                      std::rotate(b.begin() + 12,
                                  b.begin() + 12 + static_cast<std::ptrdiff_t>(entry), b.end());
                  })),
              Errc::kFileTableInvalid)
        << "order";
    EXPECT_EQ(
        code_of(decode_changed(files, [entry](Bytes& b) { b[12 + entry + 13] = std::byte{'a'}; })),
        Errc::kDuplicatePath);
    EXPECT_EQ(code_of(FileTable::decode({})), Errc::kFileTableInvalid);
}

TEST(FileTable, AHostileCountAllocatesNothing) {
    std::string bytes = "CATFTBL1";
    append_le<std::uint32_t>(bytes, 1'000'000);
    const auto refused = FileTable::decode(as_bytes(bytes));
    ASSERT_EQ(code_of(refused), Errc::kFileTableInvalid);
    ASSERT_NE(refused.error().detail_as<LocationDetail>(), nullptr);
    EXPECT_EQ(refused.error().detail_as<LocationDetail>()->offset, 12U);
    bytes.resize(8);
    append_le<std::uint32_t>(bytes, 0xffffffff);
    EXPECT_EQ(code_of(FileTable::decode(as_bytes(bytes))), Errc::kLimitExceeded);
}

TEST(FileTable, ALargeTableIsReadInReasonableTime) {
    std::vector<FileEntry> entries;
    for (int i = 0; i < 50'000; ++i)
        entries.push_back(file("d" + std::to_string(i % 100) + "/" + std::to_string(i), ""));
    const FileTable files = table(std::move(entries));
    EXPECT_EQ(must(FileTable::decode(files.encode())), files);
}

TEST(FileTable, TreesAreReadWithoutLookingAtPaths) {
    std::vector<FileEntry> entries(3);
    entries[0].path = "a";
    entries[0].tree.digest[0] = std::byte{1};
    entries[1].path = "b";
    entries[1].kind = FileEntryKind::kDirectory;
    entries[1].mode = 0755;
    entries[2].path = "c";
    entries[2].tree.digest[0] = std::byte{3};
    Bytes table = FileTable::make(entries)->encode();
    std::vector<ContentHash> trees;
    const auto add = [&](const ContentHash& id) -> Result<void> {
        trees.push_back(id);
        return {};
    };
    ASSERT_TRUE(for_each_tree(table, add));
    EXPECT_EQ(trees, (std::vector{entries[0].tree, entries[2].tree}));
    for (std::size_t size = 0; size < table.size(); ++size)
        EXPECT_FALSE(for_each_tree(ByteView(table).first(size), add)) << size;
    table.push_back(std::byte{0});
    EXPECT_FALSE(for_each_tree(table, add));
    const auto stop = [](const ContentHash&) { return fail(Errc::kCancelled, "enough"); };
    EXPECT_EQ(for_each_tree(table, [&](const ContentHash& id) -> Result<void> { return stop(id); })
                  .error()
                  .code(),
              Errc::kCancelled);
}

}  // namespace
}  // namespace catalog::package
