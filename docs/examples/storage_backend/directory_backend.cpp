#include "directory_backend.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace example {

using catalog::Errc;
using catalog::Error;
using catalog::fail;
using catalog::io::join_path;
using content::append_record;
using content::BackendChanges;
using content::BackendMarks;
using content::BackendStats;
using content::ChunkId;
using content::ChunkLocation;
using content::ChunkProfile;
using content::Codec;
using content::decode_pack_header;
using content::decode_record_header;
using content::encode_pack_header;
using content::holds_chunk;
using content::IndexEntry;
using content::kPackHeaderBytes;
using content::kRecordHeaderBytes;
using content::NewRecord;
using content::pack_file_name;
using content::PackHeader;
using content::PackId;
using content::PackMark;
using content::PackVisitor;
using content::parse_pack_file_name;
using content::record_bytes;
using content::RecordHeader;
using content::StoredRecord;
using content::StoreId;

namespace {

using Lock = std::lock_guard<std::mutex>;

constexpr std::string_view kHeaderName = "header";

auto damaged(PackId pack, std::uint64_t offset, const std::string& what) {
    return fail(Error(Errc::kContentCorrupted, what, catalog::CorruptionDetail{})
                    .with_input(pack_file_name(pack) + " at " + std::to_string(offset)));
}

std::string offset_name(std::uint64_t offset) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), offset, 16).ptr;
    const std::string text(digits.data(), end);
    return std::string(digits.size() - text.size(), '0') + text;
}

std::optional<std::uint64_t> parse_offset(std::string_view name) {
    std::uint64_t offset = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), offset, 16);
    if (read.ec != std::errc() || offset_name(offset) != name) return std::nullopt;
    return offset;
}

// A record is right when writing it again gives the same bytes: header, checksums and padding.
bool is_whole(const std::string& bytes, const RecordHeader& header) {
    if (bytes.size() != record_bytes(header.stored_bytes)) return false;
    std::string again;
    const ByteView payload = catalog::as_bytes(bytes).subspan(kRecordHeaderBytes);
    append_record(again, header, payload.first(header.stored_bytes));
    return again == bytes;
}

// What is not there, or not a file, is damage; what cannot be read now is an error.
bool is_missing(const Error& error) {
    return error.code() == Errc::kFileNotFound || error.code() == Errc::kFileKind ||
           error.code() == Errc::kLimitExceeded;
}

}  // namespace

DirectoryBackend::DirectoryBackend(std::shared_ptr<catalog::io::FileSystem> file_system,
                                   std::string directory, std::uint64_t pack_bytes_max)
    : fs_(std::move(file_system)),
      directory_(std::move(directory)),
      pack_bytes_max_(pack_bytes_max) {}

std::string DirectoryBackend::folder_of(PackId pack) const {
    return join_path(directory_, pack_file_name(pack));
}

std::string DirectoryBackend::path_of(PackId pack, std::uint64_t offset) const {
    return join_path(folder_of(pack), offset_name(offset));
}

// The records of a pack: their offsets and lengths. Empty when it is not there.
Result<std::map<std::uint64_t, std::uint64_t>> DirectoryBackend::list(PackId pack) const {
    std::map<std::uint64_t, std::uint64_t> records;
    const auto entries = fs_->list(folder_of(pack));
    if (!entries) {
        if (is_missing(entries.error())) return records;
        return fail(entries.error());
    }
    for (const auto& entry : *entries) {
        const auto offset = parse_offset(entry.name);
        if (!offset) continue;
        const auto info = fs_->info(path_of(pack, *offset));
        if (!info) return fail(info.error());
        records[*offset] = info->size;
    }
    return records;
}

// What was committed stays, everything else goes: a later record must not meet it.
Result<void> DirectoryBackend::recover(const StoreId& store, const ChunkProfile& profile,
                                       const BackendMarks& committed) {
    const Lock lock(mutex_);
    header_ = PackHeader{PackId{}, store, profile};
    last_ = committed.last_pack;
    open_.reset();
    unreported_ = {};
    condemned_.clear();
    going_.clear();
    for (const PackMark& mark : committed.packs) last_ = std::max(last_, mark.pack);
    if (auto cleaned = clean(committed); !cleaned) return cleaned;
    if (auto loaded = load(committed); !loaded) return loaded;
    recovered_ = true;
    return {};
}

Result<void> DirectoryBackend::clean(const BackendMarks& marks) {
    const auto entries = fs_->list(directory_);
    if (!entries) {
        if (is_missing(entries.error())) return {};
        return fail(entries.error());
    }
    for (const auto& entry : *entries) {
        const auto pack = parse_pack_file_name(entry.name);
        if (!pack) continue;
        const auto mark = std::find_if(marks.packs.begin(), marks.packs.end(),
                                       [&](const PackMark& each) { return each.pack == *pack; });
        if (mark == marks.packs.end()) {
            if (auto removed = fs_->remove_tree(folder_of(*pack)); !removed) return removed;
            continue;
        }
        const auto records = list(*pack);
        if (!records) return fail(records.error());
        for (auto beyond = records->lower_bound(mark->bytes); beyond != records->end(); ++beyond)
            if (auto removed = fs_->remove_file(path_of(*pack, beyond->first)); !removed)
                return removed;
    }
    return {};
}

Result<void> DirectoryBackend::load(const BackendMarks& marks) {
    index_.clear();
    for (const PackMark& mark : marks.packs)
        if (auto loaded = load_pack(mark); !loaded) return loaded;
    return {};
}

Result<void> DirectoryBackend::load_pack(const PackMark& mark) {
    const auto records = list(mark.pack);
    if (!records) return fail(records.error());
    std::uint64_t end = kPackHeaderBytes;
    for (const auto& [offset, bytes] : *records) {
        if (offset >= mark.bytes) break;
        const auto file = fs_->open_read(path_of(mark.pack, offset));
        if (!file) return fail(file.error());
        Bytes head(kRecordHeaderBytes);
        const auto count = (*file)->read_at(0, head);
        if (!count) return fail(count.error());
        end = offset + bytes;
        const auto header = decode_record_header(ByteView(head).first(*count));
        // A damaged one is found by `scan`, and missed by whoever needs it.
        if (!header || !holds_chunk(header->codec)) continue;
        index_.try_emplace(
            header->id, IndexEntry{header->id,
                                   {mark.pack, offset, header->stored_bytes, header->plain_bytes},
                                   header->codec});
    }
    const auto own = catalog::io::read_file(*fs_, join_path(folder_of(mark.pack), kHeaderName),
                                            kPackHeaderBytes);
    const auto header = own ? decode_pack_header(catalog::as_bytes(*own)) : fail(own.error());
    // Nothing is added to a pack that is not whole, or does not say whose it is.
    if (!mark.sealed && end == mark.bytes && mark.bytes < pack_bytes_max_ && header &&
        header->store == header_.store)
        open_ = std::make_unique<OpenPack>(OpenPack{mark.pack, end, end});
    return {};
}

Result<void> DirectoryBackend::refresh(const StoreId& store, const BackendMarks& committed) {
    const Lock lock(mutex_);
    if (recovered_) return {};  // The writer knows.
    header_.store = store;
    return load(committed);
}

Result<std::optional<IndexEntry>> DirectoryBackend::find(const ChunkId& id) {
    const Lock lock(mutex_);
    const auto found = index_.find(id);
    if (found == index_.end()) return std::nullopt;
    return found->second;
}

std::optional<IndexEntry> DirectoryBackend::kept(const ChunkId& id) const {
    const auto found = index_.find(id);
    if (found == index_.end() || condemned_.contains(found->second.location.pack))
        return std::nullopt;
    return found->second;
}

Result<std::optional<IndexEntry>> DirectoryBackend::find_kept(const ChunkId& id) {
    const Lock lock(mutex_);
    return kept(id);
}

Result<void> DirectoryBackend::for_each(
    const std::function<Result<void>(const IndexEntry&)>& each) {
    std::vector<IndexEntry> entries;  // A copy: `each` may call this backend.
    {
        const Lock lock(mutex_);
        for (const auto& [id, entry] : index_) entries.push_back(entry);
    }
    for (const IndexEntry& entry : entries)
        if (auto done = each(entry); !done) return done;
    return {};
}

Result<void> DirectoryBackend::for_each_copy(
    const std::function<Result<void>(const IndexEntry&)>& each) {
    return for_each(each);  // Only one copy of a chunk is ever known.
}

// The bytes are durable when this returns, the name is not: a file that cannot be made so is gone.
Result<void> DirectoryBackend::write_file(const std::string& path, ByteView bytes) {
    auto file = fs_->open_write(path, catalog::io::OpenMode::kTruncate);
    if (!file) return fail(file.error());
    auto written = (*file)->append(bytes);
    if (written) written = (*file)->sync();
    if (written) written = (*file)->close();
    if (!written) {
        file->reset();
        (void)fs_->remove_file(path);  // Otherwise the next opening does.
    }
    return written;
}

Result<void> DirectoryBackend::open_for_append() {
    if (open_) return {};
    if (!recovered_)
        return fail(Errc::kFailedPrecondition, "the backend was not recovered before an append");
    const PackId pack{static_cast<std::uint32_t>(last_) + 1};
    if (auto made = catalog::io::make_directories_durably(*fs_, folder_of(pack)); !made)
        return made;
    header_.pack = pack;
    auto written = write_file(join_path(folder_of(pack), kHeaderName),
                              catalog::as_bytes(encode_pack_header(header_)));
    if (!written) return written;
    last_ = pack;
    open_ = std::make_unique<OpenPack>(OpenPack{pack, kPackHeaderBytes, 0});
    return {};
}

Result<ChunkLocation> DirectoryBackend::append(const NewRecord& record) {
    const Lock lock(mutex_);
    if (auto opened = open_for_append(); !opened) return fail(opened.error());
    const auto known = kept(record.id);
    if (known && stands_for(record, known->location)) return known->location;
    if (record.losses && *record.losses != losses_)
        return fail(Errc::kFailedPrecondition, "records were lost since the base was found");
    const ChunkLocation location{open_->pack, open_->end,
                                 static_cast<std::uint32_t>(record.payload.size()),
                                 record.plain_bytes};
    std::string bytes;
    append_record(
        bytes,
        {record.codec, record.plain_bytes, location.stored_bytes, record.id, 0, record.id_rule},
        record.payload);
    auto written = write_file(path_of(location.pack, location.offset), catalog::as_bytes(bytes));
    if (!written) return fail(written.error());
    open_->end += bytes.size();
    index_[record.id] = {record.id, location, record.codec};
    if (open_->end >= pack_bytes_max_) {
        if (auto synced = sync_names(*open_); !synced) return fail(synced.error());
        unreported_.packs.push_back({open_->pack, open_->end, true, 0});
        open_.reset();
    }
    return location;
}

// After a failed sync nobody knows which names are durable. The pack is abandoned where they were.
Result<void> DirectoryBackend::sync_names(OpenPack& pack) {
    auto synced = fs_->sync_directory(folder_of(pack.pack));
    if (synced) {
        pack.durable = pack.end;
        return {};
    }
    std::erase_if(index_, [&](const auto& entry) {
        const ChunkLocation& place = entry.second.location;
        return place.pack == pack.pack && place.offset >= pack.durable;
    });
    if (pack.durable > 0) unreported_.packs.push_back({pack.pack, pack.durable, true, 0});
    unreported_.packs_removed.clear();  // Copies of what they hold may be among what was lost.
    ++losses_;
    open_.reset();
    return fail(Error(Errc::kSyncFailed, "the folder of a pack could not be made durable")
                    .with_cause(synced.error()));
}

Result<BackendChanges> DirectoryBackend::sync() {
    const Lock lock(mutex_);
    if (open_ && open_->end > std::max<std::uint64_t>(open_->durable, kPackHeaderBytes)) {
        if (auto synced = sync_names(*open_); !synced) return fail(synced.error());
        unreported_.packs.push_back({open_->pack, open_->end, false, 0});
    }
    going_.insert(unreported_.packs_removed.begin(), unreported_.packs_removed.end());
    return std::exchange(unreported_, {});
}

void DirectoryBackend::committed(const BackendChanges& changes) {
    const Lock lock(mutex_);
    for (const PackId pack : changes.packs_removed) {
        std::erase_if(index_,
                      [&](const auto& entry) { return entry.second.location.pack == pack; });
        condemned_.erase(pack);
        going_.erase(pack);
        (void)fs_->remove_tree(folder_of(pack));  // Otherwise the next opening does.
    }
}

Result<std::uint64_t> DirectoryBackend::seal(PackId pack) {
    const Lock lock(mutex_);
    if (open_ && open_->pack == pack) {
        if (auto synced = sync_names(*open_); !synced) return fail(synced.error());
        const std::uint64_t end = open_->end;
        unreported_.packs.push_back({pack, end, true, 0});
        open_.reset();
        return end;
    }
    const auto records = list(pack);
    if (!records) return fail(records.error());
    if (records->empty()) return damaged(pack, 0, "pack is missing");
    return records->rbegin()->first + records->rbegin()->second;
}

void DirectoryBackend::condemn(PackId pack) {
    const Lock lock(mutex_);
    condemned_.insert(pack);
}

void DirectoryBackend::pardon(PackId pack) {
    const Lock lock(mutex_);
    std::erase(unreported_.packs_removed, pack);
    if (!going_.contains(pack)) condemned_.erase(pack);
}

Result<void> DirectoryBackend::remove_pack(PackId pack, std::uint64_t losses) {
    const Lock lock(mutex_);
    if (losses != losses_) return fail(Errc::kSyncFailed, "records were lost");
    if (open_ && open_->pack == pack)
        return fail(Errc::kFailedPrecondition, pack_file_name(pack) + " still grows");
    unreported_.packs_removed.push_back(pack);
    return {};
}

std::uint64_t DirectoryBackend::losses() const {
    const Lock lock(mutex_);
    return losses_;
}

Result<RecordHeader> DirectoryBackend::peek(const ChunkLocation& location) {
    const auto file = fs_->open_read(path_of(location.pack, location.offset));
    if (!file) {
        if (is_missing(file.error()))
            return damaged(location.pack, location.offset, "there is no record here");
        return fail(file.error());
    }
    Bytes head(kRecordHeaderBytes);
    const auto count = (*file)->read_at(0, head);
    if (!count) return fail(count.error());
    auto header = decode_record_header(ByteView(head).first(*count));
    if (!header)
        return damaged(location.pack, location.offset, std::string(header.error().message()));
    if (header->stored_bytes != location.stored_bytes ||
        header->plain_bytes != location.plain_bytes)
        return damaged(location.pack, location.offset, "record has other lengths than promised");
    return header;
}

Result<StoredRecord> DirectoryBackend::read(const ChunkLocation& location, Bytes& buffer) {
    auto header = peek(location);
    if (!header) return fail(header.error());
    const auto bytes = catalog::io::read_file(*fs_, path_of(location.pack, location.offset),
                                              record_bytes(header->stored_bytes));
    if (!bytes && !is_missing(bytes.error())) return fail(bytes.error());
    if (!bytes || !is_whole(*bytes, *header))
        return damaged(location.pack, location.offset, "record does not match its checksums");
    const ByteView whole = catalog::as_bytes(*bytes);
    buffer.assign(whole.begin() + kRecordHeaderBytes, whole.end());
    return StoredRecord{*header, ByteView(buffer).first(header->stored_bytes)};
}

Result<ChunkId> DirectoryBackend::base_of(const ChunkLocation& location) {
    Bytes buffer;
    const auto record = read(location, buffer);
    if (!record) return fail(record.error());
    if (record->header.codec != Codec::kDelta || record->payload.size() < ChunkId::kDigestBytes)
        return damaged(location.pack, location.offset, "record is no delta");
    return ChunkId::from_digest(catalog::HashAlgorithm::kSha256,
                                record->payload.first(ChunkId::kDigestBytes));
}

Result<PackHeader> DirectoryBackend::inspect(const PackMark& mark) {
    const auto bytes = catalog::io::read_file(*fs_, join_path(folder_of(mark.pack), kHeaderName),
                                              kPackHeaderBytes);
    if (!bytes) {
        if (is_missing(bytes.error())) return damaged(mark.pack, 0, "pack is missing");
        return fail(bytes.error());
    }
    auto header = decode_pack_header(catalog::as_bytes(*bytes));
    if (!header) return damaged(mark.pack, 0, std::string(header.error().message()));
    if (header->pack != mark.pack) return damaged(mark.pack, 0, "pack says another number");
    const auto records = list(mark.pack);
    if (!records) return fail(records.error());
    const std::uint64_t end =
        records->empty() ? kPackHeaderBytes : records->rbegin()->first + records->rbegin()->second;
    if (end < mark.bytes) return damaged(mark.pack, end, "pack ends before its committed length");
    return header;
}

Result<void> DirectoryBackend::scan(const PackMark& mark, PackVisitor& visitor) {
    const auto records = list(mark.pack);
    if (!records) return fail(records.error());
    std::uint64_t end = 0;
    const auto header = inspect(mark);
    if (!header && header.error().code() != Errc::kContentCorrupted) return fail(header.error());
    if (header || !records->empty()) end = kPackHeaderBytes;
    for (const auto& [offset, size] : *records) {
        if (offset >= mark.bytes) break;
        if (offset > end)
            if (auto said = visitor.damage(mark.pack, end, offset - end, "records are missing");
                !said)
                return said;
        end = offset + size;
        const auto bytes = catalog::io::read_file(*fs_, path_of(mark.pack, offset), size);
        if (!bytes) return fail(bytes.error());
        const auto record = decode_record_header(catalog::as_bytes(*bytes));
        Result<void> said;
        if (!record || !is_whole(*bytes, *record)) {
            said = visitor.damage(mark.pack, offset, size, "record is damaged");
        } else if (holds_chunk(record->codec)) {
            said = visitor.record(
                {mark.pack, offset, record->stored_bytes, record->plain_bytes}, *record,
                catalog::as_bytes(*bytes).subspan(kRecordHeaderBytes, record->stored_bytes));
        }
        if (!said) return said;
    }
    if (end >= mark.bytes) return {};
    return visitor.damage(mark.pack, end, mark.bytes - end,
                          "pack ends before its committed length");
}

Result<BackendStats> DirectoryBackend::stats() {
    BackendStats stats;
    const auto entries = fs_->list(directory_);
    if (!entries) {
        if (is_missing(entries.error())) return stats;
        return fail(entries.error());
    }
    for (const auto& entry : *entries) {
        const auto pack = parse_pack_file_name(entry.name);
        if (!pack) continue;
        const auto records = list(*pack);
        if (!records) return fail(records.error());
        ++stats.packs;
        stats.bytes += kPackHeaderBytes;
        for (const auto& [offset, bytes] : *records) stats.bytes += bytes;
    }
    return stats;
}

}  // namespace example
