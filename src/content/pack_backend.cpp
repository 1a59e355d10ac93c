#include "pack_backend.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>
#include <map>
#include <utility>

#include "catalog/content/compressor.hpp"
#include "pack_scan.hpp"

namespace catalog::content {

using internal::MutexLock;

namespace {

// Of one padding record, the longest that the format has of what is a multiple of a grain.
constexpr std::uint64_t kPaddingBytesAtOnce = 2 * kSealedGrainBytes;

}  // namespace

Result<void> PackBackend::recover(const StoreId& store, const ChunkProfile& profile,
                                  const BackendMarks& committed) {
    const MutexLock lock(mutex_);
    if (read_only_)
        return fail(Errc::kFailedPrecondition, "a read-only backend has nothing to recover");
    header_ = PackHeader{PackId{}, store, profile};
    last_ = committed.last_pack;
    end_appending();
    unfinished_.reset();
    unreported_ = {};
    going_.clear();
    copies_needed_ = false;
    files_.forget();
    maps_.forget();
    dictionaries_.forget();
    std::map<PackId, const PackMark*> marks;
    for (const PackMark& mark : committed.packs) {
        maps_.committed(mark);
        marks[mark.pack] = &mark;
        last_ = std::max(last_, mark.pack);
    }
    CATALOG_TRY(const auto packs, files_.list_packs());
    for (const auto& [pack, size] : packs) {
        const auto found = marks.find(pack);
        CATALOG_TRY_VOID(recover_file(pack, size, found == marks.end() ? nullptr : found->second));
    }
    CATALOG_TRY(const auto runs, files_.list_runs());
    for (const auto& [run, size] : runs) {
        const auto is_it = [number = run](const RunMark& mark) { return mark.run == number; };
        if (std::none_of(committed.runs.begin(), committed.runs.end(), is_it))
            CATALOG_TRY_VOID(files_.remove(run));
    }
    index_.reset();
    CATALOG_TRY_VOID(index_.apply(store, committed));
    recovered_ = true;
    return {};
}

Result<void> PackBackend::refresh(const StoreId& store, const BackendMarks& committed) {
    maps_.keep(committed.packs);
    return index_.apply(store, committed);
}

Result<void> PackBackend::recover_file(PackId pack, std::uint64_t size, const PackMark* mark) {
    if (mark == nullptr) return files_.remove(pack);
    if (size < mark->bytes) return {};
    if (size > mark->bytes) {
        CATALOG_TRY(const auto file,
                    files_.fs().open_write(files_.path_of(pack), io::OpenMode::kReadWrite));
        CATALOG_TRY_VOID(file->truncate(mark->bytes));
        CATALOG_TRY_VOID(file->close());
    }
    if (!mark->sealed && mark->bytes < options_.pack_bytes_max) {
        // Nothing is added to a pack that does not say whose it is.
        const auto header = inspect(*mark);
        if (header && header->store == header_.store && is_current(*header)) unfinished_ = *mark;
        if (!header && header.error().code() != Errc::kContentCorrupted)
            return fail(header.error());
    }
    return {};
}

// A pack of an older generation is finished: what is new goes under the newest key.
bool PackBackend::is_current(const PackHeader& header) const {
    if (!is_encrypted()) return !header.cipher;
    return header.cipher && header.cipher->generation == options_.encryption->keys.newest();
}

Result<std::optional<IndexEntry>> PackBackend::find_by(Find way, const ChunkId& id) {
    const auto index = index_.index();
    if (!index) return std::nullopt;
    const ChunkId indexed = index_.id_of(id);
    auto found = ((*index).*way)(indexed);
    if (!found && found.error().code() == Errc::kPackInvalid) {
        // A page of a sealed run is damaged: the packs say what it said.
        CATALOG_TRY_VOID(index_.drop_damaged());
        found = ((*index).*way)(indexed);
    }
    if (!found) return found;
    std::optional<IndexEntry>& entry = *found;
    if (entry) entry->id = id;
    return found;
}

Result<std::optional<IndexEntry>> PackBackend::find(const ChunkId& id) {
    return find_by(&ChunkIndex::find, id);
}

Result<std::optional<IndexEntry>> PackBackend::find_kept(const ChunkId& id) {
    return find_by(&ChunkIndex::find_kept, id);
}

Result<void> PackBackend::for_each(const std::function<Result<void>(const IndexEntry&)>& each) {
    const auto index = index_.index();
    return index ? index->for_each(each) : Result<void>();
}

Result<void> PackBackend::for_each_copy(
    const std::function<Result<void>(const IndexEntry&)>& each) {
    {
        const MutexLock lock(mutex_);
        copies_needed_ = true;
    }
    const auto index = index_.index();
    return index ? index->for_each_copy(each) : Result<void>();
}

Result<void> PackBackend::open_for_append() {
    if (open_) return {};
    if (read_only_ || !recovered_)
        return fail(Errc::kFailedPrecondition,
                    read_only_ ? "the content store is open read-only"
                               : "the backend was not recovered before an append");
    if (unfinished_) {
        const PackMark mark = *unfinished_;
        unfinished_.reset();
        if (continue_pack(mark)) return {};
    }
    return create_pack();
}

Result<void> PackBackend::continue_pack(const PackMark& mark) {
    CATALOG_TRY(auto file,
                files_.fs().open_write(files_.path_of(mark.pack), io::OpenMode::kAppend));
    if (file->size() != mark.bytes)
        return fail(Errc::kPackInvalid, "pack changed behind the store's back");
    OpenPack open{mark.pack, tail_of(std::move(file)), mark.bytes, mark.bytes, true, 0, nullptr};
    if (is_encrypted()) {
        CATALOG_TRY(const OpenedPack opened, files_.open(mark.pack));
        open.sealer = sealer_of(opened.seal->records);
    }
    // Nothing new may depend on one that is damaged.
    if (const auto of = dictionaries_.of(mark.pack)) {
        const auto& own = *of;
        if (own && dictionaries_.read(mark.pack)) open.dictionary = own->number;
    }
    begin_appending(std::move(open));
    return {};
}

Result<void> PackBackend::create_pack() {
    if (static_cast<std::uint32_t>(last_) == ~std::uint32_t{0})
        return fail(Errc::kLimitExceeded, "the content store has used up its pack numbers");
    const PackId id{static_cast<std::uint32_t>(last_) + 1};
    std::unique_ptr<RecordSealer> sealer;
    if (is_encrypted()) {
        const StoreEncryption& store = *options_.encryption;
        CATALOG_TRY(auto cipher, RecordCipher::create(store.keys, store.store, id, *store.random));
        header_.cipher = cipher->header();
        sealer = sealer_of(std::move(cipher));
    }
    if (!directory_made_) {
        CATALOG_TRY_VOID(io::make_directories_durably(files_.fs(), files_.directory()));
        // Whoever made it may have met an error, or its end, before the name was durable.
        CATALOG_TRY_VOID(files_.fs().sync_directory(io::parent_path(files_.directory())));
    }
    directory_made_ = true;
    CATALOG_TRY(const auto dictionary, dictionaries_.in_use());
    std::string first;
    if (dictionary) {
        CATALOG_TRY(first, first_record(*dictionary, sealer.get()));
    }
    CATALOG_TRY(auto file, files_.fs().open_write(files_.path_of(id), io::OpenMode::kCreateNew));
    header_.pack = id;
    auto begun = file->append(as_bytes(encode_pack_header(header_) + first));
    if (begun) begun = index_.begin_pack(id);
    if (!begun) {
        // Best effort: what stays behind is unknown to the store and goes with the next recovery.
        (void)file->close();
        (void)files_.remove(id);
        return begun;
    }
    last_ = id;
    begin_appending({id, tail_of(std::move(file)), kPackHeaderBytes + first.size(), 0, false, 0,
                     std::move(sealer), dictionary ? dictionary->number : 0});
    return {};
}

std::shared_ptr<PackTail> PackBackend::tail_of(std::unique_ptr<io::WritableFile> file) const {
    return std::make_shared<PackTail>(std::move(file), options_.held_bytes_max);
}

void PackBackend::begin_appending(OpenPack pack) {
    files_.grows(pack.id, pack.tail);
    open_ = std::make_unique<OpenPack>(std::move(pack));
}

void PackBackend::end_appending() {
    files_.grows(PackId{}, nullptr);
    open_.reset();
}

// Makes the open pack one that begins with the dictionary of a payload.
Result<void> PackBackend::fit_dictionary(ByteView payload, ChunkIndex& index) {
    CATALOG_TRY(const std::uint32_t number, dictionary_number(payload));
    if (open_->dictionary == number) return {};
    CATALOG_TRY(const auto in_use, dictionaries_.in_use());
    if (!in_use || in_use->number != number)
        return fail(
            Error(Errc::kFailedPrecondition, "dictionary " + std::to_string(number) +
                                                 " is neither in use nor that of the open pack")
                .with_input(pack_file_name(open_->id)));
    if (open_->end != kPackHeaderBytes) {
        CATALOG_TRY_VOID(seal_open_pack(index));
        return open_for_append();
    }
    CATALOG_TRY(const std::string first, first_record(*in_use, open_->sealer.get()));
    CATALOG_TRY_VOID(write(as_bytes(first)));
    open_->dictionary = number;
    return {};
}

// Appends whole records, or nothing.
Result<void> PackBackend::write(ByteView bytes) {
    auto written = open_->tail->append(bytes);
    if (written) {
        open_->end += bytes.size();
        return {};
    }
    if (!open_->tail->truncate(open_->end)) abandon_open_pack();
    return written;
}

Result<ChunkLocation> PackBackend::append(const NewRecord& record) {
    const MutexLock lock(mutex_);
    CATALOG_TRY_VOID(open_for_append());
    const auto index = index_.index();
    CATALOG_TRY(const auto known, find_kept(record.id));
    if (known && stands_for(record, known->location)) return known->location;
    if (record.losses && *record.losses != losses_.load())
        return fail(Errc::kFailedPrecondition, "records were lost since the base was found");
    if (record.codec == Codec::kZstdDictionary)
        CATALOG_TRY_VOID(fit_dictionary(record.payload, *index));
    CATALOG_TRY_VOID(write_record(record));
    const std::uint64_t bytes = bytes_of(static_cast<std::uint32_t>(record.payload.size()));
    const ChunkLocation location{open_->id, open_->end - bytes,
                                 static_cast<std::uint32_t>(record.payload.size()),
                                 record.plain_bytes};
    CATALOG_TRY_VOID(index->insert({index_.id_of(record.id), location, record.codec}));
    if (open_->end >= options_.pack_bytes_max) CATALOG_TRY_VOID(seal_open_pack(*index));
    return location;
}

Result<void> PackBackend::write_record(const NewRecord& record) {
    const auto stored_bytes = static_cast<std::uint32_t>(record.payload.size());
    const RecordHeader header{record.codec,  record.plain_bytes, stored_bytes, record.id, 0,
                              record.id_rule};
    if (open_->sealer) return write_sealed(header, record.payload);
    scratch_.clear();
    if (record.codec == Codec::kRaw && stored_bytes >= kPagedBytesMin)
        if (const std::uint64_t gap = padding_bytes(open_->end); gap != 0)
            append_padding(scratch_, gap);
    append_record(scratch_, header, record.payload);
    return write(as_bytes(scratch_));
}

Result<void> PackBackend::write_sealed(const RecordHeader& header, ByteView payload) {
    std::string bare;
    bare.reserve(kRecordHeaderBytes);
    append_record_header(bare, header);
    const std::uint64_t bytes = sealed_record_bytes(header.stored_bytes);
    if (sealed_.size() < bytes) sealed_.resize(bytes);
    const std::span<std::byte> out = std::span(sealed_).first(bytes);
    CATALOG_TRY_VOID(
        open_->sealer->seal(open_->end, as_bytes(bare).first<kRecordHeaderBytes>(), payload, out));
    return write(out);
}

// Lets the pack end `past` bytes before a page.
Result<void> PackBackend::write_sealed_padding(std::uint64_t past) {
    const std::uint64_t gap = sealed_padding_bytes(open_->end, kSealedGrainBytes, past);
    if (gap == 0) return {};
    RecordHeader header;
    header.codec = Codec::kPadding;
    header.stored_bytes = padding_payload_bytes(gap);
    return write_sealed(header, Bytes(header.stored_bytes));
}

// Brings a pack that would be `whole` bytes long to a length that says nothing.
Result<void> PackBackend::write_pack_padding(std::uint64_t whole) {
    std::uint64_t left = padded_pack_bytes(whole) - whole;
    while (left != 0) {
        const std::uint64_t bytes = std::min(left, kPaddingBytesAtOnce);
        RecordHeader header;
        header.codec = Codec::kPadding;
        header.stored_bytes = padding_payload_bytes(bytes);
        CATALOG_TRY_VOID(write_sealed(header, Bytes(header.stored_bytes)));
        left -= bytes;
    }
    return {};
}

// A pack whose index cannot be written, for lack of space for example, is sealed without one: the
// next opening reads its records instead.
Result<void> PackBackend::seal_open_pack(ChunkIndex& index) {
    (void)write_index(index);
    if (!open_) return {};
    CATALOG_TRY_VOID(sync_pack(*open_));
    const PackMark mark{open_->id, open_->end, true, open_->index_offset};
    unreported_.packs.push_back(mark);
    (void)open_->tail->close();  // Everything in it is durable.
    end_appending();
    // Without its own index its entries stay in memory, where they are right as well.
    (void)index_.pack_grew(mark);
    return {};
}

Result<void> PackBackend::write_index(ChunkIndex& index) {
    const std::vector<IndexEntry> entries = index.unsealed(open_->id);
    const std::uint64_t begin = open_->end;
    auto written = write_index_head(index_run_bytes(entries.size()));
    const std::uint64_t offset = open_ ? open_->end : 0;
    if (written) written = write_index_pages(entries);
    if (written) {
        open_->index_offset = offset;
        return {};
    }
    if (open_ && open_->end != begin) {
        if (open_->tail->truncate(begin))
            open_->end = begin;
        else
            abandon_open_pack();
    }
    return written;
}

// All of the index record in front of its pages, which begin on a page of the pack.
Result<void> PackBackend::write_index_head(std::uint64_t index_bytes) {
    RecordHeader header;
    header.codec = Codec::kIndex;
    header.stored_bytes = static_cast<std::uint32_t>(index_bytes);
    scratch_.clear();
    if (!open_->sealer) {
        if (const std::uint64_t gap = padding_bytes(open_->end); gap != 0)
            append_padding(scratch_, gap);
        append_record_header(scratch_, header);
        return write(as_bytes(scratch_));
    }
    CATALOG_TRY_VOID(write_sealed_padding(kSealedIndexHeadBytes));
    CATALOG_TRY_VOID(write_pack_padding(open_->end + kSealedIndexHeadBytes + index_bytes));
    append_record_header(scratch_, header);
    std::array<std::byte, kSealedIndexHeadBytes> head{};
    CATALOG_TRY_VOID(open_->sealer->seal_header(open_->end,
                                                as_bytes(scratch_).first<kRecordHeaderBytes>(),
                                                std::span(head).first<kSealedHeaderBytes>()));
    return write(head);
}

Result<void> PackBackend::write_index_pages(const std::vector<IndexEntry>& entries) {
    const IndexRunInfo info{header_.store, RunOrigin::kPackFooter,
                            static_cast<std::uint32_t>(open_->id)};
    CATALOG_TRY(const auto cipher, index_.make_cipher(info));
    const auto write_pages = [&](ByteView pages) CATALOG_REQUIRES(mutex_) -> Result<void> {
        if (!open_) return fail(Errc::kIo, "the pack was abandoned");
        return write(pages);
    };
    IndexRunBuilder builder(info, write_pages, cipher.get());
    for (const IndexEntry& entry : entries) CATALOG_TRY_VOID(builder.add(entry));
    return builder.finish();
}

Result<BackendChanges> PackBackend::sync() {
    const MutexLock lock(mutex_);
    if (open_ && open_->sealer && open_->end > open_->durable) {
        // Without the padding, for lack of space, a little more can be seen, and nothing is lost.
        const auto padded = write_sealed_padding(0);
        if (!open_) return fail(padded.error());
    }
    if (open_ && open_->end > open_->durable) {
        if (auto synced = sync_pack(*open_); !synced) return fail(synced.error());
        unreported_.packs.push_back({open_->id, open_->end, false, 0});
        CATALOG_TRY_VOID(index_.pack_grew(unreported_.packs.back()));
    }
    for (const RunId run : index_.take_dead_runs()) unreported_.runs_removed.push_back(run);
    // A merge that fails now is tried again later; nothing depends on it.
    if (const auto merge = index_.merge_when_due(!copies_needed_).value_or(std::nullopt)) {
        unreported_.runs.push_back(merge->mark);
        for (const RunId run : merge->removed) unreported_.runs_removed.push_back(run);
    }
    going_.insert(unreported_.packs_removed.begin(), unreported_.packs_removed.end());
    return std::exchange(unreported_, {});
}

Result<void> PackBackend::sync_pack(OpenPack& pack) {
    auto synced = pack.tail->sync();
    if (synced && !pack.entry_durable) synced = files_.fs().sync_directory(files_.directory());
    if (!synced) {
        abandon_open_pack();
        return synced;
    }
    pack.durable = pack.end;
    pack.entry_durable = true;
    return {};
}

// After a failed sync the kernel may have dropped the written pages and marked them clean: a
// second sync would report success for bytes that are gone.
void PackBackend::abandon_open_pack() {
    index_.index()->drop_from(open_->id, open_->durable);
    if (open_->durable > 0) unreported_.packs.push_back({open_->id, open_->durable, true, 0});
    end_appending();
    losses_.fetch_add(1);
    // Copies of what these packs hold may be among what was lost.
    unreported_.packs_removed.clear();
}

Result<std::uint64_t> PackBackend::seal(PackId pack) {
    const MutexLock lock(mutex_);
    if (!open_ && unfinished_ && unfinished_->pack == pack) {
        const PackMark mark = *unfinished_;
        unfinished_.reset();
        // One that cannot be continued never grows again.
        (void)continue_pack(mark);
    }
    if (open_ && open_->id == pack) CATALOG_TRY_VOID(seal_open_pack(*index_.index()));
    CATALOG_TRY(const OpenedPack opened, files_.open(pack));
    CATALOG_TRY(const auto info, opened.file->info());
    return info.size;
}

void PackBackend::condemn(PackId pack) {
    const MutexLock lock(mutex_);
    copies_needed_ = true;
    if (const auto index = index_.index()) index->condemn_pack(pack);
}

void PackBackend::pardon(PackId pack) {
    const MutexLock lock(mutex_);
    std::erase(unreported_.packs_removed, pack);
    const auto index = index_.index();
    if (index && !going_.contains(pack)) index->pardon_pack(pack);
}

Result<void> PackBackend::remove_pack(PackId pack, std::uint64_t losses) {
    const MutexLock lock(mutex_);
    if (losses_.load() != losses)
        return fail(Errc::kSyncFailed, "records were lost when the disk failed to sync");
    if ((open_ && open_->id == pack) || (unfinished_ && unfinished_->pack == pack))
        return fail(Errc::kFailedPrecondition, pack_file_name(pack) + " still grows");
    unreported_.packs_removed.push_back(pack);
    return {};
}

void PackBackend::committed(const BackendChanges& changes) {
    // Not while a merge reads the index.
    const MutexLock lock(mutex_);
    // Best effort: what stays behind goes with the next recovery.
    for (const PackId pack : changes.packs_removed) {
        maps_.drop(pack);
        index_.retire(pack);
        going_.erase(pack);
        (void)files_.remove(pack);
    }
    for (const RunId run : changes.runs_removed) (void)files_.remove(run);
}

Result<RecordHeader> PackBackend::peek(const ChunkLocation& location) {
    CATALOG_TRY(const OpenedPack pack, files_.open(location.pack));
    return peek_record(reader_of(pack), location, pack.seal.get());
}

Result<StoredRecord> PackBackend::read(const ChunkLocation& location, Bytes& buffer) {
    CATALOG_TRY(const OpenedPack pack, files_.open(location.pack));
    return read_record(reader_of(pack), location, buffer, pack.seal.get());
}

Result<ChunkId> PackBackend::base_of(const ChunkLocation& location) {
    CATALOG_TRY(const OpenedPack pack, files_.open(location.pack));
    return base_of_record(reader_of(pack), location, pack.seal.get());
}

Result<PackHeader> PackBackend::inspect(const PackMark& mark) {
    CATALOG_TRY(const OpenedPack pack, files_.open(mark.pack));
    CATALOG_TRY(const auto info, pack.file->info());
    return inspect_pack(reader_of(pack), info.size, mark);
}

Result<void> PackBackend::scan(const PackMark& mark, PackVisitor& visitor) {
    const auto pack = files_.open(mark.pack);
    if (!pack) {
        if (pack.error().code() != Errc::kContentCorrupted) return fail(pack.error());
        return visitor.damage(mark.pack, 0, mark.bytes, std::string(pack.error().message()));
    }
    CATALOG_TRY(const auto info, pack->file->info());
    return scan_pack(reader_of(*pack), info.size, mark, visitor, pack->seal.get());
}

Result<BackendStats> PackBackend::stats() {
    CATALOG_TRY(const auto packs, files_.list_packs());
    CATALOG_TRY(const auto runs, files_.list_runs());
    BackendStats stats;
    stats.packs = packs.size();
    stats.bytes = files_.held_bytes();
    for (const auto& [pack, size] : packs) stats.bytes += size;
    for (const auto& [run, size] : runs) stats.index_bytes += size;
    stats.bytes += stats.index_bytes;
    CATALOG_TRY(stats.dictionary_bytes, dictionaries_.bytes());
    return stats;
}

std::unique_ptr<StorageBackend> make_pack_backend(std::shared_ptr<io::FileSystem> file_system,
                                                  std::string directory, bool read_only,
                                                  const PackOptions& options) {
    return std::make_unique<PackBackend>(std::move(file_system), std::move(directory), read_only,
                                         options);
}

}  // namespace catalog::content
