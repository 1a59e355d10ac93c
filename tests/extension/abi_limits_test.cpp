#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "support/core/process_threads.hpp"
#include "support/extension/fake_host.hpp"
#include "support/extension/loaded_extension.hpp"

namespace catalog::extension::testing {
namespace {

constexpr std::uint64_t kMebibyte = 1u << 20;

/// Descriptors of this process that lead below `folder`.
std::size_t descriptors_below(const std::string& folder) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
        if (!gone && target.starts_with(folder + "/")) ++count;
    }
    return count;
}

TEST(LimitsOfTheHost, LessThanAnInstanceNeedsIsRefusedAtCreate) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    const auto created = [&](auto change) {
        hmx_config config = make_config(folder.path());
        change(config.limits);
        return TestInstance(extension.api(), nullptr, config).created();
    };
    EXPECT_EQ(created([](hmx_limits& limits) { limits.max_memory_bytes = 4 * kMebibyte - 1; }),
              HMX_E_QUOTA_EXCEEDED);
    EXPECT_EQ(created([](hmx_limits& limits) { limits.max_memory_bytes = 4 * kMebibyte; }), HMX_OK);
    EXPECT_EQ(created([](hmx_limits& limits) { limits.max_file_descriptors = 63; }),
              HMX_E_QUOTA_EXCEEDED);
    EXPECT_EQ(created([](hmx_limits& limits) { limits.max_file_descriptors = 64; }), HMX_OK);
    EXPECT_EQ(created([](hmx_limits& limits) { limits.max_threads = 4; }), HMX_E_QUOTA_EXCEEDED);
    EXPECT_EQ(created([](hmx_limits& limits) { limits.max_threads = 5; }), HMX_OK);
}

TEST(LimitsOfTheHost, TheSmallestOnesAreEnoughToWork) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    hmx_config config = make_config(folder.path(), R"({"threads":50})");
    config.limits.max_memory_bytes = 4 * kMebibyte;
    config.limits.max_file_descriptors = 64;
    config.limits.max_threads = 5;
    TestInstance instance(extension.api(), nullptr, config);
    ASSERT_EQ(instance.start(), HMX_OK) << instance.message();
    EXPECT_EQ(instance.request("info").status, HMX_OK);
    const TestInstance::Answer imported = instance.request(
        "import_metadata", R"({"text":"{\"name\":\"a\",\"version\":\"1.0.0\"}\n"})");
    EXPECT_EQ(imported.status, HMX_OK) << imported.message;
    EXPECT_LE(instance.status().threads, 4u) << "and the one of shutdown";
}

TEST(StatusReport, CountsTheDescriptorsThatAreOpen) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    EXPECT_EQ(instance.status().file_descriptors, 0u);
    ASSERT_EQ(instance.start(), HMX_OK) << instance.message();
    EXPECT_GT(instance.status().file_descriptors, 0u);
    EXPECT_EQ(instance.status().file_descriptors, descriptors_below(folder.path()));
    ASSERT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_EQ(instance.status().file_descriptors, 0u);
    EXPECT_EQ(descriptors_below(folder.path()), 0u);
}

TEST(StatusReport, CountsThreadsOfThePoolAndOfTheDatabase) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    const std::size_t before = catalog::testing::threads_of_this_process();
    TestInstance instance(extension.api(), nullptr, make_config(folder.path(), R"({"threads":3})"));
    ASSERT_EQ(instance.start(), HMX_OK) << instance.message();
    EXPECT_EQ(instance.status().threads, catalog::testing::threads_of_this_process() - before);
    ASSERT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_EQ(instance.status().threads, 0u);
}

TEST(StatusReport, CountsTheMemoryOfWhatIsHandedOut) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    EXPECT_EQ(instance.status().memory_bytes, 0u);
    ASSERT_EQ(instance.start(), HMX_OK) << instance.message();
    const std::uint64_t before = instance.status().memory_bytes;
    EXPECT_GT(before, 0u) << "the database has write buffers";
    hmx_buf answer{};
    ASSERT_EQ(extension.api().request(instance.get(), nullptr, text("methods"), text(""), &answer,
                                      nullptr),
              HMX_OK);
    EXPECT_GE(instance.status().memory_bytes, before + answer.size);
    answer.release(answer.owner);
    EXPECT_EQ(instance.status().memory_bytes, before);
    EXPECT_EQ(instance.status().network_bytes, 0u);
    ASSERT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_EQ(instance.status().memory_bytes, 0u);
}

TEST(LimitsOfTheHost, RequestsAreRefusedWhileTooMuchMemoryIsHandedOut) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    hmx_config config = make_config(folder.path());
    config.limits.max_memory_bytes = 4 * kMebibyte;
    TestInstance instance(extension.api(), nullptr, config);
    ASSERT_EQ(instance.start(), HMX_OK) << instance.message();
    std::vector<hmx_buf> held;
    hmx_status status = HMX_OK;
    while (held.size() < 10'000) {
        hmx_buf answer{};
        status = extension.api().request(instance.get(), nullptr, text("methods"), text(""),
                                         &answer, nullptr);
        held.push_back(answer);
        if (status != HMX_OK) break;
    }
    EXPECT_EQ(status, HMX_E_QUOTA_EXCEEDED);
    EXPECT_GE(instance.status().memory_bytes, 4 * kMebibyte);
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    EXPECT_EQ(extension.api().request_async(instance.get(), nullptr, text("methods"), text(""),
                                            &completion, nullptr),
              HMX_E_QUOTA_EXCEEDED);
    for (const hmx_buf& answer : held) answer.release(answer.owner);
    EXPECT_EQ(instance.request("methods").status, HMX_OK) << "what was given back counts no more";
}

}  // namespace
}  // namespace catalog::extension::testing
