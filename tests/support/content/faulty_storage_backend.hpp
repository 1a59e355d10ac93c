#pragma once
// FaultyStorageBackend: a working backend that fails at a chosen call.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "catalog/content/storage_backend.hpp"

namespace catalog::content::testing {

/// Calls that can be made to fail.
enum class BackendCall : std::uint8_t {
    kRecover,
    kRefresh,
    kFind,  ///< Also of what is kept.
    kAppend,
    kSync,  ///< Also loses what was appended since the last success, as a disk that fails does.
    kPeek,
    kRead,
    kMap,
    kInspect,
    kScan,
    kSeal,
    kRemovePack,
    kBaseOf,
    kStats,
};

/// Passes every call on to another backend, except those that were made to fail. Thread safety: as
/// the wrapped backend.
class FaultyStorageBackend final : public StorageBackend {
public:
    explicit FaultyStorageBackend(std::shared_ptr<StorageBackend> wrapped)
        : wrapped_(std::move(wrapped)) {}

    /// Lets the n-th such call from now (1 is the next) fail, once.
    void fail_nth(BackendCall call, std::uint64_t nth, Errc error);

    /// Calls `hook` at the end of each `condemn` and at the start of each `pardon`: the pack is
    /// condemned, and who asked for it does not go on. Set it before threads share this.
    void while_condemned(std::function<void()> hook) { while_condemned_ = std::move(hook); }
    /// Calls `hook` at the start of each `append`. Set it before threads share this.
    void before_append(std::function<void()> hook) { before_append_ = std::move(hook); }
    /// Returns how many calls of `find` and `find_kept` there were.
    [[nodiscard]] std::uint64_t finds() const { return finds_.load(); }

    Result<void> recover(const StoreId& store, const ChunkProfile& profile,
                         const BackendMarks& committed) override;
    Result<void> refresh(const StoreId& store, const BackendMarks& committed) override;
    Result<std::optional<IndexEntry>> find(const ChunkId& id) override;
    Result<std::optional<IndexEntry>> find_kept(const ChunkId& id) override;
    Result<void> for_each(const std::function<Result<void>(const IndexEntry&)>& each) override;
    ChunkId index_id(const ChunkId& id) const override { return wrapped_->index_id(id); }
    std::uint64_t bytes_of(std::uint32_t stored_bytes) const override {
        return wrapped_->bytes_of(stored_bytes);
    }
    Result<void> for_each_copy(const std::function<Result<void>(const IndexEntry&)>& each) override;
    Result<ChunkLocation> append(const NewRecord& record) override;
    Result<BackendChanges> sync() override;
    void committed(const BackendChanges& changes) override;
    Result<std::uint64_t> seal(PackId pack) override;
    void condemn(PackId pack) override;
    void pardon(PackId pack) override;
    Result<void> remove_pack(PackId pack, std::uint64_t losses) override;
    std::uint64_t losses() const override;
    Result<RecordHeader> peek(const ChunkLocation& location) override;
    Result<StoredRecord> read(const ChunkLocation& location, Bytes& buffer) override;
    Result<std::optional<MappedChunk>> map_chunk(const ChunkLocation& location) override;
    Result<ChunkId> base_of(const ChunkLocation& location) override;
    bool keeps_dictionaries() const override { return wrapped_->keeps_dictionaries(); }
    Result<void> use_dictionary(ByteView dictionary) override {
        return wrapped_->use_dictionary(dictionary);
    }
    Result<std::optional<Bytes>> dictionary_in_use() override {
        return wrapped_->dictionary_in_use();
    }
    Result<std::shared_ptr<const Dictionary>> dictionary(PackId pack,
                                                         std::uint32_t number) override {
        return wrapped_->dictionary(pack, number);
    }
    Result<std::optional<PackDictionary>> dictionary_of(PackId pack) override {
        return wrapped_->dictionary_of(pack);
    }
    Result<PackHeader> inspect(const PackMark& mark) override;
    Result<void> scan(const PackMark& mark, PackVisitor& visitor) override;
    Result<BackendStats> stats() override;

private:
    struct Rule {
        std::uint64_t left = 0;
        Errc error{};
    };

    [[nodiscard]] Result<void> enter(BackendCall call);
    [[nodiscard]] bool is_lost(const ChunkId& id) const;

    std::shared_ptr<StorageBackend> wrapped_;
    std::function<void()> while_condemned_ = [] {};
    std::function<void()> before_append_ = [] {};
    std::atomic<std::uint64_t> finds_ = 0;
    mutable std::mutex mutex_;
    std::map<BackendCall, Rule> rules_;
    std::set<ChunkId> unsynced_;
    std::set<ChunkId> lost_;
    std::set<PackId> going_;  ///< To be reported as removed by the next sync.
    std::uint64_t losses_ = 0;
};

}  // namespace catalog::content::testing
