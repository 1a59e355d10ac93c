#pragma once
// The store that content_writer_process writes and content_kill_test looks at.

#include <memory>
#include <string>

#include "support/content/content_workload.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::content::testing {

/// Owners of references there, one a thread: the first of kWorkloadOwners.
inline constexpr std::size_t kKilledOwners = 2;

/// Dictionaries come with repacks alone, as they do by default, or with what is put too.
inline Result<std::unique_ptr<OpenContent>> open_killed(const std::string& folder,
                                                        bool dictionaries_at_ingest = false) {
    const auto fs = io::make_posix_file_system();
    ContentOptions options = workload_options(fs);
    options.directory = folder;
    options.executor = make_thread_pool(2);
    options.packs.pack_bytes_max = 32 * 1024;
    options.dictionaries.at_ingest = dictionaries_at_ingest;
    return OpenContent::open(
        std::move(options), [fs, folder]() -> Result<std::shared_ptr<kv::KeyValueStore>> {
            auto store =
                kv::open_rocksdb(fs, folder + "/db", kv::testing::small_store(kBedFamilyCount));
            if (!store) return fail(store.error());
            return std::shared_ptr<kv::KeyValueStore>(std::move(*store));
        });
}

/// Repairs it from a source that has everything.
inline Result<RepairReport> repair_killed(OpenContent& content) {
    const auto source = make_workload_source();
    RepairOptions options;
    options.sources = {source.get()};
    return content.storage().repair(options, CallContext());
}

}  // namespace catalog::content::testing
