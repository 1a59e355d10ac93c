#include "catalog/library/cache_records.hpp"

#include "catalog/internal/try.hpp"

namespace catalog::library {
namespace {

class StoreRecords final : public cache::RecordStore {
public:
    StoreRecords(std::shared_ptr<kv::KeyValueStore> store, kv::Family family)
        : store_(std::move(store)), family_(family) {}

    [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) const override {
        return store_->get(family_, key);
    }
    [[nodiscard]] Result<void> write(std::span<const Change> changes) override {
        kv::WriteBatch batch;
        for (const Change& change : changes) {
            if (change.value)
                batch.put(family_, change.key, *change.value);
            else
                batch.remove(family_, change.key);
        }
        if (batch.empty()) return {};
        return store_->write(batch, kv::Durability::kNoSync);
    }
    [[nodiscard]] Result<void> scan(std::string_view from, const Visitor& visit) const override {
        const std::unique_ptr<kv::Iterator> walk = store_->iterate(family_);
        for (walk->seek(from); walk->valid(); walk->next())
            if (!visit(walk->key(), walk->value())) return {};
        return walk->status();
    }

private:
    const std::shared_ptr<kv::KeyValueStore> store_;
    const kv::Family family_;
};

}  // namespace

std::shared_ptr<cache::RecordStore> make_cache_records(std::shared_ptr<kv::KeyValueStore> store,
                                                       kv::Family family) {
    return std::make_shared<StoreRecords>(std::move(store), family);
}

Result<std::shared_ptr<cache::RecordStore>> open_cache_records(std::shared_ptr<io::FileSystem> fs,
                                                               const std::string& path,
                                                               const CacheRecordsOptions& options) {
    kv::OpenOptions database;
    database.families = {"records"};
    database.create_if_missing = true;
    database.memory_bytes = options.memory_bytes;
    database.open_files_max = options.open_files_max;
    database.encryption_key = options.encryption_key;
    CATALOG_TRY(std::unique_ptr<kv::KeyValueStore> store,
                kv::open_rocksdb(std::move(fs), path, database));
    return make_cache_records(std::move(store), kv::Family{0});
}

}  // namespace catalog::library
