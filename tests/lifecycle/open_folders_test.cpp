#include "open_folders.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "support/io/results.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::lifecycle {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::TemporaryFolder;

std::string text_of(io::FileSystem& fs, const std::string& path) {
    const auto file = must(fs.open_read(path));
    Bytes bytes(100);
    bytes.resize(must(file->read_at(0, bytes)));
    return std::string(as_text(bytes));
}

TEST(OpenFolders, AFileIsWhereItsPathSaysInAnyOrder) {
    constexpr std::uint64_t kSeed = 3;
    std::mt19937_64 random(kSeed);
    const TemporaryFolder folder;
    const auto fs = io::make_posix_file_system();
    const auto root = must(fs->open_directory(folder.path()));
    std::vector<std::string> paths{"a file of the root"};
    for (int i = 0; i < 600; ++i) {
        const std::string inner =
            "f" + std::to_string(i % 150) + (i % 2 == 0 ? "" : "/g" + std::to_string(i % 7));
        must(root->make_directories(inner));
        paths.push_back(inner + "/" + std::to_string(i));
    }
    std::shuffle(paths.begin(), paths.end(), random);
    OpenFolders folders(*root);
    for (const std::string& path : paths) {
        const auto place = must(folders.place_of(path));
        const auto file = must(place.folder->create_file(place.name, 0644));
        must(file->append(as_bytes(path)));
        must(file->close());
    }
    for (const std::string& path : paths)
        ASSERT_EQ(text_of(*fs, folder.path() + "/" + path), path) << "seed " << kSeed;
}

TEST(OpenFolders, WithoutAFreeDescriptorThePlaceIsTheWholePath) {
    const TemporaryFolder folder;
    io::PosixOptions options;
    options.open_files = std::make_shared<io::OpenFiles>(3);
    const auto fs = io::make_posix_file_system(options);
    const auto root = must(fs->open_directory(folder.path()));
    for (const char* name : {"a", "b", "c", "d"}) must(root->make_directories(name));
    OpenFolders folders(*root);
    for (const char* name : {"a", "b", "c", "d"}) {
        const auto place = must(folders.place_of(std::string(name) + "/file"));
        EXPECT_TRUE(place.name == "file" || place.name == std::string(name) + "/file");
    }
    // What was open is not any more.
    EXPECT_TRUE(fs->open_directory(folder.path()).has_value());
}

TEST(OpenFolders, AFolderThatIsNotThereIsAnError) {
    const TemporaryFolder folder;
    const auto fs = io::make_posix_file_system();
    const auto root = must(fs->open_directory(folder.path()));
    OpenFolders folders(*root);
    EXPECT_EQ(code_of(folders.place_of("missing/file")), Errc::kFileNotFound);
}

}  // namespace
}  // namespace catalog::lifecycle
