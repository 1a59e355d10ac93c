#include "catalog/lifecycle/package_builder.hpp"

#include <gtest/gtest.h>

#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::lifecycle {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;

PackageBuilder builder() { return {must(PackageName::parse("kit")), version::SemVer(1, 0, 0)}; }

std::vector<std::string> paths_of(const PackageDraft& draft) {
    std::vector<std::string> paths;
    for (const DraftFile& file : draft.files) paths.push_back(file.path);
    return paths;
}

void write_file(io::FileSystem& fs, const std::string& path, std::string_view text,
                std::uint32_t mode = 0644) {
    must(fs.make_directories(io::parent_path(path)));
    const auto file = must(fs.open_write(path, io::OpenMode::kTruncate, mode));
    must(file->append(as_bytes(text)));
    must(file->set_mode(mode));
    must(file->close());
}

TEST(PackageBuilder, PutsFilesInOrder) {
    auto b = builder();
    b.file("z", std::string_view("1"))
        .file("a/b", std::string_view("2"), true)
        .link("a/c", "b")
        .directory("empty");
    const PackageDraft draft = must(b.build());
    EXPECT_EQ(paths_of(draft), (std::vector<std::string>{"a/b", "a/c", "empty", "z"}));
    EXPECT_EQ(draft.files[0].mode, 0755u);
}

TEST(PackageBuilder, ReturnsTheFirstMistake) {
    auto b = builder();
    b.depends_on("bad name", "^1").depends_on("base", "nonsense").file("ok", std::string_view("x"));
    EXPECT_EQ(code_of(b.build()), Errc::kInvalidName);
}

TEST(PackageBuilder, RefusesWhatAPackageMayNotHold) {
    const auto code = [](auto change) {
        auto b = builder();
        change(b);
        return code_of(b.build());
    };
    EXPECT_EQ(code([](auto& b) { b.file("../up", std::string_view("x")); }), Errc::kPathUnsafe);
    EXPECT_EQ(code([](auto& b) { b.file("/abs", std::string_view("x")); }), Errc::kPathUnsafe);
    EXPECT_EQ(
        code([](auto& b) { b.file("a", std::string_view("x")).file("a", std::string_view("y")); }),
        Errc::kDuplicatePath);
    EXPECT_EQ(code([](auto& b) {
                  b.file("a", std::string_view("x")).file("a/b", std::string_view("y"));
              }),
              Errc::kFileTableInvalid);
    EXPECT_EQ(code([](auto& b) { b.link("a", "/etc/passwd"); }), Errc::kLinkRefused);
    EXPECT_EQ(code([](auto& b) { b.link("a", "../../x"); }), Errc::kLinkRefused);
    EXPECT_EQ(code([](auto& b) { b.entry("missing"); }), Errc::kMetadataInvalid);
    EXPECT_EQ(code([](auto& b) { b.depends_on("base", "path:../base"); }), Errc::kMetadataInvalid);
}

TEST(DraftFromDirectory, TakesWhatTheProjectIncludes) {
    const auto fs = SimulatedFileSystem::make();
    write_file(*fs, "/p/catalog.toml",
               "[package]\nname='kit'\nversion='1.0.0'\n[files]\nexclude=['*.log','tmp/']\n");
    write_file(*fs, "/p/src/main.c", "int main;");
    write_file(*fs, "/p/run.sh", "#!", 0750);
    write_file(*fs, "/p/debug.log", "x");
    write_file(*fs, "/p/tmp/scratch", "x");
    write_file(*fs, "/p/.git/HEAD", "x");
    must(fs->make_directories("/p/empty"));
    const PackageDraft draft = must(draft_from_directory(fs, "/p"));
    EXPECT_EQ(paths_of(draft),
              (std::vector<std::string>{"catalog.toml", "empty", "run.sh", "src/main.c"}));
    EXPECT_EQ(draft.files[2].mode, 0755u);
}

TEST(DraftFromDirectory, SaysWhatIsWrongWithTheFolder) {
    const auto fs = SimulatedFileSystem::make();
    EXPECT_EQ(code_of(draft_from_directory(fs, "/none")), Errc::kFileNotFound);
    write_file(*fs, "/p/file", "x");
    EXPECT_EQ(code_of(draft_from_directory(fs, "/p/file")), Errc::kNotADirectory);
    const auto missing = draft_from_directory(fs, "/p");
    ASSERT_EQ(code_of(missing), Errc::kFileNotFound);
    EXPECT_NE(missing.error().hint().find("catalog new"), std::string::npos);
    write_file(*fs, "/p/catalog.toml", "[package]\nname='kit'\nversion='1.0.0'\n");
    write_file(*fs, "/p/suid", "x", 04755);
    EXPECT_EQ(code_of(draft_from_directory(fs, "/p")), Errc::kModeRefused);
}

TEST(DraftFile, NoticesThatTheFileChangedSinceItWasSeen) {
    const auto fs = SimulatedFileSystem::make();
    write_file(*fs, "/p/data", "before");
    auto b = builder();
    b.file_from(fs, "data", "/p/data");
    const PackageDraft draft = must(b.build());
    write_file(*fs, "/p/data", "changed!");
    EXPECT_EQ(code_of(draft.files[0].open()), Errc::kContentChanged);
}

}  // namespace
}  // namespace catalog::lifecycle
