#include "catalog/content/content_source.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <map>
#include <utility>
#include <vector>

#include "catalog/content/integrity_verifier.hpp"

namespace catalog::content {
namespace {

constexpr std::uint64_t kSourcePieceBytes = 1u << 20;

tl::unexpected<Error> source_lacks(const ContentHash& id, const std::string& name) {
    return fail(Errc::kContentNotFound, "object " + id.to_string() + " is not in " + name,
                NotFoundDetail{"content", id.to_string()});
}

// Pulls an object piece by piece out of a store, which pushes.
class StoragePieces {
public:
    StoragePieces(ContentStorage& storage, const ObjectInfo& info, CallContext context)
        : storage_(storage), info_(info), context_(std::move(context)) {}

    Result<std::size_t> read(std::span<std::byte> out) {
        if (given_ == piece_.size()) CATALOG_TRY_VOID(next_piece());
        const std::size_t count = std::min(out.size(), piece_.size() - given_);
        std::copy_n(piece_.begin() + static_cast<std::ptrdiff_t>(given_), count, out.begin());
        given_ += count;
        return count;
    }

private:
    Result<void> next_piece() {
        piece_.clear();
        given_ = 0;
        if (offset_ >= info_.size) return {};
        CATALOG_TRY_VOID(storage_.retrieve(info_.id,
                                           [this](ByteView bytes) -> Result<void> {
                                               piece_.insert(piece_.end(), bytes.begin(),
                                                             bytes.end());
                                               return {};
                                           },
                                           context_, {offset_, kSourcePieceBytes}));
        offset_ += piece_.size();
        return {};
    }

    ContentStorage& storage_;
    ObjectInfo info_;
    CallContext context_;
    Bytes piece_;
    std::size_t given_ = 0;
    std::uint64_t offset_ = 0;
};

class StorageSource final : public ContentSource {
public:
    StorageSource(ContentStorage& storage, std::string name)
        : storage_(storage), name_(std::move(name)) {}

    std::string name() const override { return name_; }

    Result<ByteSource> open(const ContentHash& id, std::optional<std::uint64_t> size,
                            const CallContext& context) override {
        CATALOG_TRY(const ObjectInfo info, storage_.info(id));
        if (size && info.size != *size) return source_lacks(id, name_);
        const auto pieces = std::make_shared<StoragePieces>(storage_, info, context);
        return ByteSource([pieces](std::span<std::byte> out) { return pieces->read(out); });
    }

private:
    ContentStorage& storage_;
    const std::string name_;
};

ByteSource source_of_file(std::shared_ptr<io::ReadableFile> file) {
    return [file = std::move(file),
            offset = std::uint64_t{0}](std::span<std::byte> out) mutable -> Result<std::size_t> {
        CATALOG_TRY(const std::size_t count, file->read_at(offset, out));
        offset += count;
        return count;
    };
}

class DirectorySource final : public ContentSource {
public:
    DirectorySource(std::shared_ptr<io::FileSystem> file_system, std::string path)
        : fs_(std::move(file_system)), path_(std::move(path)) {}

    std::string name() const override { return path_; }

    Result<ByteSource> open(const ContentHash& id, std::optional<std::uint64_t> size,
                            const CallContext& context) override {
        if (!listed_) CATALOG_TRY_VOID(list(context));
        CATALOG_TRY_VOID(identify_files(size, context));
        const auto found = by_id_.find(id);
        if (found == by_id_.end()) return source_lacks(id, path_);
        CATALOG_TRY(std::shared_ptr<io::ReadableFile> file, fs_->open_read(found->second));
        return source_of_file(std::move(file));
    }

private:
    Result<void> list(const CallContext& context) {
        std::vector<std::string> paths{path_};
        while (!paths.empty()) {
            if (context.stop.stop_requested()) return fail(Errc::kCancelled, "cancelled");
            const std::string path = std::move(paths.back());
            paths.pop_back();
            const auto info = fs_->info(path);
            // What cannot be looked at has nothing to offer.
            if (!info) continue;
            if (info->kind == io::FileKind::kRegular) unread_.emplace(info->size, path);
            if (info->kind != io::FileKind::kDirectory) continue;
            const auto entries = fs_->list(path);
            if (!entries) continue;
            for (const io::DirectoryEntry& entry : *entries)
                paths.push_back(io::join_path(path, entry.name));
        }
        listed_ = true;
        return {};
    }

    Result<void> identify_files(std::optional<std::uint64_t> size, const CallContext& context) {
        const auto begin = size ? unread_.lower_bound(*size) : unread_.begin();
        const auto end = size ? unread_.upper_bound(*size) : unread_.end();
        for (auto file = begin; file != end; file = unread_.erase(file)) {
            if (context.stop.stop_requested()) return fail(Errc::kCancelled, "cancelled");
            auto opened = fs_->open_read(file->second);
            if (!opened) continue;
            const auto info = identify(source_of_file(std::move(*opened)));
            if (info) by_id_.try_emplace(info->id, file->second);
        }
        return {};
    }

    const std::shared_ptr<io::FileSystem> fs_;
    const std::string path_;
    bool listed_ = false;
    std::multimap<std::uint64_t, std::string> unread_;  ///< By length.
    std::map<ContentHash, std::string> by_id_;
};

}  // namespace

std::unique_ptr<ContentSource> make_storage_source(ContentStorage& storage, std::string name) {
    return std::make_unique<StorageSource>(storage, std::move(name));
}

std::unique_ptr<ContentSource> make_directory_source(std::shared_ptr<io::FileSystem> file_system,
                                                     std::string path) {
    return std::make_unique<DirectorySource>(std::move(file_system), std::move(path));
}

}  // namespace catalog::content
