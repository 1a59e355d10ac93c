#include "content_core.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

namespace catalog::content {
namespace {

// How often a chunk may be moved while it is read.
constexpr int kMovesMax = 8;

}  // namespace

tl::unexpected<Error> object_not_found(const ContentHash& id) {
    return fail(Errc::kContentNotFound, "object " + id.to_string() + " is not in this store",
                NotFoundDetail{"content", id.to_string()});
}

Result<ObjectRecord> ContentCore::find_object(const ContentHash& id) const {
    CATALOG_TRY(const auto value, options.store->get(options.families.objects, hash_key(id)));
    if (!value) return object_not_found(id);
    auto record = decode_object(id, *value);
    if (!record)
        return fail(record.error()
                        .with_input("object record")
                        .with_detail(CorruptionDetail{id.to_string(), {}, {id.to_string()}}));
    return record;
}

Result<OpenedObject> ContentCore::open_object(const ContentHash& id) const {
    CATALOG_TRY(ObjectRecord record, find_object(id));
    OpenedObject object;
    object.begins.reserve(record.chunks.size());
    std::uint64_t begin = 0;
    for (const ChunkRef& chunk : record.chunks) {
        object.begins.push_back(begin);
        begin += chunk.bytes;
    }
    object.info = {id, record.size, static_cast<std::uint32_t>(record.chunks.size())};
    object.chunks = std::move(record.chunks);
    return object;
}

Result<void> check_chunks(const ContentCore& core, const ContentHash& id, std::string_view record) {
    CATALOG_TRY(const ObjectRecord object, decode_object(id, record));
    for (const ChunkRef& chunk : object.chunks) {
        CATALOG_TRY(const auto found, core.keeper->find(chunk.id));
        if (found) continue;
        Error error = core.backend->losses() != 0
                          ? Error(Errc::kSyncFailed,
                                  "content of this session was lost when the disk failed to sync")
                          : Error(Errc::kContentNotFound,
                                  "content of this commit was collected before it was committed",
                                  NotFoundDetail{"content", id.to_string()});
        return fail(error.with_input(id.to_string()).with_hint("store the content again"));
    }
    return {};
}

Result<std::optional<IndexEntry>> ContentCore::find_chunk(const ChunkId& id) const {
    CATALOG_TRY(const auto found, backend->find(id));
    if (found || !options.read_only) return found;
    CATALOG_TRY_VOID(refresh());
    return backend->find(id);
}

Result<BackendMarks> ContentCore::marks(const kv::Snapshot& snapshot) const {
    BackendMarks marks;
    const auto records = snapshot.iterate(options.families.packs);
    const auto each_of = [&](const std::string& first, const auto& add) -> Result<void> {
        for (records->seek(first); records->valid(); records->next()) {
            if (records->key().front() != first.front()) break;
            CATALOG_TRY_VOID(add());
        }
        return records->status();
    };
    CATALOG_TRY_VOID(each_of(pack_key(PackId{}), [&]() -> Result<void> {
        CATALOG_TRY(const PackMark mark, decode_pack_mark(records->key(), records->value()));
        marks.packs.push_back(mark);
        return {};
    }));
    CATALOG_TRY(const auto last, snapshot.get(options.families.packs, last_pack_key()));
    if (last) {
        CATALOG_TRY(marks.last_pack, decode_last_pack(*last));
    }
    CATALOG_TRY_VOID(each_of(run_key(RunId{}), [&]() -> Result<void> {
        CATALOG_TRY(RunMark mark, decode_run_mark(records->key(), records->value()));
        marks.runs.push_back(std::move(mark));
        return {};
    }));
    return marks;
}

Result<void> ContentCore::refresh() const {
    const auto snapshot = options.store->snapshot();
    // A reader may have been opened before the store had a format.
    CATALOG_TRY(const auto value, snapshot->get(options.families.packs, format_key()));
    StoreId store = format.store;
    if (value) {
        CATALOG_TRY(const FormatRecord stored, decode_format(*value));
        store = stored.store;
    }
    CATALOG_TRY(const BackendMarks committed, marks(*snapshot));
    return backend->refresh(store, committed);
}

Result<void> for_each_object(
    const ContentCore& core, const kv::Snapshot& snapshot,
    const std::function<Result<void>(const ContentHash&, std::string_view)>& each) {
    const auto objects = snapshot.iterate(core.options.families.objects);
    for (objects->seek({}); objects->valid(); objects->next()) {
        CATALOG_TRY(const ContentHash id, decode_hash_key(objects->key()));
        CATALOG_TRY_VOID(each(id, objects->value()));
    }
    return objects->status();
}

Result<ByteView> ChunkReader::read_verified(const ChunkRef& chunk) {
    CATALOG_TRY(const auto entry, core_.find_chunk(chunk.id));
    if (!entry)
        return fail(Error(Errc::kContentCorrupted, "chunk is missing from the index")
                        .with_input("chunk index"));
    auto bytes = read_at(chunk, entry->location);
    if (bytes || bytes.error().code() != Errc::kContentCorrupted) return bytes;
    // It may have been moved by a collection since it was looked up, by another process perhaps,
    // and again since then.
    ChunkLocation tried = entry->location;
    for (int moves = 0; moves < kMovesMax; ++moves) {
        if (core_.options.read_only) CATALOG_TRY_VOID(core_.refresh());
        CATALOG_TRY(const auto now, core_.find_chunk(chunk.id));
        const bool is_delta =
            now && now->codec == Codec::kDelta;  // Whose base may have been moved.
        if (!now || (now->location == tried && !is_delta)) return bytes;
        tried = now->location;
        bytes = read_at(chunk, tried);
        if (bytes || bytes.error().code() != Errc::kContentCorrupted) return bytes;
    }
    return bytes;
}

Result<StoredRecord> ChunkReader::record_at(const ChunkRef& chunk, const ChunkLocation& location) {
    CATALOG_TRY(const StoredRecord record, core_.backend->read(location, stored_));
    if (record.header.id != chunk.id || record.header.plain_bytes != chunk.bytes)
        return fail(Error(Errc::kContentCorrupted, "another chunk is where the index says",
                          CorruptionDetail{{}, record.header.id.to_string(), {}})
                        .with_input(place_of(location)));
    return record;
}

Result<ByteView> ChunkReader::read_at(const ChunkRef& chunk, const ChunkLocation& location) {
    CATALOG_TRY(const StoredRecord record, record_at(chunk, location));
    auto bytes = decoder_.decode(record, plain_);
    if (!bytes && bytes.error().input().empty())
        return fail(bytes.error().with_input(place_of(location)));
    return bytes;
}

Result<IdRule> ChunkReader::read_unchecked(const ChunkRef& chunk, std::span<std::byte> out,
                                           SourceMark* source) {
    CATALOG_TRY(const auto entry, core_.find_chunk(chunk.id));
    if (!entry) return fail(Errc::kContentCorrupted, "chunk is missing from the index");
    CATALOG_TRY(const StoredRecord record, record_at(chunk, entry->location));
    CATALOG_TRY_VOID(decoder_.decode_unchecked(record, out, source));
    return record.header.id_rule;
}

Result<ByteView> ChunkReader::read(const ContentHash& object, const ChunkRef& chunk) {
    auto bytes = read_verified(chunk);
    if (bytes || bytes.error().code() != Errc::kContentCorrupted) return bytes;
    // An object that was removed while it was read may have been collected.
    CATALOG_TRY_VOID(core_.find_object(object));
    CorruptionDetail detail{chunk.id.to_string(), {}, {object.to_string()}};
    if (const auto* found = bytes.error().detail_as<CorruptionDetail>())
        detail.actual = found->actual;
    return fail(bytes.error()
                    .with_detail(std::move(detail))
                    .with_hint("run a full verification to see what else is damaged"));
}

Result<ChunkReader::Decoded> ChunkReader::decode(const ChunkRef& chunk) {
    if (const auto kept = core_.read_bases->find(chunk.id);
        kept && kept->plain->size() == chunk.bytes)
        return Decoded{*kept->plain, kept->plain, kept->id_rule, kept->source};
    // One that held another chunk spares the machine from making fresh pages for each.
    auto buffer = core_.read_bases->buffer(chunk.bytes);
    if (buffer->size() < chunk.bytes) buffer->resize(chunk.bytes);
    const std::span<std::byte> out = std::span(*buffer).first(chunk.bytes);
    SourceMark source = SourceMark::kNone;
    CATALOG_TRY(const IdRule id_rule, read_unchecked(chunk, out, &source));
    return Decoded{out, std::move(buffer), id_rule, source};
}

Result<PinnedChunk> ChunkReader::load(const ContentHash& object, const ChunkRef& chunk) {
    if (auto decoded = decode(chunk)) {
        const SourceMark source = decoded->source;
        const bool known = core_.verified->has(source);
        if (known || chunk_id_of(decoded->bytes, decoded->id_rule) == chunk.id) {
            if (!known) core_.verified->note(source);
            return PinnedChunk{decoded->bytes, std::move(decoded->buffer)};
        }
    }
    CATALOG_TRY(const ByteView bytes, read(object, chunk));
    auto buffer = core_.read_bases->buffer(chunk.bytes);
    buffer->assign(bytes.begin(), bytes.end());
    return PinnedChunk{*buffer, buffer};
}

std::unique_ptr<ChunkReader> ReaderPool::take() {
    const internal::MutexLock lock(mutex_);
    if (idle_.empty()) return std::make_unique<ChunkReader>(core_);
    auto reader = std::move(idle_.back());
    idle_.pop_back();
    scratch_bytes_ -= reader->scratch().capacity();
    return reader;
}

void ReaderPool::give_back(std::unique_ptr<ChunkReader> reader) {
    const internal::MutexLock lock(mutex_);
    if (idle_.size() == kIdleMax) return;
    if (scratch_bytes_ + reader->scratch().capacity() > kScratchBytesMax)
        reader->scratch() = Bytes();
    scratch_bytes_ += reader->scratch().capacity();
    idle_.push_back(std::move(reader));
}

void RecentChunks::keep(const ChunkId& id, PinnedChunk chunk) {
    Kept kept{id, std::move(chunk)};
    const internal::MutexLock lock(mutex_);
    // What it takes the place of is destroyed after the mutex is free.
    std::swap(kept_[next_], kept);
    next_ = (next_ + 1) % kept_.size();
}

std::optional<PinnedChunk> RecentChunks::find(const ChunkId& id) {
    const internal::MutexLock lock(mutex_);
    for (const Kept& kept : kept_)
        if (kept.id == id && kept.chunk.keeper) return kept.chunk;
    return std::nullopt;
}

Result<PinnedChunk> load_chunk(ReaderPool& readers, RecentChunks& recent, const ContentHash& object,
                               const ChunkRef& chunk) {
    if (auto kept = recent.find(chunk.id)) return *std::move(kept);
    auto reader = readers.take();
    auto loaded = reader->load(object, chunk);
    readers.give_back(std::move(reader));
    if (loaded) recent.keep(chunk.id, *loaded);
    return loaded;
}

}  // namespace catalog::content
