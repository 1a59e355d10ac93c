#include "support/kv/rocksdb_stores.hpp"

#include <cstdlib>
#include <stdexcept>

#include "support/io/results.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::kv::testing {
namespace {

using io::testing::must;

/// A store together with the folder that it is in.
class StoreInTemporaryFolder final : public KeyValueStore {
public:
    explicit StoreInTemporaryFolder(std::size_t families)
        : store_(must_open(io::make_posix_file_system(), folder_ / "db", small_store(families))) {}

    Result<std::optional<std::string>> get(Family family, std::string_view key) const override {
        return store_->get(family, key);
    }
    std::unique_ptr<Iterator> iterate(Family family) const override {
        return store_->iterate(family);
    }
    std::shared_ptr<const Snapshot> snapshot() const override { return store_->snapshot(); }
    Result<void> write(const WriteBatch& batch, Durability durability) override {
        return store_->write(batch, durability);
    }
    Result<void> refresh() override { return store_->refresh(); }
    std::uint64_t revision() const noexcept override { return store_->revision(); }
    Result<std::uint64_t> disk_bytes() const override { return store_->disk_bytes(); }
    StoreUsage usage() const noexcept override { return store_->usage(); }
    Result<std::vector<std::string>> verify() const override { return store_->verify(); }

private:
    io::testing::TemporaryFolder folder_;
    std::unique_ptr<KeyValueStore> store_;
};

bool stores_are_encrypted() { return std::getenv("CATALOG_KV_ENCRYPTED") != nullptr; }

}  // namespace

ByteView store_key() { return as_bytes("a key of just thirty-two bytes.."); }

OpenOptions small_store(std::size_t families) {
    OpenOptions options;
    for (std::size_t i = 0; i < families; ++i)
        options.families.push_back("family" + std::to_string(i));
    options.create_if_missing = true;
    options.memory_bytes = 1u << 20;
    if (stores_are_encrypted()) options.encryption_key = store_key();
    return options;
}

OpenOptions small_follower(std::size_t families) {
    OpenOptions options = small_store(families);
    options.create_if_missing = false;
    options.read_only = true;
    return options;
}

std::uint64_t contents_at() { return stores_are_encrypted() ? 64 : 0; }

std::unique_ptr<KeyValueStore> must_open(const std::shared_ptr<io::FileSystem>& fs,
                                         const std::string& path, const OpenOptions& options) {
    return must(open_rocksdb(fs, path, options));
}

std::vector<std::string> names_ending(io::FileSystem& fs, const std::string& path,
                                      std::string_view suffix) {
    std::vector<std::string> names;
    for (const io::DirectoryEntry& entry : must(fs.list(path)))
        if (entry.name.ends_with(suffix)) names.push_back(entry.name);
    return names;
}

std::unique_ptr<KeyValueStore> make_store_in_temporary_folder(std::size_t families) {
    return std::make_unique<StoreInTemporaryFolder>(families);
}

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace catalog::kv::testing
