#include "catalog/package/package_content.hpp"

#include <gtest/gtest.h>

#include "results.hpp"
#include "support/package/builders.hpp"

namespace catalog::package {
namespace {

using testing::empty_folder;
using testing::file;
using testing::link;
using testing::metadata;
using testing::table;

std::vector<std::string> paths(const std::vector<const FileEntry*>& entries) {
    std::vector<std::string> out;
    for (const FileEntry* entry : entries) out.push_back(entry->path);
    return out;
}

using Paths = std::vector<std::string>;

FileTable example() {
    return table({file("README.md", ""), file("bin/a", "", true), file("bin/b", "", true),
                  file("t/x", ""), file("t/y", ""), file("img.png", ""), link("l", "img.png"),
                  empty_folder("var")});
}

template <class Change>
std::optional<Errc> classify_code(Change change) {
    PackageMetadata value = metadata("a@1.0.0");
    change(value);
    return code_of(PackageContent::classify(value, example()));
}

TEST(PackageContent, SortsEntriesByRole) {
    PackageMetadata value = metadata("a@1.0.0");
    value.entry = "bin/a";
    value.binaries = {"bin/b", "bin/a"};
    value.templates = {"t/y", "t/x"};
    value.resources = {"img.png", "l"};
    const FileTable files = example();
    const PackageContent content = must(PackageContent::classify(value, files));
    ASSERT_NE(content.entry, nullptr);
    EXPECT_EQ(content.entry->path, "bin/a");
    EXPECT_EQ(paths(content.binaries), (Paths{"bin/a", "bin/b"}));
    EXPECT_EQ(paths(content.templates), (Paths{"t/x", "t/y"}));
    EXPECT_EQ(paths(content.resources), (Paths{"img.png", "l"}));
    EXPECT_EQ(paths(content.files), (Paths{"README.md", "var"}));
}

TEST(PackageContent, WithoutRolesEverythingIsAFile) {
    const FileTable files = example();
    const PackageContent content = must(PackageContent::classify(metadata("a@1.0.0"), files));
    EXPECT_EQ(content.entry, nullptr);
    EXPECT_EQ(content.files.size(), files.entries().size());
    EXPECT_TRUE(content.binaries.empty() && content.templates.empty() && content.resources.empty());
}

TEST(PackageContent, AnEntryMayHaveSeveralRolesAndStandsOnceInEach) {
    PackageMetadata value = metadata("a@1.0.0");
    value.templates = {"t/x", "t/x"};
    value.resources = {"t/x"};
    const FileTable files = example();
    const PackageContent content = must(PackageContent::classify(value, files));
    EXPECT_EQ(paths(content.templates), Paths{"t/x"});
    EXPECT_EQ(paths(content.resources), Paths{"t/x"});
}

TEST(PackageContent, WhatIsNotThereOrOfAnotherKindIsRefused) {
    EXPECT_EQ(classify_code([](auto& m) { m.entry = "bin/none"; }), Errc::kMetadataInvalid);
    EXPECT_EQ(classify_code([](auto& m) { m.entry = "l"; }), Errc::kMetadataInvalid);
    EXPECT_EQ(classify_code([](auto& m) { m.binaries = {"l"}; }), Errc::kMetadataInvalid);
    EXPECT_EQ(classify_code([](auto& m) { m.binaries = {"bin"}; }), Errc::kMetadataInvalid);
    EXPECT_EQ(classify_code([](auto& m) { m.templates = {"t"}; }), Errc::kMetadataInvalid);
    EXPECT_EQ(classify_code([](auto& m) { m.resources = {"var"}; }), Errc::kMetadataInvalid);
}

}  // namespace
}  // namespace catalog::package
