#pragma once
// An index in memory with a few packages.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/package_index.hpp"
#include "catalog/json/read.hpp"
#include "catalog/merkle/tree.hpp"
#include "support/io/results.hpp"

namespace catalog::index {

class IndexBed {
public:
    IndexBed()
        : store(kv::make_memory_store(4)),
          queue(*store),
          index(std::make_shared<PackageIndex>(
              *store, IndexFamilies{kv::Family{0}, kv::Family{1}, kv::Family{2}, kv::Family{3}})) {}

    /// Adds a package from its neutral JSON form. Returns its entry.
    Result<IndexEntry> try_add(std::string_view text) {
        const json::Value value = io::testing::must(json::read(text));
        package::PackageMetadata metadata =
            io::testing::must(package::metadata_from_json(*value.as_object(), "test"));
        package::canonicalise(metadata);
        package::Manifest manifest(metadata);
        manifest.files_root = merkle::empty_root();
        const std::string bytes = io::testing::must(manifest.encode());
        IndexEntry entry(metadata.id(), metadata.version);
        entry.digest = package::digest_of_manifest(bytes);
        entry.type = metadata.type;
        entry.description = metadata.description;
        entry.license = metadata.license;
        entry.published = WallTime(std::chrono::microseconds(5));
        kv::Commit commit;
        commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) {
            return index->stage_add(view, batch, entry, metadata, bytes);
        };
        if (Result<void> done = queue.submit(std::move(commit)); !done) return fail(done.error());
        return entry;
    }

    IndexEntry add(std::string_view text) { return io::testing::must(try_add(text)); }

    void change(std::string_view id, std::optional<package::PackageState> state,
                std::optional<bool> yanked) {
        kv::Commit commit;
        commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
            const auto changed = index->stage_change(
                view, batch, io::testing::must(PackageId::parse(id)), state, yanked);
            if (!changed) return fail(changed.error());
            return {};
        };
        io::testing::must(queue.submit(std::move(commit)));
    }

    std::unique_ptr<kv::KeyValueStore> store;
    kv::CommitQueue queue;
    std::shared_ptr<PackageIndex> index;
};

inline PackageName name_of(std::string_view text) {
    return io::testing::must(PackageName::parse(text));
}

inline std::vector<std::string> ids_of(const std::vector<IndexEntry>& entries) {
    std::vector<std::string> ids;
    for (const IndexEntry& entry : entries) ids.push_back(entry.id.to_string());
    return ids;
}

}  // namespace catalog::index
