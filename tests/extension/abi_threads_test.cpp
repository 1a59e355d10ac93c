// The machine has no thread to give: pthread_create of this program fails when it is told to, also
// for the shared object, whose calls the dynamic linker leads here.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>

#include "catalog/core/executor.hpp"
#include "support/core/process_threads.hpp"
#include "support/extension/fake_host.hpp"
#include "support/extension/loaded_extension.hpp"

namespace {

// How many more threads may be there at the same time; any number while nothing is limited.
std::atomic<bool> g_limited{false};
std::atomic<int> g_threads_left{0};
std::atomic<int> g_refused{0};

struct Run {
    void* (*run)(void*);
    void* argument;
};

void* run_counted(void* given) {
    const Run run = *static_cast<Run*>(given);
    delete static_cast<Run*>(given);
    void* const result = run.run(run.argument);
    ++g_threads_left;
    return result;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int pthread_create(
    pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
    void* argument) noexcept {
    using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static const auto real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
    if (!g_limited) return real(thread, attributes, run, argument);
    if (g_threads_left.fetch_sub(1) <= 0) {
        ++g_threads_left;
        ++g_refused;
        return EAGAIN;
    }
    return real(thread, attributes, &run_counted, new Run{run, argument});
}

namespace catalog::extension::testing {
namespace {

/// While it lives, only so many more threads can be there at the same time.
class FewThreads {
public:
    explicit FewThreads(int threads) {
        g_refused = 0;
        g_threads_left = threads;
        g_limited = true;
    }
    ~FewThreads() { g_limited = false; }
    FewThreads(const FewThreads&) = delete;
    FewThreads& operator=(const FewThreads&) = delete;
};

std::ptrdiff_t entries(const char* folder) {
    return std::distance(std::filesystem::directory_iterator(folder),
                         std::filesystem::directory_iterator());
}

TEST(WithoutThreads, APoolThatCouldStartNoneIsNotGiven) {
    {
        const FewThreads none(0);
        EXPECT_EQ(try_make_thread_pool(2), nullptr);
        EXPECT_EQ(make_thread_pool(2)->concurrency(), 1u);
    }
    const FewThreads one(1);
    const std::shared_ptr<Executor> pool = try_make_thread_pool(2);
    ASSERT_NE(pool, nullptr);
    EXPECT_EQ(pool->concurrency(), 1u);
}

TEST(WithoutThreads, StartIsRefusedAndTheInstanceIsAsItWas) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    const std::size_t threads = catalog::testing::threads_of_this_process();
    const std::ptrdiff_t descriptors = entries("/proc/self/fd");
    {
        const FewThreads none(0);
        EXPECT_EQ(instance.start(), HMX_E_AGAIN);
        EXPECT_GT(g_refused.load(), 0);
    }
    EXPECT_EQ(instance.status().state, static_cast<uint32_t>(HMX_STATE_CREATED));
    EXPECT_EQ(instance.status().active_ops, 0u);
    EXPECT_EQ(catalog::testing::threads_left(threads), threads);
    EXPECT_EQ(entries("/proc/self/fd"), descriptors);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "no file was made";
    EXPECT_EQ(instance.start(), HMX_OK) << "with threads it starts after all";
}

// Every thread that a start needs fails once: start answers, always, and leaves nothing.
TEST(WithoutThreads, AStartWithFewerThreadsThanItWantsAnswersWithAName) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    int failed = 0;
    for (int allowed = 0;; ++allowed) {
        const TemporaryFolder folder;
        const std::size_t threads = catalog::testing::threads_of_this_process();
        const std::ptrdiff_t descriptors = entries("/proc/self/fd");
        int refused = 0;
        hmx_status started = HMX_OK;
        {
            TestInstance instance(extension.api(), nullptr,
                                  make_config(folder.path(), R"({"threads":2})"));
            {
                const FewThreads few(allowed);
                started = instance.start();
                refused = g_refused.load();
            }
            if (started == HMX_OK) {
                EXPECT_EQ(instance.request("info").status, HMX_OK);
            } else {
                ++failed;
                EXPECT_TRUE(started == HMX_E_AGAIN || started == HMX_E_STORAGE)
                    << started << " with " << allowed << " threads: " << instance.message();
                EXPECT_EQ(instance.status().file_descriptors, 0u);
            }
        }
        EXPECT_EQ(catalog::testing::threads_left(threads), threads)
            << "with " << allowed << " threads";
        EXPECT_EQ(entries("/proc/self/fd"), descriptors) << "with " << allowed << " threads";
        if (refused == 0) break;
        ASSERT_LT(allowed, 20);
    }
    EXPECT_GE(failed, 3) << "the pool's first thread, and both of the database";
}

TEST(WithoutThreads, ShutdownIsRefusedAndCanBeAskedAgain) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), nullptr, make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK) << instance.message();
    {
        const FewThreads none(0);
        EXPECT_EQ(instance.shutdown(), HMX_E_AGAIN);
    }
    EXPECT_EQ(instance.status().state, static_cast<uint32_t>(HMX_STATE_RUNNING));
    EXPECT_EQ(instance.request("info").status, HMX_OK);
    EXPECT_EQ(instance.shutdown(), HMX_OK);
}

// The host's executor refuses a task and the machine has no thread for it either.
TEST(WithoutThreads, ARequestThatNobodyCanRunNeverCompletes) {
    FakeHost host;
    host.offers[HMX_SVC_EXECUTOR] = HMX_OK;
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const TemporaryFolder folder;
    TestInstance instance(extension.api(), host.abi(), make_config(folder.path()));
    ASSERT_EQ(instance.start(), HMX_OK) << instance.message();
    Waiter waiter;
    const hmx_completion completion = waiter.completion();
    host.refuses_tasks = true;
    {
        const FewThreads none(0);
        EXPECT_EQ(extension.api().request_async(instance.get(), nullptr, text("info"), text("{}"),
                                                &completion, nullptr),
                  HMX_E_AGAIN);
    }
    host.refuses_tasks = false;
    EXPECT_EQ(instance.status().active_ops, 0u);
    EXPECT_EQ(instance.shutdown(), HMX_OK);
    EXPECT_EQ(waiter.count(), 0u);
}

}  // namespace
}  // namespace catalog::extension::testing
