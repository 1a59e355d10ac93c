#include "pack_files.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

namespace catalog::content {
namespace {

using internal::MutexLock;

// Files of a folder whose names `parse` accepts; a folder that is not there has none.
template <class Id, class Parse>
Result<std::vector<PackFiles::Sized<Id>>> list_numbered(io::FileSystem& fs,
                                                        const std::string& directory,
                                                        const Parse& parse) {
    std::vector<PackFiles::Sized<Id>> files;
    const auto entries = fs.list(directory);
    if (!entries) {
        if (entries.error().code() == Errc::kFileNotFound) return files;
        return fail(entries.error());
    }
    for (const io::DirectoryEntry& entry : *entries) {
        const auto id = parse(entry.name);
        if (!id || entry.kind != io::FileKind::kRegular) continue;
        const auto info = fs.info(io::join_path(directory, entry.name));
        if (!info) {
            if (info.error().code() == Errc::kFileNotFound) continue;
            return fail(info.error());
        }
        files.emplace_back(*id, info->size);
    }
    return files;
}

Result<void> remove_if_there(io::FileSystem& fs, const std::string& path) {
    auto removed = fs.remove_file(path);
    if (!removed && removed.error().code() == Errc::kFileNotFound) return {};
    return removed;
}

}  // namespace

PackReader reader_of(const OpenedPack& pack) {
    return [&pack](std::uint64_t offset, std::span<std::byte> out) {
        return pack.tail ? pack.tail->read_at(*pack.file, offset, out)
                         : pack.file->read_at(offset, out);
    };
}

PackFiles::PackFiles(std::shared_ptr<io::FileSystem> fs, std::string directory,
                     std::uint32_t open_max, std::shared_ptr<const StoreEncryption> encryption)
    : fs_(std::move(fs)),
      directory_(std::move(directory)),
      open_max_(std::max<std::size_t>(open_max, 1)),
      encryption_(std::move(encryption)) {}

std::string PackFiles::path_of(PackId pack) const {
    return io::join_path(directory_, pack_file_name(pack));
}

std::string PackFiles::path_of(RunId run) const {
    return io::join_path(directory_, run_file_name(run));
}

Result<std::vector<PackFiles::Sized<PackId>>> PackFiles::list_packs() const {
    return list_numbered<PackId>(*fs_, directory_, parse_pack_file_name);
}

Result<std::vector<PackFiles::Sized<RunId>>> PackFiles::list_runs() const {
    return list_numbered<RunId>(*fs_, directory_, parse_run_file_name);
}

// The header's checksum decides nothing here: what the commitment proves is right is used, so that
// a bit elsewhere in it does not cost the pack.
Result<std::shared_ptr<const PackSeal>> PackFiles::seal_of(PackId pack,
                                                           const io::ReadableFile& file) const {
    if (encryption_ == nullptr) return nullptr;
    Bytes bytes(kPackHeaderBytes);
    CATALOG_TRY(const std::size_t count, file.read_at(0, bytes));
    bytes.resize(count);
    const auto header = decode_pack_header(bytes);
    if (header && !header->cipher) return pack_damaged(pack, 0, "pack is not encrypted");
    for (const PackCipherHeader& each : cipher_headers_of(bytes)) {
        auto cipher = RecordCipher::open(encryption_->keys, encryption_->store, pack, each);
        if (cipher)
            return std::make_shared<const PackSeal>(PackSeal{*std::move(cipher), encryption_});
        // A number that is damaged names no generation either.
        if (header && cipher.error().code() == Errc::kKeyNotFound)
            return fail(cipher.error().with_input(pack_file_name(pack)));
        if (cipher.error().code() == Errc::kOutOfMemory) return fail(cipher.error());
    }
    return pack_damaged(pack, 0, "pack's header is damaged, or of another store: no key fits");
}

Result<OpenedPack> PackFiles::open(PackId pack) {
    const MutexLock lock(mutex_);
    if (const auto found = open_.find(pack); found != open_.end()) {
        found->second.used = ++uses_;
        OpenedPack opened = found->second.opened;
        if (pack == growing_) opened.tail = tail_;
        return opened;
    }
    auto file = fs_->open_read(path_of(pack));
    if (!file) {
        if (file.error().code() == Errc::kFileNotFound)
            return pack_damaged(pack, 0, "pack is missing");
        return fail(file.error());
    }
    OpenedPack opened;
    opened.file = std::move(*file);
    CATALOG_TRY(opened.seal, seal_of(pack, *opened.file));
    if (open_.size() >= open_max_)
        open_.erase(std::min_element(open_.begin(), open_.end(), [](auto& a, auto& b) {
            return a.second.used < b.second.used;
        }));
    open_[pack] = CachedFile{opened, ++uses_};
    if (pack == growing_) opened.tail = tail_;
    return opened;
}

void PackFiles::grows(PackId pack, std::shared_ptr<const PackTail> tail) {
    const MutexLock lock(mutex_);
    growing_ = pack;
    tail_ = std::move(tail);
}

std::size_t PackFiles::held_bytes() const {
    const MutexLock lock(mutex_);
    return tail_ ? tail_->held_bytes() : 0;
}

bool PackFiles::holds(PackId pack, std::uint64_t end) const {
    const MutexLock lock(mutex_);
    return tail_ && pack == growing_ && tail_->holds(end);
}

Result<void> PackFiles::remove(PackId pack) {
    {
        const MutexLock lock(mutex_);
        open_.erase(pack);
    }
    return remove_if_there(*fs_, path_of(pack));
}

Result<void> PackFiles::remove(RunId run) { return remove_if_there(*fs_, path_of(run)); }

void PackFiles::forget() {
    const MutexLock lock(mutex_);
    open_.clear();
}

}  // namespace catalog::content
