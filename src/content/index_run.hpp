#pragma once
// IndexRun: where chunks are, as an immutable sorted file that is searched in place. One stands at
// the end of every sealed pack, merged ones beside the packs. docs/formats/index-run.md is the
// specification.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "catalog/content/content_storage.hpp"
#include "catalog/content/storage_backend.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

inline constexpr std::size_t kIndexPageBytes = 4096;
/// A run with more is refused; 537 million chunks.
inline constexpr std::uint64_t kIndexRunEntriesMax = std::uint64_t{1} << 29;
inline constexpr std::uint32_t kIndexRunVersion = 1;

using IndexPage = std::span<std::byte, kIndexPageBytes>;
using IndexPageView = std::span<const std::byte, kIndexPageBytes>;

/// On disk an IndexEntry is id, pack, offset / 8 (32 bits), stored_bytes (24 bits), codec (8 bits),
/// plain_bytes: 48 bytes.
///
/// Errors: kInvalidArgument when the entry cannot be stored: id of another algorithm, pack 0,
/// offset no multiple of 8 or 32 GiB or more, stored_bytes 16 MiB or more.
[[nodiscard]] Result<void> check_index_entry(const IndexEntry& entry);

/// Where a run stands. Values are stored on disk and never change.
enum class RunOrigin : std::uint8_t {
    kPackFooter = 0,  ///< At the end of pack `number`.
    kFile = 1,        ///< In `packs/XXXXXXXX.run`, `number` in hexadecimal.
};

/// What a run says of itself; every page repeats the number, the origin and half of the store.
struct IndexRunInfo {
    StoreId store{};
    RunOrigin origin = RunOrigin::kFile;
    std::uint32_t number = 0;
    friend bool operator==(const IndexRunInfo&, const IndexRunInfo&) = default;
};

/// Encrypts the pages of one run. The last 32 bytes of a page (nonce, tag) are the cipher's, zeros
/// when `seal` gets them; all other bytes are to become ciphertext. A cipher has to bind the page's
/// number and the run (a key or a nonce of its own), so that no page can stand for another.
class PageCipher {
public:
    static constexpr std::size_t kReservedBytes = 32;

    virtual ~PageCipher() = default;
    /// Encrypts in place. Thread safety: one thread at a time. Errors: what the cipher says.
    [[nodiscard]] virtual Result<void> seal(std::uint64_t page_number, IndexPage page) = 0;
    /// Decrypts `sealed` into `plain`, whose last 32 bytes become zeros. Thread safety: any thread.
    /// Errors: kPackInvalid or kContentCorrupted when the page was not sealed so.
    [[nodiscard]] virtual Result<void> open(std::uint64_t page_number, IndexPageView sealed,
                                            IndexPage plain) const = 0;
};

class IndexPageCache;

/// How many pages of each kind a run has; all follow from the first number.
struct IndexRunShape {
    std::uint64_t entries = 0;
    std::uint64_t entry_pages = 0;
    std::uint64_t groups = 0;     ///< Directory pages, each behind the entry pages it describes.
    std::uint64_t top_pages = 0;  ///< 0: the fences of the groups are in the last page.
};

/// A sorted, immutable set of entries, one an id, searched in its bytes.
///
/// Without a cipher a lookup reads the mapped bytes as they are and checks no checksum: damage can
/// make it miss an entry or give a wrong place, which the record there disproves (it repeats its
/// id); it never reads outside the bytes and takes logarithmic time whatever they hold. With a
/// cipher each page is authenticated when it is used. `verify` checks everything.
///
/// Thread safety: any thread. Memory: 4 KiB, nothing per entry. Errors of all functions: those of
/// the cipher, beyond the ones named.
class IndexRun {
public:
    /// Opens the run that `bytes` is, from first to last byte. Looks at the last page alone.
    /// `keeps_alive` is held as long as the run; `cipher` (may be null) is borrowed as long, so
    /// `keeps_alive` best has it. `cache` (may be null) is for runs with a cipher: see
    /// index_page_cache.hpp. Errors: kPackInvalid (not a run, cut short, damaged, another version).
    [[nodiscard]] static Result<std::shared_ptr<const IndexRun>> open(
        ByteView bytes, std::shared_ptr<const void> keeps_alive, const PageCipher* cipher = nullptr,
        std::shared_ptr<IndexPageCache> cache = nullptr);

    [[nodiscard]] const IndexRunInfo& info() const noexcept { return info_; }
    /// Returns how many entries there are. Their ordinals count from 0 in order of ids.
    [[nodiscard]] std::uint64_t size() const noexcept { return shape_.entries; }
    [[nodiscard]] ByteView bytes() const noexcept { return bytes_; }

    /// Returns the entry of `id`, or nullopt. Cost without a cipher: about four cache misses (one
    /// page of the directory, one of entries), two for an id that is not there.
    [[nodiscard]] Result<std::optional<IndexEntry>> find(const ChunkId& id) const;

    /// Looks up those ids whose slot in `found` (as long as `ids`) is empty, several at a time so
    /// that their cache misses overlap. After an error some slots may be filled.
    [[nodiscard]] Result<void> find_many(std::span<const ChunkId> ids,
                                         std::span<std::optional<IndexEntry>> found) const;

    /// Returns the ordinal of `id`, or nullopt.
    [[nodiscard]] Result<std::optional<std::uint64_t>> ordinal_of(const ChunkId& id) const;

    /// Returns the ordinal of the first entry whose id is not less than `id`; size() without one.
    [[nodiscard]] Result<std::uint64_t> lower_bound(const ChunkId& id) const;

    /// Returns the entry with that ordinal. Errors: kInvalidArgument (size() or more).
    [[nodiscard]] Result<IndexEntry> entry(std::uint64_t ordinal) const;

    /// Checks every byte: checksums, places and numbers of pages, order, fences, tags, and that
    /// what is unused is zero. Reads all of it once. Errors: kPackInvalid with the page.
    [[nodiscard]] Result<void> verify() const;

private:
    friend class IndexCursor;
    template <class Pages>
    friend class RunSearch;

    struct Hidden {};  // Keeps the constructor to `open`.

public:
    explicit IndexRun(Hidden /*only_open*/) noexcept {}

private:
    ByteView bytes_;
    std::shared_ptr<const void> keeps_alive_;
    const PageCipher* cipher_ = nullptr;
    std::shared_ptr<IndexPageCache> cache_;
    std::uint64_t cache_number_ = 0;
    IndexRunInfo info_;
    IndexRunShape shape_;
    std::array<std::byte, kIndexPageBytes> root_{};  ///< The last page, decrypted.
};

/// Walks a run in order of ids. Checks each page that it enters and the order, so that damage does
/// not pass into another run. Thread safety: one thread at a time.
class IndexCursor {
public:
    /// Stands before the entry with that ordinal. `run` outlives the cursor.
    explicit IndexCursor(const IndexRun& run, std::uint64_t ordinal = 0);

    /// Steps to the next entry; false at the end. Errors: kPackInvalid, those of the cipher; the
    /// cursor is then at its end.
    [[nodiscard]] Result<bool> next();
    /// The entry that `next` stepped to.
    [[nodiscard]] const IndexEntry& entry() const noexcept { return entry_; }
    /// Its ordinal.
    [[nodiscard]] std::uint64_t ordinal() const noexcept { return next_ - 1; }

private:
    [[nodiscard]] Result<void> enter_page(std::uint64_t page);

    const IndexRun* run_;
    std::uint64_t next_;
    const std::byte* page_ = nullptr;
    std::vector<std::byte> plain_;  ///< The page, decrypted; empty without a cipher.
    IndexEntry entry_;
    bool any_ = false;
};

/// Writes a run: entries in ascending order of ids in, bytes out, the same bytes for the same
/// entries (with the same cipher's nonces). Memory: 100 KiB and 8 bytes for each 1848 entries.
/// Thread safety: one thread at a time.
class IndexRunBuilder {
public:
    /// `sink` gets the bytes in order, up to 94,208 at a time; `cipher` may be null. Both are used
    /// until `finish` returned.
    IndexRunBuilder(const IndexRunInfo& info, ByteSink sink, PageCipher* cipher = nullptr);

    /// Errors: kInvalidArgument (as check_index_entry; not above the id before), kLimitExceeded,
    /// what the sink or the cipher returned. After an error of those two the run is lost.
    [[nodiscard]] Result<void> add(const IndexEntry& entry);

    /// Writes what is left. Nothing may be added afterwards. Errors: as add.
    [[nodiscard]] Result<void> finish();

    /// Returns how many entries were added.
    [[nodiscard]] std::uint64_t size() const noexcept { return entries_; }
    /// Returns how many bytes the sink got.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return pages_ * kIndexPageBytes; }

private:
    void end_entry_page() noexcept;
    [[nodiscard]] Result<void> end_group();
    [[nodiscard]] Result<void> write_tops();
    [[nodiscard]] Result<void> write_root();
    [[nodiscard]] Result<void> write_pages(std::size_t count);
    [[nodiscard]] IndexPage page_of_group(std::size_t page) noexcept;

    IndexRunInfo info_;
    ByteSink sink_;
    PageCipher* cipher_;
    std::vector<std::byte> group_;  ///< The entry pages of the group and its directory page.
    std::vector<std::uint64_t> tops_;
    std::array<std::byte, ContentHash::kDigestBytes> last_{};
    std::uint64_t entries_ = 0;
    std::uint64_t pages_ = 0;                     ///< That the sink has.
    std::array<std::uint8_t, 22> page_counts_{};  ///< Entries of the pages of the group.
    std::size_t group_pages_ = 0;                 ///< Whole entry pages of the group.
    std::size_t page_entries_ = 0;                ///< Entries of the page at hand.
    bool closed_ = false;                         ///< Finished, or lost to an error.
};

/// Walks several runs at once: the smallest id first, of equal ids that of the newest run. Thread
/// safety: one thread at a time. Memory: some bytes a run, 4 KiB with a cipher.
class RunMerge {
public:
    /// The runs outlive the walk.
    explicit RunMerge(std::span<const IndexRun* const> newest_first);

    /// Steps to the next entry; false at the end. Cost: logarithmic in the runs. Errors: as
    /// IndexCursor::next; the walk is over then.
    [[nodiscard]] Result<bool> next();
    /// The entry that `next` stepped to.
    [[nodiscard]] const IndexEntry& entry() const noexcept {
        return sources_[heap_.front().source].entry();
    }
    /// Which of the runs has it.
    [[nodiscard]] std::size_t source() const noexcept { return heap_.front().source; }

private:
    struct Head {
        std::uint64_t prefix = 0;  ///< Decides nearly always.
        std::size_t source = 0;
    };

    [[nodiscard]] Result<bool> step();
    [[nodiscard]] bool before(const Head& left, const Head& right) const noexcept;
    [[nodiscard]] std::uint64_t prefix_of_entry(std::size_t source) const noexcept;
    void sink(std::size_t at) noexcept;

    std::vector<IndexCursor> sources_;
    std::vector<Head> heap_;  ///< The first comes next.
    bool started_ = false;
};

/// Tells whether an entry goes into the merged run; asked of each, also of older ones of an id.
using KeepEntry = std::function<bool(const IndexEntry&)>;

/// Adds to `builder` the entries of all runs in order; of those with one id the newest that `keep`
/// (empty: all) keeps. The caller finishes the builder. Memory: that of RunMerge. Errors: as
/// RunMerge::next and IndexRunBuilder::add.
[[nodiscard]] Result<void> merge_runs(std::span<const IndexRun* const> newest_first,
                                      const KeepEntry& keep, IndexRunBuilder& builder);

/// Returns how many bytes a run of that many entries has.
[[nodiscard]] std::uint64_t index_run_bytes(std::uint64_t entries) noexcept;

}  // namespace catalog::content
