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
#include "support/io/simulated_file_system.hpp"

namespace catalog::index {

/// Where the versions of an index are, which makes no difference to anybody.
enum class IndexForm {
    kPlain,     ///< In a store without segments.
    kDelta,     ///< In the delta of an index that may have segments.
    kSealed,    ///< Each in a segment of its own.
    kHalf,      ///< Every other one has been sealed with the one before.
    kMerged,    ///< All in one segment.
    kDistinct,  ///< Sealed one by one, and merged by four.
};

class IndexBed {
public:
    explicit IndexBed(IndexForm of = IndexForm::kPlain)
        : form(of),
          store(kv::make_memory_store(5)),
          queue(*store),
          disk(io::testing::SimulatedFileSystem::make()),
          folder(std::make_shared<SegmentFolder>(disk, "/segments")),
          index(std::make_shared<PackageIndex>(*store, families(), folder)) {}

    [[nodiscard]] IndexFamilies families() const {
        IndexFamilies families;
        families.manifests = kv::Family{0};
        families.packages = kv::Family{1};
        families.postings = kv::Family{2};
        families.changes = kv::Family{3};
        if (form != IndexForm::kPlain) families.segments = kv::Family{4};
        return families;
    }

    SealReport seal(std::uint64_t versions_max = 65'536) {
        SealOptions options;
        options.versions_max = versions_max;
        return io::testing::must(index->seal(queue, *random, options, go_on));
    }
    SealReport merge(std::uint32_t fan_out, bool everything = false) {
        IndexMergeOptions options;
        options.fan_out = fan_out;
        options.everything = everything;
        return io::testing::must(index->merge(queue, options, go_on));
    }

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
        bring_into_form();
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

    static Result<void> go_on(std::uint64_t, std::uint64_t) { return {}; }

    IndexForm form;
    std::unique_ptr<kv::KeyValueStore> store;
    kv::CommitQueue queue;
    std::shared_ptr<io::testing::SimulatedFileSystem> disk;
    std::shared_ptr<SegmentFolder> folder;
    std::shared_ptr<PackageIndex> index;
    std::shared_ptr<Random> random = make_system_random();

private:
    void bring_into_form() {
        ++added_;
        if (form == IndexForm::kPlain || form == IndexForm::kDelta) return;
        if (form == IndexForm::kHalf && added_ % 2 == 1) return;
        seal();
        if (form == IndexForm::kMerged) merge(2, true);
        if (form == IndexForm::kDistinct) merge(4);
    }

    int added_ = 0;
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
