#pragma once
// What the benchmarks of the content store share: a store on disk with its database, filled in
// commits of 64 MiB, and clocks.

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "catalog/content/content_addressed_storage.hpp"

namespace catalog::bench {

/// Ends the benchmark with its name and a sentence.
[[noreturn]] inline void stop(const std::string& what) {
    std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what.c_str());
    std::exit(1);
}

/// Returns the value, or stops with the error.
template <class T>
T must(Result<T> result) {
    if (!result) stop(result.error().to_string());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Seconds of a clock: CLOCK_THREAD_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID or CLOCK_MONOTONIC.
[[nodiscard]] inline double seconds_on(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Paths of the regular files below a folder, sorted; links are left out.
[[nodiscard]] inline std::vector<std::string> files_below(const std::filesystem::path& folder) {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             folder, std::filesystem::directory_options::skip_permission_denied))
        if (entry.is_regular_file() && !entry.is_symlink()) paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    return paths;
}

/// Returns a source over a file from its beginning.
[[nodiscard]] inline content::ByteSource source_of_file(std::shared_ptr<io::ReadableFile> file) {
    return [file = std::move(file),
            offset = std::uint64_t{0}](std::span<std::byte> out) mutable -> Result<std::size_t> {
        auto count = file->read_at(offset, out);
        if (count) offset += *count;
        return count;
    };
}

/// A content store in a folder, which is made when it is not there. Stops on errors.
class BenchStore {
public:
    /// Changes what the store is opened with.
    using Adjust = std::function<void(kv::OpenOptions&, content::ContentOptions&)>;

    explicit BenchStore(const std::string& folder, const Adjust& adjust = {}) {
        kv::OpenOptions database_options;
        database_options.families = {"chunks", "objects", "references", "packs"};
        database_options.create_if_missing = true;
        content::ContentOptions options;
        options.file_system = file_system;
        options.directory = folder;
        options.families = {kv::Family{0}, kv::Family{1}, kv::Family{2}, kv::Family{3}};
        options.clock = make_system_clock();
        options.executor = make_thread_pool();
        options.random = make_system_random();
        if (adjust) adjust(database_options, options);
        std::filesystem::create_directories(folder);
        database = must(kv::open_rocksdb(file_system, folder + "/db", database_options));
        queue_ = std::make_unique<kv::CommitQueue>(*database);
        options.store = database.get();
        options.queue = queue_.get();
        content = must(content::ContentAddressedStorage::open(std::move(options)));
        queue_->add_group_hook(
            [this](kv::WriteBatch& batch) { return content->before_commit(batch); });
    }
    ~BenchStore() { queue_->close(); }
    BenchStore(const BenchStore&) = delete;
    BenchStore& operator=(const BenchStore&) = delete;

    /// Stores `count` objects, of which `source_of(i)` gives the bytes, and returns what they
    /// became. Durable when it returns.
    std::vector<content::ObjectInfo> put(
        std::size_t count, const std::function<content::ByteSource(std::size_t)>& source_of) {
        constexpr std::uint64_t kCommitBytes = 64u << 20;
        std::vector<content::ObjectInfo> infos;
        infos.reserve(count);
        std::unique_ptr<content::ContentTransaction> session;
        std::uint64_t bytes = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (!session) session = must(content->begin());
            const content::ObjectInfo info = must(session->put(source_of(i)));
            must(session->add_reference("bench", info.id));
            infos.push_back(info);
            bytes += info.size;
            if (bytes < kCommitBytes && i + 1 != count) continue;
            must(content->commit(*session));
            session.reset();
            bytes = 0;
        }
        return infos;
    }
    std::vector<content::ObjectInfo> put(const std::vector<Bytes>& objects) {
        return put(objects.size(), [&](std::size_t i) { return content::source_of(objects[i]); });
    }
    std::vector<content::ObjectInfo> put_files(const std::vector<std::string>& paths) {
        return put(paths.size(), [&](std::size_t i) {
            return source_of_file(must(file_system->open_read(paths[i])));
        });
    }

    std::shared_ptr<io::FileSystem> file_system = io::make_posix_file_system();
    std::unique_ptr<kv::KeyValueStore> database;

private:
    std::unique_ptr<kv::CommitQueue> queue_;

public:
    std::unique_ptr<content::ContentAddressedStorage> content;  ///< Ends before queue and database.
};

}  // namespace catalog::bench
