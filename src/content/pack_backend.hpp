#pragma once
// PackBackend: chunks in pack files; see make_pack_backend.

#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catalog/content/storage_backend.hpp"
#include "pack_dictionaries.hpp"
#include "pack_files.hpp"
#include "pack_index.hpp"
#include "pack_maps.hpp"

namespace catalog::content {

/// A pack that receives appends, or received the last one and is not yet synced.
struct OpenPack {
    PackId id{};
    std::shared_ptr<PackTail> tail;
    std::uint64_t end = 0;       ///< Where the next record goes.
    std::uint64_t durable = 0;   ///< What a sync has confirmed.
    bool entry_durable = false;  ///< Its name survives a crash.
    std::uint64_t index_offset = 0;
    std::unique_ptr<RecordSealer> sealer;  ///< Null in a store in the clear.
    std::uint32_t dictionary = 0;          ///< That it begins with; 0: none, or a damaged one.
};

/// Thread safety: as StorageBackend.
class PackBackend final : public StorageBackend {
public:
    PackBackend(std::shared_ptr<io::FileSystem> fs, std::string directory, bool read_only,
                PackOptions options)
        : read_only_(read_only),
          options_(std::move(options)),
          files_(std::move(fs), std::move(directory), options_.open_packs_max, options_.encryption),
          maps_(files_, options_.mapped_packs_max),
          dictionaries_(files_),
          index_(files_) {}

    Result<void> recover(const StoreId& store, const ChunkProfile& profile,
                         const BackendMarks& committed) override;
    Result<void> refresh(const StoreId& store, const BackendMarks& committed) override;
    Result<std::optional<IndexEntry>> find(const ChunkId& id) override;
    Result<std::optional<IndexEntry>> find_kept(const ChunkId& id) override;
    ChunkId index_id(const ChunkId& id) const override { return index_.id_of(id); }
    std::uint64_t bytes_of(std::uint32_t stored_bytes) const override {
        return is_encrypted() ? sealed_record_bytes(stored_bytes) : record_bytes(stored_bytes);
    }
    Result<void> for_each(const std::function<Result<void>(const IndexEntry&)>& each) override;
    Result<void> for_each_copy(const std::function<Result<void>(const IndexEntry&)>& each) override;
    Result<void> check_run(const RunMark& mark) override { return index_.check_run(mark); }
    Result<void> drop_damaged_indexes() override { return index_.drop_damaged(); }
    Result<ChunkLocation> append(const NewRecord& record) override;
    Result<BackendChanges> sync() override;
    void committed(const BackendChanges& changes) override;
    Result<std::uint64_t> seal(PackId pack) override;
    void condemn(PackId pack) override;
    void pardon(PackId pack) override;
    Result<void> remove_pack(PackId pack, std::uint64_t losses) override;
    std::uint64_t losses() const override { return losses_.load(); }
    Result<RecordHeader> peek(const ChunkLocation& location) override;
    Result<StoredRecord> read(const ChunkLocation& location, Bytes& buffer) override;
    Result<std::optional<MappedChunk>> map_chunk(const ChunkLocation& location) override {
        if (is_encrypted()) return std::nullopt;
        return maps_.chunk(location);
    }
    std::vector<std::optional<MappedChunk>> map_chunks(
        std::span<const ChunkLocation> locations) override {
        if (is_encrypted()) return std::vector<std::optional<MappedChunk>>(locations.size());
        return maps_.chunks(locations);
    }
    Result<ChunkId> base_of(const ChunkLocation& location) override;
    bool keeps_dictionaries() const override { return true; }
    Result<void> use_dictionary(ByteView dictionary) override {
        return dictionaries_.use(dictionary);
    }
    Result<std::optional<Bytes>> dictionary_in_use() override {
        const auto in_use = dictionaries_.in_use();
        if (!in_use) return fail(in_use.error());
        return *in_use ? std::optional((*in_use)->plain) : std::nullopt;
    }
    Result<std::shared_ptr<const Dictionary>> dictionary(PackId pack,
                                                         std::uint32_t number) override {
        return dictionaries_.load(pack, number);
    }
    Result<std::optional<PackDictionary>> dictionary_of(PackId pack) override {
        return dictionaries_.of(pack);
    }
    Result<PackHeader> inspect(const PackMark& mark) override;
    Result<void> scan(const PackMark& mark, PackVisitor& visitor) override;
    Result<BackendStats> stats() override;

private:
    Result<void> recover_file(PackId pack, std::uint64_t size, const PackMark* mark)
        CATALOG_REQUIRES(mutex_);
    using Find = Result<std::optional<IndexEntry>> (ChunkIndex::*)(const ChunkId&) const;
    Result<std::optional<IndexEntry>> find_by(Find way, const ChunkId& id);
    bool is_current(const PackHeader& header) const;
    Result<void> open_for_append() CATALOG_REQUIRES(mutex_);
    Result<void> continue_pack(const PackMark& mark) CATALOG_REQUIRES(mutex_);
    Result<void> create_pack() CATALOG_REQUIRES(mutex_);
    Result<void> fit_dictionary(ByteView payload, ChunkIndex& index) CATALOG_REQUIRES(mutex_);
    Result<void> write(ByteView bytes) CATALOG_REQUIRES(mutex_);
    Result<void> write_record(const NewRecord& record) CATALOG_REQUIRES(mutex_);
    Result<void> write_sealed(const RecordHeader& header, ByteView payload)
        CATALOG_REQUIRES(mutex_);
    Result<void> write_sealed_padding(std::uint64_t past) CATALOG_REQUIRES(mutex_);
    Result<void> write_pack_padding(std::uint64_t whole) CATALOG_REQUIRES(mutex_);
    Result<void> write_index_head(std::uint64_t index_bytes) CATALOG_REQUIRES(mutex_);
    Result<void> write_index_pages(const std::vector<IndexEntry>& entries) CATALOG_REQUIRES(mutex_);
    Result<void> seal_open_pack(ChunkIndex& index) CATALOG_REQUIRES(mutex_);
    Result<void> write_index(ChunkIndex& index) CATALOG_REQUIRES(mutex_);
    Result<void> sync_pack(OpenPack& pack) CATALOG_REQUIRES(mutex_);
    std::shared_ptr<PackTail> tail_of(std::unique_ptr<io::WritableFile> file) const;
    void begin_appending(OpenPack pack) CATALOG_REQUIRES(mutex_);
    void end_appending() CATALOG_REQUIRES(mutex_);
    void abandon_open_pack() CATALOG_REQUIRES(mutex_);
    bool is_encrypted() const noexcept { return options_.encryption != nullptr; }
    std::unique_ptr<RecordSealer> sealer_of(std::shared_ptr<const RecordCipher> cipher) const {
        return std::make_unique<RecordSealer>(std::move(cipher), options_.encryption->random);
    }

    const bool read_only_;
    const PackOptions options_;
    PackFiles files_;
    PackMaps maps_;
    PackDictionaries dictionaries_;
    PackIndex index_;

    mutable internal::Mutex mutex_;
    bool recovered_ CATALOG_GUARDED_BY(mutex_) = false;
    bool directory_made_ CATALOG_GUARDED_BY(mutex_) = false;
    PackHeader header_ CATALOG_GUARDED_BY(mutex_);
    PackId last_ CATALOG_GUARDED_BY(mutex_){};
    std::optional<PackMark> unfinished_ CATALOG_GUARDED_BY(mutex_);  ///< May be continued.
    std::unique_ptr<OpenPack> open_ CATALOG_GUARDED_BY(mutex_);
    BackendChanges unreported_ CATALOG_GUARDED_BY(mutex_);
    std::set<PackId> going_ CATALOG_GUARDED_BY(mutex_);  ///< Their removal was reported.
    /// A collection relies on every copy of a chunk that it was told of, and who condemned a pack
    /// on those that stand elsewhere: of two packs with a chunk one may go, and no index may know
    /// it in that one alone.
    bool copies_needed_ CATALOG_GUARDED_BY(mutex_) = false;
    std::string scratch_ CATALOG_GUARDED_BY(mutex_);
    Bytes sealed_ CATALOG_GUARDED_BY(mutex_);  ///< A sealed record, and perhaps more behind it.
    std::atomic<std::uint64_t> losses_{0};
};

}  // namespace catalog::content
