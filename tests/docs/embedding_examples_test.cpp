// The pieces of docs/embedding.md, compiled and run; embedding_page_test.cpp compares them with the
// page.

#include <gtest/gtest.h>

#include <unistd.h>
#include <atomic>
#include <catalog/library/asset_library.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace catalog::docs {
namespace {

using library::AssetLibrary;

/// A folder of this test's own, removed at the end.
class Folder {
public:
    explicit Folder(const std::string& name)
        : path_(std::filesystem::temp_directory_path() /
                ("catalog-embedding-" + name + "-" + std::to_string(::getpid()))) {
        std::filesystem::remove_all(path_);
        std::filesystem::create_directories(path_);
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

// The host's time: here one that stands still.
class HostClock final : public Clock {
public:
    MonotonicTime now_monotonic() const override { return MonotonicTime(std::chrono::hours(1)); }
    WallTime now_wall() const override { return WallTime(std::chrono::years(50)); }
    bool sleep_for(std::chrono::nanoseconds, const std::stop_token& stop) const override {
        return !stop.stop_requested();
    }
};

// Hands the library's work to threads that the host has anyway.
class HostExecutor final : public Executor {
public:
    explicit HostExecutor(std::shared_ptr<Executor> pool) : pool_(std::move(pool)) {}
    void post(std::function<void()> task) override {
        ++tasks;
        pool_->post(std::move(task));
    }
    std::size_t concurrency() const noexcept override { return pool_->concurrency(); }

    std::atomic<int> tasks = 0;

private:
    std::shared_ptr<Executor> pool_;
};

class HostLog final : public LogSink {
public:
    bool enabled(LogLevel level) const noexcept override { return level >= LogLevel::kWarning; }
    void write(const LogRecord& record) noexcept override { last_level = record.level; }

    std::atomic<LogLevel> last_level = LogLevel::kTrace;
};

Result<lifecycle::PackageDraft> draft_of(const std::string& name) {
    lifecycle::PackageBuilder builder(*PackageName::parse(name), version::SemVer(1, 0, 0));
    return builder.description("an example")
        .license("MIT")
        .file("data", std::string_view("x"))
        .build();
}

TEST(Embedding, HostsServicesAreUsed) {
    const Folder folder("services");
    const std::string path = folder.path() + "/library";
    const std::shared_ptr<Executor> pool = make_thread_pool(2);

    library::Environment environment;
    environment.clock = std::make_shared<HostClock>();
    environment.executor = std::make_shared<HostExecutor>(pool);
    environment.log_sink = std::make_shared<HostLog>();
    environment.file_system = io::make_posix_file_system();
    library::LibraryOptions options;
    options.create_if_missing = true;
    options.lock_wait = std::chrono::seconds(2);
    options.holder = "my host";
    auto library = AssetLibrary::open(path, options, environment);

    ASSERT_TRUE(library) << library.error().to_string();
    const auto draft = draft_of("acme/tool");
    ASSERT_TRUE(draft);
    ASSERT_TRUE((*library)->publish(*draft));
    EXPECT_EQ((*library)->metadata().created, WallTime(std::chrono::years(50)));
}

TEST(Embedding, AnEncryptedLibraryOpensWithItsPassphraseAlone) {
    const Folder made("encrypted");
    const std::string folder = made.path();
    const std::string text = "correct horse battery staple";
    const library::Environment environment;
    library::LibraryOptions making;
    making.key = content::Passphrase{text, {}};
    ASSERT_TRUE(AssetLibrary::create(folder + "/library", making, environment));
    EXPECT_FALSE(AssetLibrary::open(folder + "/library", {}, environment));

    library::LibraryOptions options;
    options.key = content::Passphrase{text, {}};
    const auto library = AssetLibrary::open(folder + "/library", options, environment);

    EXPECT_TRUE(library) << library.error().to_string();
}

std::string explain(const Error& error) {
    if (const auto* busy = error.detail_as<BusyDetail>()) return "wait for " + busy->holder;
    switch (errc_category(error.code())) {
        case ErrorCategory::kAnswer:
            return "no: " + std::string(error.message());
        case ErrorCategory::kInput:
            return "check " + std::string(error.input());
        default:
            return error.to_string() + " (" + std::string(error.hint()) + ")";
    }
}

TEST(Embedding, ErrorsSayWhatToDo) {
    const Folder folder("errors");
    library::LibraryOptions options;
    options.create_if_missing = true;
    options.lock_wait = std::chrono::milliseconds(0);
    options.holder = "my host";
    auto library = AssetLibrary::open(folder.path() + "/library", options);
    ASSERT_TRUE(library) << library.error().to_string();
    const auto missing = (*library)->find("acme/absent");
    ASSERT_FALSE(missing);
    EXPECT_EQ(explain(missing.error()).substr(0, 4), "no: ");
    const auto second = AssetLibrary::open(folder.path() + "/library", options);
    ASSERT_FALSE(second);
    EXPECT_NE(explain(second.error()).find("my host"), std::string::npos);
}

class Bar final : public ProgressSink {
public:
    explicit Bar(std::stop_source stop) : stop_(std::move(stop)) {}
    void update(const ProgressUpdate& update) noexcept override {
        ++updates;
        if (update.done >= stop_at) stop_.request_stop();
    }

    int updates = 0;
    std::uint64_t stop_at = UINT64_MAX;

private:
    std::stop_source stop_;
};

TEST(Embedding, CallsReportProgressAndCanBeStopped) {
    const Folder folder("progress");
    library::LibraryOptions options;
    options.create_if_missing = true;
    auto library = AssetLibrary::open(folder.path() + "/library", options);
    ASSERT_TRUE(library) << library.error().to_string();
    const auto draft = draft_of("acme/tool");
    ASSERT_TRUE(draft);
    ASSERT_TRUE((*library)->publish(*draft));
    const std::string prefix = folder.path() + "/prefix";

    std::stop_source stop;  // any thread may call stop.request_stop()
    Bar bar(stop);
    CallContext context;
    context.stop = stop.get_token();
    context.deadline = make_system_clock()->now_monotonic() + std::chrono::minutes(5);
    context.progress = &bar;
    auto installed = (*library)->install(prefix, {"acme/tool"}, {}, context);
    ASSERT_TRUE(installed) << installed.error().to_string();
    EXPECT_GT(bar.updates, 0);

    stop.request_stop();
    const auto stopped = (*library)->update(prefix, {}, {}, context);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code(), Errc::kCancelled);
}

TEST(Embedding, OneLibraryServesManyThreads) {
    const Folder folder("threads");
    library::LibraryOptions options;
    options.create_if_missing = true;
    auto library = AssetLibrary::open(folder.path() + "/library", options);
    ASSERT_TRUE(library) << library.error().to_string();

    std::atomic<int> published = 0;
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i)
        workers.emplace_back([&, i] {
            const auto draft = draft_of("acme/tool-" + std::to_string(i));
            if (draft && (*library)->publish(*draft)) ++published;
        });
    workers.clear();  // joins
    EXPECT_EQ(published, 4);
}

}  // namespace
}  // namespace catalog::docs
