// Sealing again under the newest keys: a collection that takes the packs of older generations and
// copies their records as they are. Index runs stand for packs of their own generation or older
// ones, so the last of them goes with the last of these packs.

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <optional>
#include <utility>

#include "record_copier.hpp"
#include "repacked_packs.hpp"

namespace catalog::content {
namespace {

// Copies keep what is known of their packs: those that a repack wrote need no other one. Packs of
// one level are copied one after the other, and packs with copies of two levels are not made.
class Rekeyer final : public PackRewriter {
public:
    Rekeyer(const ContentCore& core, KeyGeneration newest, std::vector<RepackedPacks> repacked)
        : core_(core), newest_(newest), repacked_(std::move(repacked)), copier_(core) {}

    void begin(PackId last) override { last_ = last; }

    // One whose header cannot be read is met again by who wants to copy it.
    [[nodiscard]] bool wants(const PackMark& mark) const override {
        if (mark.pack > last_) return false;
        const auto header = core_.backend->inspect(mark);
        if (!header) return true;
        const std::optional<PackCipherHeader>& cipher = header->cipher;
        return !cipher || cipher->generation < newest_;
    }

    Result<void> begin_pack(const PackMark& mark) override {
        const int level = level_of(mark.pack);
        if (level != writing_.level) CATALOG_TRY_VOID(end_range());
        writing_.level = level;
        return {};
    }

    Result<void> rewrite(const StoredRecord& record, bool is_base) override {
        (void)is_base;
        CATALOG_TRY(const ChunkLocation copy, copier_.append(record));
        bytes_ += core_.backend->bytes_of(copy.stored_bytes);
        if (copy.pack <= last_) return {};
        if (writing_.first == PackId{}) writing_.first = copy.pack;
        writing_.last = std::max(writing_.last, copy.pack);
        return {};
    }

    Result<std::uint64_t> finish_pack() override { return std::exchange(bytes_, 0); }

    /// Notes what was written and returns how many packs are left.
    Result<std::uint64_t> end();

private:
    [[nodiscard]] int level_of(PackId pack) const {
        int level = 0;
        for (const RepackedPacks& range : repacked_)
            if (range.first <= pack && pack <= range.last) level = std::max(level, range.level);
        return level;
    }
    [[nodiscard]] Result<void> end_range();

    const ContentCore& core_;
    const KeyGeneration newest_;
    std::vector<RepackedPacks> repacked_;
    RecordCopier copier_;
    PackId last_{};
    RepackedPacks writing_;  // Copies of one level; no packs: none yet.
    std::uint64_t bytes_ = 0;
};

Result<void> Rekeyer::end_range() {
    const RepackedPacks range = std::exchange(writing_, {});
    if (range.first == PackId{}) return {};
    CATALOG_TRY_VOID(core_.backend->seal(range.last));
    if (range.level != 0) repacked_.push_back(range);
    return {};
}

Result<std::uint64_t> Rekeyer::end() {
    if (last_ == PackId{}) return 0;
    if (writing_.level != 0) CATALOG_TRY_VOID(end_range());
    CATALOG_TRY(BackendMarks now, core_.marks(*core_.options.store->snapshot()));
    CATALOG_TRY_VOID(note_repacked(core_, now, repacked_));
    // That commit dropped the index runs which stood for the last of the packs, too; the one after
    // it sees this, and their files go.
    CATALOG_TRY_VOID(note_repacked(core_, now, repacked_));
    return static_cast<std::uint64_t>(
        std::ranges::count_if(now.packs, [&](const PackMark& mark) { return wants(mark); }));
}

}  // namespace

Result<RepackReport> rekey_content(const ContentCore& core, const RepackOptions& options,
                                   const CallContext& context) {
    const StoreEncryption* const encryption = core.options.packs.encryption.get();
    if (encryption == nullptr)
        return fail(Error(Errc::kFailedPrecondition, "the content store is not encrypted")
                        .with_hint("there are no keys to write it again under"));
    CATALOG_TRY(auto repacked, find_repacked(core));
    Rekeyer rekeyer(core, encryption->keys.newest(), std::move(repacked));
    CollectOptions collect;
    collect.live_share_min = 0;
    collect.rewrite_bytes_max = options.rewrite_bytes_max;
    const auto collected = collect_content(core, collect, context, &rekeyer);
    // What was written counts also when the rest could not be.
    const auto left = rekeyer.end();
    if (!collected) return fail(collected.error());
    if (!left) return fail(left.error());
    return to_repack_report(*collected, *left);
}

}  // namespace catalog::content
