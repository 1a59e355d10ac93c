#include <algorithm>
#include <catalog/internal/try.hpp>
#include <limits>
#include <map>
#include <optional>
#include <ranges>
#include <unordered_map>
#include <vector>

#include "catalog/merkle/hash_batch.hpp"
#include "catalog/merkle/tree.hpp"
#include "chunk_buffer.hpp"
#include "content_core.hpp"
#include "hash_objects.hpp"
#include "recent_objects.hpp"

namespace catalog::content {
namespace {

// What is read at once of an object that may be there: a block for each lane, and it stays in the
// processor's cache.
constexpr std::size_t kPartBytes = 1u << 20;

// How many chunks are looked at to tell whether it is.
constexpr std::size_t kProbeChunks = 3;

std::span<std::byte> front(std::span<std::byte> room, std::size_t bytes_max) {
    return room.first(std::min(room.size(), bytes_max));
}

Result<void> check_owner(std::string_view owner) {
    if (!owner.empty() && owner.size() <= kOwnerBytesMax) return {};
    return fail(Errc::kInvalidArgument, "the owner of a reference has 1 to " +
                                            std::to_string(kOwnerBytesMax) + " bytes, not " +
                                            std::to_string(owner.size()));
}

class StorageTransaction final : public ContentTransaction {
public:
    StorageTransaction(const ContentCore& core, std::unique_ptr<ContentChunker> chunker)
        : core_(core),
          chunker_(std::move(chunker)),
          buffer_(core.format.profile),
          losses_at_begin_(core.backend->losses()) {}

    using ContentTransaction::put;
    Result<ObjectInfo> put(const ByteSource& source) override;
    Result<ObjectInfo> put_random_access(const RandomAccessSource& source) override;
    Result<std::vector<ObjectInfo>> put_each(std::span<const ByteView> objects) override;
    Result<void> add_reference(std::string_view owner, const ContentHash& id) override;
    Result<ObjectInfo> put_list(std::string_view owner, ByteView list) override;
    Result<void> checkpoint(const SubmitBatch& submit) override;
    Result<void> stage(kv::WriteBatch& batch) override;

private:
    Result<void> check_open() const;
    Result<void> check_object_size(std::uint64_t bytes) const;
    Result<void> need_object(const ContentHash& id);
    Result<std::optional<std::uint32_t>> find_own(const ContentHash& id) const;
    Result<std::optional<std::uint32_t>> find_whole(const ContentHash& id);
    Result<void> remember(const ContentHash& id, const ObjectRecord& record);
    [[nodiscard]] bool may_lack_own() const {
        return core_.backend->losses() != losses_at_begin_ || status_->failed();
    }
    [[nodiscard]] bool has_put(const ContentHash& id) const {
        return objects_.contains(id) || needs_->is_committed(id);
    }
    Result<void> put_pieces(ObjectInfo& object, std::span<const merkle::HashTask> pieces);
    void cut_all(ByteView bytes);
    void begin_object();
    Result<ObjectInfo> put_further(const ByteSource& source, merkle::BlockTree& tree,
                                   ObjectRecord& record);
    Result<void> take_in(std::size_t count, ObjectRecord& record);
    [[nodiscard]] bool seems_known() const;
    Result<void> fill(kv::WriteBatch& batch);
    Result<void> reserve(std::uint64_t bytes);
    void cut(std::size_t chunks_max = std::numeric_limits<std::size_t>::max());
    Result<ContentHash> put_rest(merkle::BlockTree& tree, ObjectRecord& record);
    Result<void> add_pieces(ObjectRecord& record);
    Result<void> add_chunk(ByteView bytes, const ChunkId& id, ObjectRecord& record);
    Result<void> check_losses() const;

    const ContentCore& core_;
    std::unique_ptr<ContentChunker> chunker_;
    ChunkBuffer buffer_;
    std::vector<merkle::HashTask> pieces_;  // Chunks that were cut and not yet added.
    const std::shared_ptr<WriteStatus> status_ = std::make_shared<WriteStatus>();
    const std::shared_ptr<SessionNeeds> needs_ = core_.sessions->add();
    std::uint64_t losses_at_begin_;
    RecentObjects recent_;
    std::uint64_t record_bytes_ = 0;
    bool staged_ = false;
    std::unordered_map<ContentHash, std::string> objects_;  // Encoded records.
    std::map<std::string, std::vector<ContentHash>, std::less<>> references_;
    std::vector<std::pair<std::string, ContentHash>> lists_;
};

Result<void> StorageTransaction::check_open() const {
    if (staged_) return fail(Errc::kFailedPrecondition, "the content session was staged already");
    return {};
}

Result<void> StorageTransaction::check_object_size(std::uint64_t bytes) const {
    const std::uint64_t allowed = core_.options.object_bytes_max;
    if (bytes <= allowed) return {};
    return fail(Errc::kLimitExceeded, "object is larger than " + std::to_string(allowed) + " bytes",
                LimitDetail{"object_bytes_max", allowed, bytes});
}

Result<void> StorageTransaction::reserve(std::uint64_t bytes) {
    const std::uint64_t allowed = core_.options.session_bytes_max;
    if (record_bytes_ + bytes > allowed)
        return fail(
            Error(Errc::kLimitExceeded,
                  "one session has more than " + std::to_string(allowed) + " bytes of records",
                  LimitDetail{"session_bytes_max", allowed, record_bytes_ + bytes})
                .with_hint("commit in several sessions"));
    record_bytes_ += bytes;
    return {};
}

void StorageTransaction::begin_object() {
    chunker_->reset();
    buffer_.clear();
    pieces_.clear();
}

Result<ObjectInfo> StorageTransaction::put(const ByteSource& source) {
    CATALOG_TRY_VOID(check_open());
    CATALOG_TRY_VOID(core_.reserve->admit_put());
    begin_object();
    merkle::BlockTree tree;
    ObjectRecord record;
    return put_further(source, tree, record);
}

// Stores an object of which `tree` and `record` have what the buffer was given before.
Result<ObjectInfo> StorageTransaction::put_further(const ByteSource& source,
                                                   merkle::BlockTree& tree, ObjectRecord& record) {
    while (true) {
        CATALOG_TRY_VOID(add_pieces(record));
        CATALOG_TRY(const std::size_t count, source(buffer_.room()));
        if (count == 0) break;
        CATALOG_TRY_VOID(take_in(count, record));
        cut();
        tree.update(buffer_.next_blocks(), pieces_);
    }
    CATALOG_TRY(const ContentHash root, put_rest(tree, record));

    if (const auto error = status_->take_error()) return fail(*error);

    CATALOG_TRY_VOID(remember(root, record));
    return ObjectInfo{root, record.size, static_cast<std::uint32_t>(record.chunks.size())};
}

Result<void> StorageTransaction::take_in(std::size_t count, ObjectRecord& record) {
    record.size += count;
    buffer_.filled(count);
    return check_object_size(record.size);
}

// Files that are there already are told by their first chunks. Hashing the others' blocks alone,
// and only then their chunks, would read every new file twice.
Result<ObjectInfo> StorageTransaction::put_random_access(const RandomAccessSource& source) {
    CATALOG_TRY_VOID(check_open());
    CATALOG_TRY_VOID(core_.reserve->admit_put());
    begin_object();
    merkle::BlockTree tree;
    ObjectRecord record;
    std::uint64_t offset = 0;
    const ByteSource in_order = [&](std::span<std::byte> out) -> Result<std::size_t> {
        CATALOG_TRY(const std::size_t count, source(offset, out));
        offset += count;
        return count;
    };
    CATALOG_TRY(std::size_t count, in_order(front(buffer_.room(), kPartBytes)));
    CATALOG_TRY_VOID(take_in(count, record));
    cut(kProbeChunks);
    if (!seems_known()) {
        cut();
        tree.update(buffer_.next_blocks(), pieces_);
        return put_further(in_order, tree, record);
    }
    pieces_.clear();
    tree.update(buffer_.next_blocks());
    while (count != 0) {
        buffer_.skip_chunks();
        CATALOG_TRY(count, in_order(front(buffer_.room(), kPartBytes)));
        CATALOG_TRY_VOID(take_in(count, record));
        tree.update(buffer_.next_blocks());
    }
    const ContentHash root = tree.finish(buffer_.last_blocks());
    CATALOG_TRY(auto chunks, find_own(root));
    if (!chunks) {
        CATALOG_TRY(chunks, find_whole(root));
    }
    if (chunks) return ObjectInfo{root, record.size, *chunks};
    offset = 0;
    return put(in_order);
}

// Tells whether the pieces probably are in the store: the shortest but the first, which versions of
// a file share most, is.
bool StorageTransaction::seems_known() const {
    if (pieces_.size() < 2) return false;
    const merkle::HashTask& probe =
        *std::ranges::min_element(pieces_ | std::views::drop(1), {},
                                  [](const merkle::HashTask& piece) { return piece.bytes.size(); });
    const ChunkId id = merkle::leaf_hash(probe.bytes);
    return core_.keeper->find(id).value_or(std::nullopt).has_value();
}

Result<void> StorageTransaction::remember(const ContentHash& id, const ObjectRecord& record) {
    if (!has_put(id)) {
        std::string value = encode_object(id, record);
        CATALOG_TRY_VOID(reserve(kHashKeyBytes + value.size()));
        objects_.emplace(id, std::move(value));
        needs_->add_object(id);
    }
    // A collection leaves its record alone as long as this session lives, and one under way
    // after that too.
    core_.keeper->keep_object(id);
    recent_.note(id, static_cast<std::uint32_t>(record.chunks.size()));
    return {};
}

// Blocks of all objects are hashed side by side, then the chunks of those that are new.
Result<std::vector<ObjectInfo>> StorageTransaction::put_each(std::span<const ByteView> objects) {
    CATALOG_TRY_VOID(check_open());
    CATALOG_TRY_VOID(core_.reserve->admit_put());
    for (const ByteView object : objects) CATALOG_TRY_VOID(check_object_size(object.size()));
    const std::vector<ContentHash> roots = roots_of(objects);
    std::vector<ObjectInfo> infos;
    std::vector<std::size_t> ends;  // Of the objects' pieces; none of those that are there.
    std::vector<std::size_t> unhashed;
    pieces_.clear();
    for (std::size_t i = 0; i < objects.size(); ++i) {
        CATALOG_TRY(auto chunks, find_own(roots[i]));
        // To look for a short one that is new costs more than to hash its chunks.
        if (!chunks && objects[i].size() > merkle::BlockTree::kBlockBytes) {
            CATALOG_TRY(chunks, find_whole(roots[i]));
        }
        infos.push_back({roots[i], objects[i].size(), chunks.value_or(0)});
        std::size_t piece = pieces_.size();
        if (!chunks) cut_all(objects[i]);
        ends.push_back(pieces_.size());
        // A chunk that is a whole object of one block has its id.
        if (objects[i].size() <= merkle::BlockTree::kBlockBytes && ends[i] == piece + 1)
            pieces_[piece++].digest = roots[i];
        for (; piece < ends[i]; ++piece) unhashed.push_back(piece);
    }
    hash_some(pieces_, unhashed);
    std::size_t begin = 0;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        const auto pieces = std::span(pieces_).subspan(begin, ends[i] - begin);
        begin = ends[i];
        if (infos[i].chunks == 0) CATALOG_TRY_VOID(put_pieces(infos[i], pieces));
    }
    pieces_.clear();
    if (const auto error = status_->take_error()) return fail(*error);
    return infos;
}

// Returns of how many chunks an object consists that this session has put or found before; not of
// each.
Result<std::optional<std::uint32_t>> StorageTransaction::find_own(const ContentHash& id) const {
    // What was lost meanwhile has to be put again.
    if (may_lack_own()) return std::nullopt;
    if (const auto chunks = recent_.find(id)) return chunks;
    const auto own = objects_.find(id);
    if (own == objects_.end()) return std::nullopt;
    CATALOG_TRY(const ObjectRecord record, decode_object(id, own->second));
    return static_cast<std::uint32_t>(record.chunks.size());
}

// Stores an object that was cut, and counts its chunks.
Result<void> StorageTransaction::put_pieces(ObjectInfo& object,
                                            std::span<const merkle::HashTask> pieces) {
    object.chunks = static_cast<std::uint32_t>(pieces.size());
    ObjectRecord record;
    record.size = object.size;
    for (const merkle::HashTask& piece : pieces)
        CATALOG_TRY_VOID(add_chunk(piece.bytes, piece.digest, record));
    return remember(object.id, record);
}

void StorageTransaction::cut_all(ByteView bytes) {
    chunker_->reset();
    std::size_t begin = 0;
    for (std::size_t seen = 0; seen < bytes.size();) {
        const auto scan = chunker_->scan(bytes.subspan(seen));
        seen += scan.bytes;
        if (!scan.boundary && seen < bytes.size()) continue;
        pieces_.push_back({bytes.subspan(begin, seen - begin), merkle::HashTask::As::kLeaf, {}});
        begin = seen;
    }
}

// Finds an object that is there with all of its chunks, lets it stay, and returns how many these
// are.
Result<std::optional<std::uint32_t>> StorageTransaction::find_whole(const ContentHash& id) {
    needs_->add_named(id);
    core_.keeper->keep_object(id);
    CATALOG_TRY(auto value, core_.options.store->get(core_.options.families.objects, hash_key(id)));
    if (!value || !check_chunks(core_, id, *value)) return std::nullopt;
    auto record = decode_object(id, *value);
    if (!record) return std::nullopt;
    if (core_.keeper->is_collecting()) CATALOG_TRY_VOID(remember(id, *record));
    const auto chunks = static_cast<std::uint32_t>(record->chunks.size());
    recent_.note(id, chunks);
    return chunks;
}

// Stores what is left at the end of the object and returns the object's root.
Result<ContentHash> StorageTransaction::put_rest(merkle::BlockTree& tree, ObjectRecord& record) {
    const ByteView rest = buffer_.last_chunk();
    if (!rest.empty()) pieces_.push_back({rest, merkle::HashTask::As::kLeaf, {}});
    // Most files are one chunk of one block: the block's leaf is the root and names the chunk.
    if (!rest.empty() && rest.size() == record.size &&
        rest.size() <= merkle::BlockTree::kBlockBytes) {
        merkle::hash_all(pieces_);
        const ContentHash root = pieces_.front().digest;
        CATALOG_TRY_VOID(add_pieces(record));
        return root;
    }
    const ContentHash root = tree.finish(buffer_.last_blocks(), pieces_);
    CATALOG_TRY_VOID(add_pieces(record));
    return root;
}

void StorageTransaction::cut(std::size_t chunks_max) {
    while (pieces_.size() < chunks_max) {
        const ByteView chunk = buffer_.next_chunk(*chunker_);
        if (chunk.empty()) return;
        pieces_.push_back({chunk, merkle::HashTask::As::kLeaf, {}});
    }
}

Result<void> StorageTransaction::add_pieces(ObjectRecord& record) {
    for (const merkle::HashTask& piece : pieces_)
        CATALOG_TRY_VOID(add_chunk(piece.bytes, piece.digest, record));
    pieces_.clear();
    return {};
}

Result<void> StorageTransaction::add_chunk(ByteView bytes, const ChunkId& id,
                                           ObjectRecord& record) {
    const ChunkRef chunk{id, static_cast<std::uint32_t>(bytes.size())};
    record.chunks.push_back(chunk);
    needs_->add_chunk(core_.backend->index_id(id));
    return core_.pipeline->submit(id, bytes, status_);
}

Result<void> StorageTransaction::add_reference(std::string_view owner, const ContentHash& id) {
    CATALOG_TRY_VOID(check_open());
    CATALOG_TRY_VOID(check_owner(owner));
    CATALOG_TRY_VOID(need_object(id));
    CATALOG_TRY_VOID(reserve(2 * (kHashKeyBytes + owner.size())));
    auto found = references_.find(owner);
    if (found == references_.end()) found = references_.try_emplace(std::string(owner)).first;
    found->second.push_back(id);
    return {};
}

// Checks that an object is there and lets it stay. It is noted before it is looked for: a
// collection that begins after that finds the note, and one that is under way is told of its
// chunks.
Result<void> StorageTransaction::need_object(const ContentHash& id) {
    if (has_put(id) || recent_.find(id)) return {};
    needs_->add_named(id);
    core_.keeper->keep_object(id);
    CATALOG_TRY(auto record,
                core_.options.store->get(core_.options.families.objects, hash_key(id)));
    if (!record) return object_not_found(id);
    const auto object = decode_object(id, *record);
    if (!object) return fail(object.error().with_input("object record"));
    if (!core_.keeper->is_collecting()) return {};
    if (const auto there = check_chunks(core_, id, *record); !there) return object_not_found(id);
    // The record itself may be in a batch of that collection already.
    CATALOG_TRY_VOID(reserve(kHashKeyBytes + record->size()));
    objects_.emplace(id, *std::move(record));
    return {};
}

Result<ObjectInfo> StorageTransaction::put_list(std::string_view owner, ByteView list) {
    CATALOG_TRY_VOID(check_open());
    CATALOG_TRY_VOID(check_owner(owner));
    if (!core_.options.lists)
        return fail(Errc::kFailedPrecondition,
                    "the content store was opened without a reader of lists");
    if (const std::uint64_t allowed = core_.options.list_bytes_max; list.size() > allowed)
        return fail(Errc::kLimitExceeded,
                    "a list has at most " + std::to_string(allowed) + " bytes",
                    LimitDetail{"list_bytes_max", allowed, list.size()});
    CATALOG_TRY_VOID(
        core_.options.lists(list, [this](const ContentHash& id) { return need_object(id); }));
    CATALOG_TRY(const ObjectInfo info, put(list));
    CATALOG_TRY_VOID(reserve(kHashKeyBytes + owner.size()));
    lists_.emplace_back(owner, info.id);
    needs_->add_list(info.id);
    return info;
}

// Chunks that could not be stored fail the session, unless they were put again since.
Result<void> StorageTransaction::check_losses() const {
    core_.pipeline->wait(status_);
    if (!may_lack_own()) return {};
    const std::optional<Error> error = status_->take_error();
    for (const auto& [id, value] : objects_) {
        auto there = check_chunks(core_, id, value);
        if (!there) return error ? fail(*error) : there;
    }
    return {};
}

Result<void> StorageTransaction::stage(kv::WriteBatch& batch) {
    CATALOG_TRY_VOID(check_open());
    CATALOG_TRY_VOID(check_losses());
    staged_ = true;
    return fill(batch);
}

Result<void> StorageTransaction::checkpoint(const SubmitBatch& submit) {
    CATALOG_TRY_VOID(check_open());
    CATALOG_TRY_VOID(check_losses());
    needs_->commit_objects();
    kv::WriteBatch batch;
    // Without the commit, what it holds counts as put and is not there.
    staged_ = true;
    CATALOG_TRY_VOID(fill(batch));
    CATALOG_TRY_VOID(submit(std::move(batch)));
    staged_ = false;
    record_bytes_ = 0;
    return {};
}

Result<void> StorageTransaction::fill(kv::WriteBatch& batch) {
    const ContentFamilies& families = core_.options.families;
    // Also those that are there: then a removal that commits before this batch takes nothing away.
    // In order of keys, in which a store takes many of them faster.
    std::vector<std::pair<std::string, std::string>> records;
    records.reserve(objects_.size());
    for (auto& [id, value] : objects_) records.emplace_back(hash_key(id), std::move(value));
    std::sort(records.begin(), records.end());
    for (auto& [key, value] : records)
        batch.put(families.objects, std::move(key), std::move(value));
    std::vector<std::string> keys;
    for (const auto& [owner, ids] : references_)
        for (const ContentHash& id : ids) {
            keys.push_back(owner_key(owner, id));
            keys.push_back(referrer_key(id, owner));
        }
    for (const auto& [owner, id] : lists_) keys.push_back(list_key(owner, id));
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (std::string& key : keys) batch.put(families.references, std::move(key), {});
    objects_.clear();
    references_.clear();
    lists_.clear();
    return {};
}

}  // namespace

Result<std::unique_ptr<ContentTransaction>> make_transaction(const ContentCore& core) {
    CATALOG_TRY(auto chunker, make_chunker(core.format.profile));
    return std::make_unique<StorageTransaction>(core, std::move(chunker));
}

}  // namespace catalog::content
