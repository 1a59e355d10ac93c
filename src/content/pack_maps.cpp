#include "pack_maps.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <catalog/internal/try.hpp>
#include <utility>

#include "longest_first.hpp"

namespace catalog::content {
namespace {

using internal::MutexLock;

// Chunks that are hashed at the same time: as many as there are lanes that cost nothing, and for
// who reads a pack in order as many as vectors hold.
constexpr std::size_t kVerifiedAtOnce = 3;
constexpr std::size_t kVerifiedAtOnceMax = 16;
// Records that are looked at to find each of them.
constexpr std::size_t kLookedAtMax = 3;
// So far behind what was verified last it is still the same reader: what is not mapped lies
// between.
constexpr std::uint64_t kReadOnBytes = 256u << 10;
// A neighbour that is longer than this and than the chunk asked for would make its reader wait.
constexpr std::uint32_t kNeighbourBytesMax = 64u << 10;

merkle::HashTask::As hashed_as(const RecordHeader& header) {
    return header.id_rule == IdRule::kLeaf ? merkle::HashTask::As::kLeaf
                                           : merkle::HashTask::As::kBytes;
}

}  // namespace

// A mapped pack with a note for each page: which record that begins there was found right, as its
// place in the page in units of eight, from 1. Of records that begin on one page, and are therefore
// short, the last one is remembered.
class PackMaps::Mapping {
public:
    explicit Mapping(std::unique_ptr<io::MappedRegion> region)
        : region_(std::move(region)),
          pages_(region_->bytes().size() / kPageBytes + 1),
          notes_(std::make_unique<std::atomic<std::uint16_t>[]>(pages_)) {}

    [[nodiscard]] ByteView bytes() const noexcept { return region_->bytes(); }

    [[nodiscard]] bool is_verified(std::uint64_t offset) const noexcept {
        return notes_[offset / kPageBytes].load(std::memory_order_relaxed) == note_of(offset);
    }
    void set_verified(std::uint64_t offset) noexcept {
        notes_[offset / kPageBytes].store(note_of(offset), std::memory_order_relaxed);
    }
    void take_notes_of(const Mapping& older) noexcept {
        for (std::size_t i = 0; i < std::min(pages_, older.pages_); ++i)
            notes_[i].store(older.notes_[i].load(std::memory_order_relaxed),
                            std::memory_order_relaxed);
    }

    // Reads the header of the record at `offset`; nothing when there is no whole one before `end`.
    [[nodiscard]] std::optional<RecordHeader> header_at(std::uint64_t offset,
                                                        std::uint64_t end) const {
        end = std::min<std::uint64_t>(end, bytes().size());
        if (offset > end || end - offset < kRecordHeaderBytes) return std::nullopt;
        const auto header = decode_record_header(bytes().subspan(offset, kRecordHeaderBytes));
        if (!header || end - offset - kRecordHeaderBytes < header->stored_bytes)
            return std::nullopt;
        return *header;
    }
    [[nodiscard]] ByteView payload(std::uint64_t offset, const RecordHeader& header) const {
        return bytes().subspan(offset + kRecordHeaderBytes, header.stored_bytes);
    }

    // Hashes the raw chunk at `offset`, and with it some behind it, before `committed`, that who
    // reads on is going to ask for. Returns the digest.
    [[nodiscard]] ContentHash verify(std::uint64_t offset, const RecordHeader& header,
                                     std::uint64_t committed) {
        std::array<merkle::HashTask, kVerifiedAtOnceMax> tasks;
        std::array<ChunkId, kVerifiedAtOnceMax> ids;
        std::array<std::uint64_t, kVerifiedAtOnceMax> offsets{};
        std::size_t count = 0;
        const std::size_t wanted = chunks_at_once(offset);
        const auto add = [&](std::uint64_t at, const RecordHeader& added) {
            tasks[count].bytes = payload(at, added);
            tasks[count].as = hashed_as(added);
            ids[count] = added.id;
            offsets[count++] = at;
        };
        add(offset, header);
        const std::uint32_t longest = std::max(header.stored_bytes, kNeighbourBytesMax);
        std::uint64_t at = offset + record_bytes(header.stored_bytes);
        for (std::size_t i = 0; i < kLookedAtMax * wanted && count < wanted; ++i) {
            const auto neighbour = header_at(at, committed);
            if (!neighbour) break;
            if (neighbour->codec == Codec::kRaw && neighbour->stored_bytes >= kPageBytes &&
                neighbour->stored_bytes <= longest && !is_verified(at))
                add(at, *neighbour);
            at += record_bytes(neighbour->stored_bytes);
        }
        next_.store(at, std::memory_order_relaxed);
        merkle::hash_all(std::span(tasks).first(count));
        for (std::size_t i = 0; i < count; ++i)
            if (tasks[i].digest == ids[i]) set_verified(offsets[i]);
        return tasks[0].digest;
    }

private:
    // More for who goes on where the last ones ended. Of several readers some are taken for one, or
    // one for several, which costs time alone.
    [[nodiscard]] std::size_t chunks_at_once(std::uint64_t offset) const noexcept {
        const std::uint64_t next = next_.load(std::memory_order_relaxed);
        const bool reads_on = next != 0 && offset >= next && offset - next < kReadOnBytes;
        return reads_on ? kVerifiedAtOnceMax : kVerifiedAtOnce;
    }

    static std::uint16_t note_of(std::uint64_t offset) noexcept {
        return static_cast<std::uint16_t>(offset % kPageBytes / kRecordAlignment + 1);
    }

    std::unique_ptr<io::MappedRegion> region_;
    std::size_t pages_;
    std::unique_ptr<std::atomic<std::uint16_t>[]> notes_;
    std::atomic<std::uint64_t> next_ = 0;  // Behind what was verified last.
};

PackMaps::PackMaps(PackFiles& files, std::uint32_t mapped_max)
    : files_(files), mapped_max_(std::max<std::size_t>(mapped_max, 1)) {}

Result<PackMaps::Located> PackMaps::locate(const ChunkLocation& location) {
    const auto damaged = [&](const char* what) {
        return pack_damaged(location.pack, location.offset, what);
    };
    const std::uint64_t offset = location.offset;
    const std::uint64_t end = offset + kRecordHeaderBytes + location.stored_bytes;
    if (offset % kRecordAlignment != 0 || end < offset) return damaged("no record can begin there");
    if (files_.holds(location.pack, end)) return Located();
    CATALOG_TRY(Covering covering, this->covering(location.pack, end));
    if (!covering.mapping) return Located();
    const auto header = covering.mapping->header_at(offset, end);
    if (!header || header->stored_bytes != location.stored_bytes ||
        header->plain_bytes != location.plain_bytes)
        return damaged("no record of that length is where the index says");
    covering.committed = std::max(covering.committed, end);
    return Located{std::move(covering), *header};
}

Result<std::optional<MappedChunk>> PackMaps::chunk(const ChunkLocation& location) {
    CATALOG_TRY(const Located located, locate(location));
    const RecordHeader& header = located.header;
    if (!located.covering.mapping || header.codec != Codec::kRaw) return std::nullopt;
    Mapping& mapping = *located.covering.mapping;
    const std::uint64_t offset = location.offset;
    if (!mapping.is_verified(offset)) {
        const ContentHash digest = mapping.verify(offset, header, located.covering.committed);
        if (digest != header.id)
            return fail(
                Error(Errc::kContentCorrupted, "chunk does not match its digest",
                      CorruptionDetail{header.id.to_string(), digest.to_string(), {}})
                    .with_input(pack_file_name(location.pack) + " at " + std::to_string(offset)));
    }
    return MappedChunk{header.id, mapping.payload(offset, header), located.covering.mapping};
}

std::vector<std::optional<MappedChunk>> PackMaps::chunks(std::span<const ChunkLocation> locations) {
    std::vector<std::optional<MappedChunk>> chunks(locations.size());
    std::vector<Mapping*> mappings(locations.size());
    std::vector<merkle::HashTask> tasks;
    std::vector<std::size_t> indexes;
    for (std::size_t i = 0; i < locations.size(); ++i) {
        const auto located = locate(locations[i]);
        if (!located || !located->covering.mapping || located->header.codec != Codec::kRaw)
            continue;
        const RecordHeader& header = located->header;
        mappings[i] = located->covering.mapping.get();
        const ByteView bytes = mappings[i]->payload(locations[i].offset, header);
        chunks[i] = MappedChunk{header.id, bytes, located->covering.mapping};
        if (mappings[i]->is_verified(locations[i].offset)) continue;
        tasks.push_back({bytes, hashed_as(header), {}});
        indexes.push_back(i);
    }
    LongestFirst().hash(tasks);
    for (std::size_t task = 0; task < tasks.size(); ++task) {
        const std::size_t i = indexes[task];
        const auto& chunk = chunks[i];
        if (chunk && tasks[task].digest == chunk->id)
            mappings[i]->set_verified(locations[i].offset);
        else
            chunks[i].reset();
    }
    return chunks;
}

Result<PackMaps::Covering> PackMaps::covering(PackId pack, std::uint64_t end) {
    {
        const MutexLock lock(mutex_);
        const auto found = packs_.find(pack);
        if (found != packs_.end() && found->second.mapping &&
            found->second.mapping->bytes().size() >= end) {
            found->second.used = ++uses_;
            return Covering{found->second.mapping, found->second.committed};
        }
    }
    CATALOG_TRY(auto mapping, map(pack));
    if (!mapping) return Covering{};
    if (mapping->bytes().size() < end)
        return pack_damaged(pack, mapping->bytes().size(), "record goes beyond the pack's end");
    const MutexLock lock(mutex_);
    Entry& entry = packs_[pack];
    entry.used = ++uses_;
    // Somebody else may have mapped it meanwhile; all of them keep the same addresses.
    if (!entry.mapping || entry.mapping->bytes().size() < mapping->bytes().size()) {
        if (entry.mapping) {
            mapping->take_notes_of(*entry.mapping);
            --mapped_;
        }
        entry.mapping.reset();
        make_room();
        entry.mapping = std::move(mapping);
        ++mapped_;
    }
    return Covering{entry.mapping, entry.committed};
}

Result<std::shared_ptr<PackMaps::Mapping>> PackMaps::map(PackId pack) const {
    const auto file = files_.open(pack);
    if (!file) {
        if (file.error().code() == Errc::kContentCorrupted) return fail(file.error());
        return nullptr;
    }
    if (file->seal) return nullptr;
    const auto info = file->file->info();
    if (!info) return nullptr;
    auto region = files_.fs().map(files_.path_of(pack), 0, info->size);
    if (!region) return nullptr;
    return std::make_shared<Mapping>(std::move(*region));
}

void PackMaps::make_room() {
    while (mapped_ >= mapped_max_) {
        Entry* oldest = nullptr;
        for (auto& [pack, entry] : packs_)
            if (entry.mapping.use_count() == 1 && (oldest == nullptr || entry.used < oldest->used))
                oldest = &entry;
        // What is held elsewhere stays mapped anyhow; letting go of it would map it twice.
        if (oldest == nullptr) return;
        oldest->mapping.reset();
        --mapped_;
    }
}

void PackMaps::committed(const PackMark& mark) {
    const MutexLock lock(mutex_);
    packs_[mark.pack].committed = mark.bytes;
}

void PackMaps::keep(const std::vector<PackMark>& marks) {
    const MutexLock lock(mutex_);
    std::map<PackId, Entry> kept;
    std::size_t mapped = 0;
    for (const PackMark& mark : marks) {
        Entry& entry = kept[mark.pack];
        if (const auto found = packs_.find(mark.pack); found != packs_.end())
            entry = std::move(found->second);
        entry.committed = mark.bytes;
        if (entry.mapping) ++mapped;
    }
    packs_ = std::move(kept);
    mapped_ = mapped;
}

void PackMaps::drop(PackId pack) {
    const MutexLock lock(mutex_);
    const auto found = packs_.find(pack);
    if (found == packs_.end()) return;
    if (found->second.mapping) --mapped_;
    packs_.erase(found);
}

void PackMaps::forget() {
    const MutexLock lock(mutex_);
    packs_.clear();
    mapped_ = 0;
}

}  // namespace catalog::content
