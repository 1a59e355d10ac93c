// A library whose index is sealed is the same library.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "catalog/core/bytes.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "library_impl.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

std::vector<std::string> findings_of(AssetLibrary& library) {
    std::vector<std::string> texts;
    for (const Finding& finding : must(library.verify(true)).findings)
        texts.push_back(finding.where + ": " + finding.what);
    return texts;
}

void import_line(AssetLibrary& library, int number) {
    const std::string line = R"({"name":"p)" + std::to_string(number) +
                             R"(","version":"1.0.0","description":"imported"})" + "\n";
    must(library.import_metadata(content::source_of(as_bytes(line)), true));
}

std::vector<std::string> segment_files(io::FileSystem& fs) {
    std::vector<std::string> names;
    for (const io::DirectoryEntry& entry : must(fs.list("/library/segments")))
        names.push_back(entry.name);
    return names;
}

TEST(SealedLibrary, AnswersAsBefore) {
    const auto disk = SimulatedFileSystem::make();
    const auto library = open_library(environment_on(disk));
    must(library->publish(small_draft("base", "1.0.0", {{"a.txt", "one\n"}})));
    must(library->publish(small_draft("app", "1.0.0", {{"b.txt", "two\n"}}, {"base ^1"})));
    import_line(*library, 1);
    EXPECT_EQ(must(library->seal_index(4)).versions_sealed, 0u);
    EXPECT_EQ(must(library->seal_index()).versions_sealed, 3u);
    EXPECT_EQ(must(library->seal_index()).versions_sealed, 0u);
    EXPECT_EQ(file_of(*library, "base@1.0.0", "a.txt"), "one\n");
    EXPECT_EQ(must(library->search("imported", {}, 10)).size(), 1u);
    EXPECT_EQ(must(library->dependents(must(PackageName::parse("base")), true)).size(), 1u);
    EXPECT_EQ(must(library->stats()).packages.versions, 3u);
    EXPECT_EQ(code_of(library->publish(small_draft("app", "1.0.0", {{"b.txt", "x\n"}}))),
              Errc::kPackageExists);
    must(library->change_state(must(PackageId::parse("app@1.0.0")), "yank", "test"));
    EXPECT_TRUE(must(library->find("app@1.0.0")).entry().yanked);
    must(library->install("/prefix", {"base"}));
    EXPECT_EQ(findings_of(*library), std::vector<std::string>());
}

TEST(SealedLibrary, IsReadByOthersWhileItIsMerged) {
    const auto disk = SimulatedFileSystem::make();
    const auto library = open_library(environment_on(disk));
    LibraryOptions options;
    options.read_only = true;
    const auto reader = must(AssetLibrary::open("/library", options, environment_on(disk)));
    for (int number = 0; number < 17; ++number) {
        import_line(*library, number);
        must(library->seal_index());
        EXPECT_EQ(must(reader->search("imported", {}, 100)).size(),
                  static_cast<std::size_t>(number) + 1);
    }
    EXPECT_LT(segment_files(*disk).size(), 17u);
    EXPECT_EQ(code_of(reader->seal_index()), Errc::kLibraryReadOnly);
    EXPECT_EQ(findings_of(*reader), std::vector<std::string>());
}

TEST(SealedLibrary, CanBeClosedAndOpenedWhileItsPackagesAreHeld) {
    const auto disk = SimulatedFileSystem::make();
    auto library = open_library(environment_on(disk));
    must(library->publish(small_draft("base", "1.0.0")));
    must(library->seal_index());
    const index::LazyPackage held = must(library->find("base"));
    library.reset();
    library = open_library(environment_on(disk));
    EXPECT_EQ(must(library->find("base")).entry(), held.entry());
}

TEST(SealedLibrary, TakesManyImportedLinesIntoSegments) {
    const auto disk = SimulatedFileSystem::make();
    auto library = open_library(environment_on(disk));
    must(library->publish(small_draft("base", "1.0.0")));
    import_line(*library, 1);
    std::string lines;
    for (int number = 0; number < 5'000; ++number)
        lines += R"({"name":"p)" + std::to_string(number / 2) + R"(","version":"1.)" +
                 std::to_string(number % 2) + R"(.0","description":"imported"})" + "\n";
    lines += "{\n";  // line 5,001
    lines += R"({"name":"p0","version":"1.0.0"})"
             "\n";  // other content
    lines += R"({"name":"p0","version":"1.0.0","description":"imported"})"
             "\n";
    const auto report = must(library->import_metadata(content::source_of(as_bytes(lines)), false));
    EXPECT_EQ(report.lines, 5'003u);
    EXPECT_EQ(report.imported, 4'999u);
    EXPECT_EQ(report.already_there, 2u);
    ASSERT_EQ(report.refused.size(), 2u);
    EXPECT_EQ(report.refused[0].line, 5'001u);
    EXPECT_EQ(report.refused[1].line, 5'002u);
    EXPECT_EQ(segment_files(*disk).size(), 1u);
    EXPECT_EQ(must(library->stats()).packages.versions, 5'001u);
    EXPECT_EQ(must(library->stats()).packages.names, 2'501u);
    library.reset();
    library = open_library(environment_on(disk));
    EXPECT_EQ(findings_of(*library), std::vector<std::string>());
    const auto again = must(library->import_metadata(content::source_of(as_bytes(lines)), false));
    EXPECT_EQ(again.imported, 0u);
    EXPECT_EQ(again.already_there, 5'001u);
    must(library->repair());
    EXPECT_EQ(must(library->stats()).packages.versions, 5'001u);
    EXPECT_EQ(code_of(library->import_metadata(content::source_of(as_bytes(lines)), true)),
              Errc::kJsonSyntax);
    EXPECT_EQ(findings_of(*library), std::vector<std::string>());
}

std::string numbered_lines(int count) {
    std::string lines;
    for (int number = 0; number < count; ++number)
        lines += R"({"name":"q)" + std::to_string(number) + R"(","version":"1.0.0"})" + "\n";
    return lines;
}

TEST(SealedLibrary, MakesSegmentsOfAsManyImportedLinesAsItIsTold) {
    const auto disk = SimulatedFileSystem::make();
    must(AssetLibrary::create("/library", {}, environment_on(disk)));
    LibraryOptions options;
    options.imports.segment_lines_min = 10;
    options.imports.commit_versions_max = 4;
    const auto library = must(AssetLibrary::open("/library", options, environment_on(disk)));
    const auto import = [&](int count) {
        return must(
            library->import_metadata(content::source_of(as_bytes(numbered_lines(count))), true));
    };
    EXPECT_EQ(import(9).imported, 9u);
    EXPECT_EQ(must(library->stats()).packages.versions, 9u);
    EXPECT_FALSE(disk->list("/library/segments"));
    EXPECT_EQ(import(19).imported, 10u);
    EXPECT_EQ(segment_files(*disk).size(), 3u);
    EXPECT_EQ(must(library->stats()).packages.versions, 19u);
    EXPECT_EQ(findings_of(*library), std::vector<std::string>());
}

TEST(SealedLibrary, KeepsWhatAnImportReadBeforeItsSourceFailed) {
    const auto disk = SimulatedFileSystem::make();
    const auto library = open_library(environment_on(disk));
    const std::string lines = numbered_lines(5'000);
    std::size_t at = 0;
    const content::ByteSource source = [&](std::span<std::byte> out) -> Result<std::size_t> {
        const std::size_t count = std::min(out.size(), lines.size() - at);
        if (count == 0) return fail(Errc::kIo, "the disk went away");
        std::memcpy(out.data(), lines.data() + at, count);
        at += count;
        return count;
    };
    EXPECT_EQ(code_of(library->import_metadata(source, true)), Errc::kIo);
    EXPECT_GE(must(library->stats()).packages.versions, 4'096u);
    EXPECT_EQ(findings_of(*library), std::vector<std::string>());
}

TEST(SealedLibrary, OfAnEarlierVersionIsReadAndSealed) {
    const auto disk = SimulatedFileSystem::make();
    const Environment environment = environment_on(disk);
    must(AssetLibrary::create("/library", {}, environment));
    // As it was before the family was added.
    must(disk->remove_tree("/library/db"));
    {
        kv::OpenOptions options;
        options.families = family_names();
        ASSERT_EQ(options.families.back(), "segments");
        options.families.pop_back();
        options.create_if_missing = true;
        must(kv::open_rocksdb(disk, "/library/db", options));
    }
    LibraryOptions reading;
    reading.read_only = true;
    const auto reader = must(AssetLibrary::open("/library", reading, environment));
    EXPECT_EQ(must(reader->stats()).packages.versions, 0u);
    EXPECT_EQ(findings_of(*reader), std::vector<std::string>());
    const auto writer = open_library(environment);
    import_line(*writer, 1);
    EXPECT_EQ(must(writer->seal_index()).versions_sealed, 1u);
    EXPECT_TRUE(writer->find("p1"));
    EXPECT_TRUE(reader->find("p1")) << "the reader that was there before follows";
}

TEST(SealedLibrary, LosesNothingWithItsSegments) {
    const auto disk = SimulatedFileSystem::make();
    auto library = open_library(environment_on(disk));
    must(library->publish(small_draft("base", "1.0.0", {{"a.txt", "one\n"}})));
    import_line(*library, 1);
    must(library->seal_index());
    must(library->change_state(must(PackageId::parse("base@1.0.0")), "deprecate", "test"));
    library.reset();
    must(disk->remove_file("/library/segments/" + segment_files(*disk).front()));
    library = open_library(environment_on(disk));
    EXPECT_EQ(code_of(library->find("base")), Errc::kIndexCorrupted);
    EXPECT_NE(findings_of(*library), std::vector<std::string>());
    must(library->repair());
    EXPECT_EQ(findings_of(*library), std::vector<std::string>());
    EXPECT_EQ(must(library->find("base@1.0.0")).entry().state, package::PackageState::kDeprecated);
    EXPECT_EQ(file_of(*library, "base@1.0.0", "a.txt"), "one\n");
    EXPECT_EQ(must(library->search("imported", {}, 10)).size(), 1u);
    EXPECT_EQ(must(library->seal_index()).versions_sealed, 2u);
    EXPECT_EQ(findings_of(*library), std::vector<std::string>());
}

}  // namespace
}  // namespace catalog::library::testing
