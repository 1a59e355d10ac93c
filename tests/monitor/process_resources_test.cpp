#include "catalog/monitor/process_resources.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace catalog::monitor {
namespace {

namespace fs = std::filesystem;

// A folder as /proc/self, whose files a test writes.
class ProcessFolder {
public:
    ProcessFolder() {
        std::string name = (fs::temp_directory_path() / "catalog_proc_XXXXXX").string();
        path_ = ::mkdtemp(name.data());
        write("stat", "17 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0");
        write("status", "Name:\tx\nVmRSS:\t  2048 kB\nRssAnon:\t 1024 kB\nThreads:\t3\n");
        fs::create_directory(path_ + "/fd");
        for (const char* name_of : {"0", "1", "2", "3"}) write(std::string("fd/") + name_of, "");
    }
    ~ProcessFolder() { fs::remove_all(path_); }
    ProcessFolder(const ProcessFolder&) = delete;
    ProcessFolder& operator=(const ProcessFolder&) = delete;

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ + "/" + name) << text;
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

TEST(ProcessResources, AreWhatTheFilesSay) {
    const ProcessFolder folder;
    const auto resources = read_process_resources(folder.path());
    ASSERT_TRUE(resources) << resources.error().to_string();
    EXPECT_DOUBLE_EQ(resources->cpu_seconds, 200.0 / static_cast<double>(::sysconf(_SC_CLK_TCK)));
    EXPECT_EQ(resources->resident_bytes, 2'048u * 1'024);
    EXPECT_EQ(resources->anonymous_bytes, 1'024u * 1'024);
    EXPECT_EQ(resources->threads, 3u);
    EXPECT_EQ(resources->open_files, 3u);
}

TEST(ProcessResources, OfThisProcessFollowWhatItDoes) {
    const auto before = read_process_resources();
    ASSERT_TRUE(before) << before.error().to_string();
    const std::ifstream one("/dev/null");
    const std::ifstream two("/dev/null");
    const auto after = read_process_resources();
    ASSERT_TRUE(after);
    EXPECT_EQ(after->open_files, before->open_files + 2);
    EXPECT_GE(after->cpu_seconds, before->cpu_seconds);
    EXPECT_GE(after->resident_bytes, after->anonymous_bytes);
    EXPECT_GE(after->threads, 1u);
}

TEST(ProcessResources, NameTheFileThatIsMissingOrWrong) {
    const auto expect_refused = [](const std::string& path, std::string_view name) {
        const auto resources = read_process_resources(path);
        ASSERT_FALSE(resources);
        EXPECT_EQ(resources.error().code(), Errc::kUnsupported);
        EXPECT_NE(resources.error().to_string().find(path + "/" + std::string(name)),
                  std::string::npos)
            << resources.error().to_string();
    };
    expect_refused("no_such_folder", "stat");
    const ProcessFolder folder;
    folder.write("stat", "17 (a) S 1 2");
    expect_refused(folder.path(), "stat");
    folder.write("stat", "17 (a) S 1 2 3 4 5 6 7 8 9 10 x 50 0 0");
    expect_refused(folder.path(), "stat");
    const ProcessFolder second;
    second.write("status", "VmRSS: many\n");
    expect_refused(second.path(), "status");
    const ProcessFolder third;
    fs::remove_all(third.path() + "/fd");
    expect_refused(third.path(), "fd");
}

TEST(ProcessResources, SayOfThemselvesWhetherTheyCouldBeRead) {
    std::vector<MetricFamily> families;
    collect_process_resources(families, "no_such_folder");
    ASSERT_EQ(families.size(), 1u);
    EXPECT_EQ(families[0].name, "process_resources_readable");
    EXPECT_EQ(families[0].samples.at(0).value, 0);
    families.clear();
    const ProcessFolder folder;
    collect_process_resources(families, folder.path());
    EXPECT_EQ(families.size(), 6u);
    EXPECT_EQ(families[0].samples.at(0).value, 1);
}

}  // namespace
}  // namespace catalog::monitor
