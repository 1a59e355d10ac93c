#pragma once
// A storage backend of a host's own: each record is a file. Made for reading, not for millions of
// chunks; what it shows is what any backend has to keep.
//
//   DIRECTORY/00000001.pack/header              what the pack says of itself
//   DIRECTORY/00000001.pack/0000000000001000    the record at that offset, as a pack file holds it
//
// A pack's length is where its last record ends, so lengths, marks and offsets mean what they mean
// in pack files.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/content/storage_backend.hpp"
#include "catalog/io/file_system.hpp"

namespace example {

namespace content = catalog::content;
using catalog::Bytes;
using catalog::ByteView;
using catalog::Result;

/// Thread safety: any thread.
class DirectoryBackend final : public content::StorageBackend {
public:
    /// A pack that has reached `pack_bytes_max` gets no more records.
    DirectoryBackend(std::shared_ptr<catalog::io::FileSystem> file_system, std::string directory,
                     std::uint64_t pack_bytes_max = 64u << 20);

    Result<void> recover(const content::StoreId& store, const content::ChunkProfile& profile,
                         const content::BackendMarks& committed) override;
    Result<void> refresh(const content::StoreId& store,
                         const content::BackendMarks& committed) override;
    Result<std::optional<content::IndexEntry>> find(const content::ChunkId& id) override;
    Result<std::optional<content::IndexEntry>> find_kept(const content::ChunkId& id) override;
    Result<void> for_each(
        const std::function<Result<void>(const content::IndexEntry&)>& each) override;
    Result<void> for_each_copy(
        const std::function<Result<void>(const content::IndexEntry&)>& each) override;
    Result<content::ChunkLocation> append(const content::NewRecord& record) override;
    Result<content::BackendChanges> sync() override;
    void committed(const content::BackendChanges& changes) override;
    Result<std::uint64_t> seal(content::PackId pack) override;
    void condemn(content::PackId pack) override;
    void pardon(content::PackId pack) override;
    Result<void> remove_pack(content::PackId pack, std::uint64_t losses) override;
    [[nodiscard]] std::uint64_t losses() const override;
    Result<content::RecordHeader> peek(const content::ChunkLocation& location) override;
    Result<content::StoredRecord> read(const content::ChunkLocation& location,
                                       Bytes& buffer) override;
    Result<content::ChunkId> base_of(const content::ChunkLocation& location) override;
    Result<content::PackHeader> inspect(const content::PackMark& mark) override;
    Result<void> scan(const content::PackMark& mark, content::PackVisitor& visitor) override;
    Result<content::BackendStats> stats() override;

private:
    struct OpenPack {
        content::PackId pack{};
        std::uint64_t end = 0;      // Where the next record goes.
        std::uint64_t durable = 0;  // Up to here its names survive a crash.
    };

    [[nodiscard]] std::string folder_of(content::PackId pack) const;
    [[nodiscard]] std::string path_of(content::PackId pack, std::uint64_t offset) const;
    [[nodiscard]] Result<std::map<std::uint64_t, std::uint64_t>> list(content::PackId pack) const;
    Result<void> load(const content::BackendMarks& marks);
    Result<void> load_pack(const content::PackMark& mark);
    Result<void> clean(const content::BackendMarks& marks);
    Result<void> open_for_append();
    Result<void> write_file(const std::string& path, ByteView bytes);
    Result<void> sync_names(OpenPack& pack);
    [[nodiscard]] std::optional<content::IndexEntry> kept(const content::ChunkId& id) const;

    const std::shared_ptr<catalog::io::FileSystem> fs_;
    const std::string directory_;
    const std::uint64_t pack_bytes_max_;

    mutable std::mutex mutex_;  // Over everything below.
    content::PackHeader header_;
    content::PackId last_{};  // No new pack gets its number, nor one below.
    bool recovered_ = false;
    std::unique_ptr<OpenPack> open_;  // Null: the next append begins a pack.
    std::unordered_map<content::ChunkId, content::IndexEntry> index_;
    std::set<content::PackId> condemned_;
    std::set<content::PackId> going_;  // Their removal was reported.
    content::BackendChanges unreported_;
    std::uint64_t losses_ = 0;
};

}  // namespace example
