// Reading whole objects. Those that fit into memory are decoded as they are and hashed by blocks
// alone: the root says of the bytes all that the digests of the chunks would. Of longer ones, whose
// bytes are given before their root is known, chunks and blocks are hashed; both are the same
// bytes, cut in two ways. Many pieces are hashed at once.

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "catalog/merkle/tree.hpp"
#include "content_core.hpp"
#include "longest_first.hpp"
#include "read_ahead.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kTreeBlockBytes = merkle::BlockTree::kBlockBytes;
// Bytes that are hashed together: enough for all lanes, few enough to be still in the cache.
constexpr std::size_t kTogetherBytes = 1u << 20;
constexpr std::size_t kTogetherMax = 256;

tl::unexpected<Error> other_root(const ContentHash& id, const ContentHash& root) {
    return fail(Error(Errc::kContentCorrupted, "object does not match its id",
                      CorruptionDetail{id.to_string(), root.to_string(), {id.to_string()}})
                    .with_input("object record"));
}

bool is_damage(const Error& error) { return error.code() == Errc::kContentCorrupted; }

// Room for `bytes` bytes that need not stay as they are.
std::span<std::byte> room_in(Bytes& buffer, std::size_t bytes) {
    if (buffer.size() < bytes) {
        buffer = Bytes();
        buffer.resize(std::max(bytes, kTogetherBytes));
    }
    return std::span(buffer).first(bytes);
}

Result<void> give(std::size_t index, ByteView object, const ObjectsSink& sink) {
    for (; !object.empty(); object = object.subspan(std::min(kTogetherBytes, object.size())))
        CATALOG_TRY_VOID(sink(index, object.first(std::min(kTogetherBytes, object.size()))));
    return {};
}

// Objects side by side in memory.
class ObjectGroup {
public:
    ObjectGroup(ChunkReader& reader, std::span<const WholeObject> objects)
        : reader_(reader), objects_(objects), trees_(objects.size()), intact_(objects.size()) {}

    Result<void> read(const ObjectsSink& sink) {
        std::size_t bytes = 0;
        for (const WholeObject& object : objects_) bytes += object.record->size;
        const std::span<std::byte> room = room_in(reader_.scratch(), bytes);
        std::size_t at = 0;
        for (std::size_t i = 0; i < objects_.size(); ++i) {
            CATALOG_TRY_VOID(decode(i, room.subspan(at, objects_[i].record->size)));
            at += objects_[i].record->size;
        }
        hash();
        at = 0;
        for (std::size_t i = 0; i < objects_.size(); ++i) {
            const ByteView object = room.subspan(at, objects_[i].record->size);
            at += object.size();
            intact_[i] = intact_[i] && trees_[i].root() == *objects_[i].id;
            if (intact_[i]) CATALOG_TRY_VOID(give(i, object, sink));
        }
        return {};
    }

    [[nodiscard]] bool is_intact(std::size_t index) const { return intact_[index]; }

private:
    // Decodes an object, and hashes what is whole when it is enough.
    Result<void> decode(std::size_t index, std::span<std::byte> out) {
        std::size_t at = 0;
        std::size_t hashed = 0;
        for (const ChunkRef& chunk : objects_[index].record->chunks) {
            const auto read = reader_.read_unchecked(chunk, out.subspan(at, chunk.bytes));
            if (!read && !is_damage(read.error())) return fail(read.error());
            if (!read) return {};
            at += chunk.bytes;
            for (; at - hashed >= kTreeBlockBytes; hashed += kTreeBlockBytes)
                add(index, ByteView(out).subspan(hashed, kTreeBlockBytes));
        }
        if (at != hashed) add(index, ByteView(out).subspan(hashed, at - hashed));
        intact_[index] = at == out.size();
        return {};
    }

    void add(std::size_t index, ByteView block) {
        tasks_.push_back({block, merkle::HashTask::As::kLeaf, {}});
        owners_.push_back(index);
        bytes_ += block.size();
        if (bytes_ >= kTogetherBytes || tasks_.size() == kTogetherMax) hash();
    }

    void hash() {
        reader_.hashing().hash(tasks_);
        for (std::size_t i = 0; i < tasks_.size(); ++i) trees_[owners_[i]].append(tasks_[i].digest);
        tasks_.clear();
        owners_.clear();
        bytes_ = 0;
    }

    ChunkReader& reader_;
    const std::span<const WholeObject> objects_;
    std::vector<merkle::Frontier> trees_;
    std::vector<bool> intact_;
    std::vector<merkle::HashTask> tasks_;
    std::vector<std::size_t> owners_;
    std::size_t bytes_ = 0;  // Of the tasks.
};

// An object that is given stretch by stretch. While one is given the next is read.
class LongObject {
public:
    LongObject(ChunkReader& reader, const WholeObject& object)
        : reader_(reader), id_(*object.id), record_(*object.record) {}

    Result<void> read(const ByteSink& sink, Executor* ahead) {
        if (record_.chunks.empty()) return check_root();
        Stretch current(reader_.scratch());
        CATALOG_TRY_VOID(load(current, 0, {}));
        Bytes other;
        for (bool is_first = true; ends_of(current) < record_.chunks.size(); is_first = !is_first) {
            Stretch next(is_first ? other : reader_.scratch());
            ReadAhead reading(ahead);
            reading.start([&] { return load(next, ends_of(current), current.rest()); });
            CATALOG_TRY_VOID(give(current, sink));
            CATALOG_TRY_VOID(reading.finish());
            current = std::move(next);
        }
        return give(current, sink);
    }

private:
    // What is in memory: bytes of a block that began before, then whole chunks.
    struct Stretch {
        explicit Stretch(Bytes& buffer) : bytes(&buffer) {}

        [[nodiscard]] ByteView loaded() const { return ByteView(*bytes).first(end); }
        // What the next one begins with.
        [[nodiscard]] ByteView rest() const { return loaded().subspan(hashed); }

        Bytes* bytes;
        std::size_t first = 0;  // Of its chunks.
        std::size_t chunks = 0;
        std::size_t carried = 0;  // Bytes before them.
        std::size_t end = 0;
        std::size_t hashed = 0;                    // Up to there its blocks are in the tree.
        std::vector<std::optional<IdRule>> rules;  // Of chunks that are still to be checked.
    };

    static std::size_t ends_of(const Stretch& stretch) { return stretch.first + stretch.chunks; }

    // Loads and checks the chunks from `first` on.
    Result<void> load(Stretch& stretch, std::size_t first, ByteView carried) {
        room_in(*stretch.bytes, kTogetherBytes + kTreeBlockBytes + kChunkBytesMax);
        std::ranges::copy(carried, stretch.bytes->begin());
        stretch.first = first;
        stretch.carried = stretch.end = carried.size();
        while (ends_of(stretch) < record_.chunks.size() &&
               stretch.end - stretch.carried < kTogetherBytes)
            CATALOG_TRY_VOID(load_next(stretch));
        const bool is_last = ends_of(stretch) == record_.chunks.size();
        hash_pieces(stretch, is_last);
        if (!chunks_are_right(stretch)) {
            CATALOG_TRY_VOID(read_again(stretch));
            hash_pieces(stretch, is_last);
        }
        for (std::size_t i = stretch.chunks; i < tasks_.size(); ++i) tree_.append(tasks_[i].digest);
        return is_last ? check_root() : Result<void>();
    }

    Result<void> load_next(Stretch& stretch) {
        const ChunkRef& chunk = record_.chunks[ends_of(stretch)];
        const auto read = reader_.read_unchecked(
            chunk, std::span(*stretch.bytes).subspan(stretch.end, chunk.bytes));
        if (!read && !is_damage(read.error())) return fail(read.error());
        // A chunk that was checked already is right by any rule that it may have.
        stretch.rules.push_back(read ? std::optional(*read) : std::nullopt);
        ++stretch.chunks;
        if (!read) return load_checked(stretch, chunk);
        stretch.end += chunk.bytes;
        return {};
    }

    Result<void> load_checked(Stretch& stretch, const ChunkRef& chunk) {
        CATALOG_TRY(const ByteView bytes, reader_.read(id_, chunk));
        std::ranges::copy(bytes, stretch.bytes->begin() + static_cast<std::ptrdiff_t>(stretch.end));
        stretch.end += chunk.bytes;
        return {};
    }

    // Hashes the chunks, and the blocks that are whole by now.
    void hash_pieces(Stretch& stretch, bool is_last) {
        tasks_.clear();
        const ByteView loaded = stretch.loaded();
        std::size_t at = stretch.carried;
        for (std::size_t i = 0; i < stretch.chunks; ++i) {
            const std::size_t bytes = record_.chunks[stretch.first + i].bytes;
            const bool as_leaf = stretch.rules[i] == IdRule::kLeaf;
            tasks_.push_back({loaded.subspan(at, bytes),
                              as_leaf ? merkle::HashTask::As::kLeaf : merkle::HashTask::As::kBytes,
                              {}});
            at += bytes;
        }
        for (at = 0; at < stretch.end; at += kTreeBlockBytes) {
            const std::size_t bytes = std::min(kTreeBlockBytes, stretch.end - at);
            if (bytes < kTreeBlockBytes && !is_last) break;
            tasks_.push_back({loaded.subspan(at, bytes), merkle::HashTask::As::kLeaf, {}});
        }
        reader_.hashing().hash(tasks_);
        stretch.hashed = std::min(at, stretch.end);
    }

    [[nodiscard]] bool chunks_are_right(const Stretch& stretch) const {
        for (std::size_t i = 0; i < stretch.chunks; ++i)
            if (stretch.rules[i] && tasks_[i].digest != record_.chunks[stretch.first + i].id)
                return false;
        return true;
    }

    // A chunk that was moved while it was read is found by the reader that looks twice, which else
    // says what is wrong with it.
    Result<void> read_again(Stretch& stretch) {
        stretch.end = stretch.carried;
        stretch.rules.assign(stretch.chunks, std::nullopt);
        for (std::size_t i = stretch.first; i < ends_of(stretch); ++i)
            CATALOG_TRY_VOID(load_checked(stretch, record_.chunks[i]));
        return {};
    }

    Result<void> check_root() const {
        const ContentHash root = tree_.root();
        return root == id_ ? Result<void>() : other_root(id_, root);
    }

    Result<void> give(const Stretch& stretch, const ByteSink& sink) const {
        return sink(stretch.loaded().subspan(stretch.carried));
    }

    ChunkReader& reader_;
    const ContentHash& id_;
    const ObjectRecord& record_;
    merkle::Frontier tree_;
    std::vector<merkle::HashTask> tasks_;
};

}  // namespace

Result<void> read_objects(ChunkReader& reader, std::span<const WholeObject> objects,
                          const ObjectsSink& sink) {
    ObjectGroup group(reader, objects);
    CATALOG_TRY_VOID(group.read(sink));
    // What is not as it should be is read again with every chunk checked: that finds what was moved
    // meanwhile, and else says what is wrong.
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (group.is_intact(i)) continue;
        Bytes whole;
        const auto add = [&](ByteView bytes) -> Result<void> {
            whole.insert(whole.end(), bytes.begin(), bytes.end());
            return {};
        };
        CATALOG_TRY_VOID(LongObject(reader, objects[i]).read(add, nullptr));
        CATALOG_TRY_VOID(give(i, whole, sink));
    }
    return {};
}

Result<void> read_object(ChunkReader& reader, const ContentHash& id, const ObjectRecord& record,
                         const ByteSink& sink, Executor* ahead) {
    const WholeObject object{&id, &record};
    if (record.size > kObjectsTogetherBytesMax) return LongObject(reader, object).read(sink, ahead);
    return read_objects(reader, std::span(&object, 1),
                        [&](std::size_t, ByteView bytes) { return sink(bytes); });
}

}  // namespace catalog::content
