// Reading whole objects: chunks and the blocks of the object's tree are the same bytes, cut in two
// ways; both are hashed together, several pieces at once.

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <optional>
#include <vector>

#include "catalog/merkle/hash_batch.hpp"
#include "catalog/merkle/tree.hpp"
#include "content_core.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kTreeBlockBytes = merkle::BlockTree::kBlockBytes;
// Bytes that are hashed together: some chunks of the usual length, and as many blocks.
constexpr std::size_t kTogetherBytes = 256u << 10;

tl::unexpected<Error> other_root(const ContentHash& id, const ContentHash& root) {
    return fail(Error(Errc::kContentCorrupted, "object does not match its id",
                      CorruptionDetail{id.to_string(), root.to_string(), {id.to_string()}})
                    .with_input("object record"));
}

bool is_damage(const Error& error) { return error.code() == Errc::kContentCorrupted; }

class WholeObject {
public:
    WholeObject(ChunkReader& reader, const ContentHash& id, const ObjectRecord& record)
        : reader_(reader), id_(id), record_(record), bytes_(reader.scratch()) {
        bytes_.clear();
    }

    Result<void> read(const ByteSink& sink) {
        if (record_.chunks.size() == 1) return read_single(sink);
        for (std::size_t i = 0; i < record_.chunks.size(); ++i) {
            CATALOG_TRY_VOID(load(i));
            const bool is_last = i + 1 == record_.chunks.size();
            if (!is_last && bytes_.size() - carried_ < kTogetherBytes) continue;
            CATALOG_TRY_VOID(check(is_last));
            CATALOG_TRY_VOID(give(sink));
        }
        return record_.chunks.empty() ? check_root() : Result<void>();
    }

private:
    // The root over the blocks says of the bytes all that the chunk's digest would.
    Result<void> read_single(const ByteSink& sink) {
        const ChunkRef& chunk = record_.chunks.front();
        const auto read = reader_.read_unchecked(chunk);
        if (!read && !is_damage(read.error())) return fail(read.error());
        if (read && hash_blocks_of(read->bytes) == id_) return sink(read->bytes);
        CATALOG_TRY(const ByteView bytes, reader_.read(id_, chunk));
        if (const ContentHash root = hash_blocks_of(bytes); root != id_)
            return other_root(id_, root);
        return sink(bytes);
    }

    static ContentHash hash_blocks_of(ByteView bytes) {
        merkle::BlockTree tree;
        return tree.finish(bytes);
    }

    Result<void> load(std::size_t index) {
        const ChunkRef& chunk = record_.chunks[index];
        const auto read = reader_.read_unchecked(chunk);
        if (!read && !is_damage(read.error())) return fail(read.error());
        ByteView bytes;
        if (read) {
            bytes = read->bytes;
        } else {
            CATALOG_TRY(bytes, reader_.read(id_, chunk));
        }
        // A chunk that was checked already is right by any rule that it may have.
        rules_.push_back(read ? std::optional(read->id_rule) : std::nullopt);
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        ++loaded_;
        return {};
    }

    // Checks the chunks that were loaded since the last time, and adds to the tree what is whole
    // blocks by now; the rest stays in front of what comes.
    Result<void> check(bool is_last) {
        hash_pieces(is_last);
        if (!chunks_are_right()) {
            CATALOG_TRY_VOID(read_again());
            hash_pieces(is_last);
        }
        for (std::size_t i = loaded_; i < tasks_.size(); ++i) tree_.append(tasks_[i].digest);
        return is_last ? check_root() : Result<void>();
    }

    // Hashes the chunks that are loaded, then the blocks.
    void hash_pieces(bool is_last) {
        tasks_.clear();
        std::size_t at = carried_;
        for (std::size_t i = 0; i < loaded_; ++i) {
            const std::size_t bytes = record_.chunks[first_ + i].bytes;
            const bool as_leaf = rules_[i] == IdRule::kLeaf;
            tasks_.push_back({ByteView(bytes_).subspan(at, bytes),
                              as_leaf ? merkle::HashTask::As::kLeaf : merkle::HashTask::As::kBytes,
                              {}});
            at += bytes;
        }
        for (at = 0; at < bytes_.size(); at += kTreeBlockBytes) {
            const std::size_t bytes = std::min(kTreeBlockBytes, bytes_.size() - at);
            if (bytes < kTreeBlockBytes && !is_last) break;
            tasks_.push_back(
                {ByteView(bytes_).subspan(at, bytes), merkle::HashTask::As::kLeaf, {}});
        }
        merkle::hash_all(tasks_);
        checked_ = std::min(at, bytes_.size());
    }

    [[nodiscard]] bool chunks_are_right() const {
        for (std::size_t i = 0; i < loaded_; ++i)
            if (rules_[i] && tasks_[i].digest != record_.chunks[first_ + i].id) return false;
        return true;
    }

    // A chunk that was moved while it was read is found by the reader that looks twice, which else
    // says what is wrong with it.
    Result<void> read_again() {
        bytes_.resize(carried_);
        rules_.assign(loaded_, std::nullopt);
        for (std::size_t i = first_; i < first_ + loaded_; ++i) {
            CATALOG_TRY(const ByteView bytes, reader_.read(id_, record_.chunks[i]));
            bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        }
        return {};
    }

    Result<void> check_root() const {
        const ContentHash root = tree_.root();
        return root == id_ ? Result<void>() : other_root(id_, root);
    }

    Result<void> give(const ByteSink& sink) {
        std::size_t at = carried_;
        for (; loaded_ != 0; --loaded_, ++first_) {
            const std::size_t bytes = record_.chunks[first_].bytes;
            CATALOG_TRY_VOID(sink(ByteView(bytes_).subspan(at, bytes)));
            at += bytes;
        }
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(checked_));
        carried_ = bytes_.size();
        rules_.clear();
        return {};
    }

    ChunkReader& reader_;
    const ContentHash& id_;
    const ObjectRecord& record_;
    Bytes& bytes_;             // What is not in the tree yet, then the chunks that are not given.
    std::size_t carried_ = 0;  // Of `bytes_`, of chunks that were given.
    std::size_t checked_ = 0;  // Of `bytes_`, in the tree.
    std::size_t first_ = 0;    // Of the chunks that are loaded.
    std::size_t loaded_ = 0;
    std::vector<std::optional<IdRule>> rules_;  // Of these, where they are still to be checked.
    merkle::Frontier tree_;
    std::vector<merkle::HashTask> tasks_;
};

}  // namespace

Result<void> read_object(ChunkReader& reader, const ContentHash& id, const ObjectRecord& record,
                         const ByteSink& sink) {
    return WholeObject(reader, id, record).read(sink);
}

}  // namespace catalog::content
