// Handles of open files: never another file than the one that was opened.

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"
#include "typed/open_contents.hpp"

namespace catalog::extension::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using library::testing::environment_on;
using library::testing::open_library;
using library::testing::small_draft;

std::unique_ptr<library::AssetLibrary> library_of_files(int files) {
    auto library = open_library(environment_on(io::testing::SimulatedFileSystem::make()));
    std::vector<library::testing::SmallFile> all;
    for (int i = 0; i < files; ++i) all.push_back({"f" + std::to_string(i), std::string(i, 'x')});
    must(library->publish(small_draft("kit", "1.0.0", all)));
    return library;
}

TEST(OpenContents, HandlesNameWhatTheyWereOpenedForWhateverIsOpenedAndClosed) {
    constexpr int kFiles = 5;
    constexpr std::uint64_t kSeed = 11;
    const auto library = library_of_files(kFiles);
    OpenContents contents(*library);
    std::map<std::uint64_t, int> open;
    std::set<std::uint64_t> closed;
    std::mt19937_64 random(kSeed);
    for (int step = 0; step < 2'000; ++step) {
        SCOPED_TRACE("seed " + std::to_string(kSeed) + ", step " + std::to_string(step));
        const auto choice = random() % 4;
        if (choice == 0 || open.empty()) {
            const int file = static_cast<int>(random() % kFiles);
            const std::uint64_t handle = must(contents.open(random() % 2 == 0 ? "kit" : "kit@1.0.0",
                                                            "f" + std::to_string(file), {}));
            ASSERT_NE(handle, 0u);
            ASSERT_FALSE(open.contains(handle) || closed.contains(handle));
            open[handle] = file;
        } else if (choice == 1) {
            const auto it =
                std::next(open.begin(), static_cast<std::ptrdiff_t>(random() % open.size()));
            must(contents.close(it->first));
            ASSERT_EQ(code_of(contents.close(it->first)), Errc::kHandleStale);
            closed.insert(it->first);
            open.erase(it);
        } else if (choice == 2) {
            const auto it =
                std::next(open.begin(), static_cast<std::ptrdiff_t>(random() % open.size()));
            ASSERT_EQ(must(contents.find(it->first))->size_bytes(),
                      static_cast<std::uint64_t>(it->second));
        } else {
            std::uint64_t handle = random() >> (random() % 64);
            if (!closed.empty() && random() % 2 == 0) handle = *closed.lower_bound(0);
            ASSERT_EQ(code_of(contents.find(handle)),
                      open.contains(handle) ? std::nullopt : std::optional(Errc::kHandleStale));
        }
        ASSERT_EQ(contents.count(), open.size());
    }
    for (const std::uint64_t handle : closed)
        ASSERT_EQ(code_of(contents.find(handle)), Errc::kHandleStale);
}

TEST(OpenContents, AFileThatIsHeldOutlivesItsHandle) {
    const auto library = library_of_files(4);
    OpenContents contents(*library);
    const std::uint64_t handle = must(contents.open("kit", "f3", {}));
    const auto file = must(contents.find(handle));
    must(contents.close(handle));
    Bytes out(10);
    EXPECT_EQ(must(file->read_at(0, out)), 3u);
}

TEST(OpenContents, AreAsManyAsAllowed) {
    const auto library = library_of_files(2);
    OpenContents contents(*library, 3);
    std::vector<std::uint64_t> handles;
    for (int i = 0; i < 3; ++i) handles.push_back(must(contents.open("kit", "f1", {})));
    EXPECT_EQ(code_of(contents.open("kit", "f1", {})), Errc::kLimitExceeded);
    must(contents.close(handles[1]));
    EXPECT_TRUE(contents.open("kit", "f1", {}));
}

TEST(OpenContents, SayWhatIsNotThere) {
    const auto library = library_of_files(2);
    OpenContents contents(*library);
    EXPECT_EQ(code_of(contents.open("", "f1", {})), Errc::kInvalidName);
    EXPECT_EQ(code_of(contents.open("none", "f1", {})), Errc::kPackageNotFound);
    EXPECT_EQ(code_of(contents.open("kit@2.0.0", "f1", {})), Errc::kPackageNotFound);
    EXPECT_EQ(code_of(contents.open("kit", "f9", {})), Errc::kNotFound);
    EXPECT_EQ(contents.count(), 0u);
}

}  // namespace
}  // namespace catalog::extension::testing
