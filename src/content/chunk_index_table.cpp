#include "chunk_index_table.hpp"

#include <bit>

namespace catalog::content {
namespace {

constexpr std::size_t kSlotsMin = 64;

}  // namespace

std::size_t UnsealedTable::home_of(const std::byte* digest) const noexcept {
    // Ids are random already, unless somebody chose contents whose ids begin alike: the product
    // with an odd number nobody outside knows spreads those, too. The high bits are the good ones.
    const std::uint64_t mixed =
        (load_le<std::uint64_t>(digest) ^ load_le<std::uint64_t>(digest + 8)) * (seed_ | 1);
    return static_cast<std::size_t>(mixed >> 32) & (slots_.size() - 1);
}

void UnsealedTable::make_room(std::size_t entries) {
    slots_.assign(std::bit_ceil(std::max(kSlotsMin, entries * 3 / 2 + 1)), Slot{});
    used_ = 0;
}

UnsealedTable UnsealedTable::grown() const {
    UnsealedTable copy(seed_);
    copy.make_room(used_ * 2);
    for_each([&copy](const IndexEntry& entry) { copy.insert(entry); });
    return copy;
}

UnsealedTable UnsealedTable::without(PackId pack, std::uint64_t offset) const {
    const auto stays = [pack, offset](const IndexEntry& entry) {
        return entry.location.pack != pack || entry.location.offset < offset;
    };
    std::size_t left = 0;
    for_each([&](const IndexEntry& entry) { left += stays(entry) ? 1 : 0; });
    UnsealedTable copy(seed_);
    if (left == 0) return copy;
    copy.make_room(left);
    for_each([&](const IndexEntry& entry) {
        if (stays(entry)) copy.insert(entry);
    });
    return copy;
}

void UnsealedTable::insert(const IndexEntry& entry) noexcept {
    std::size_t at = home_of(entry.id.digest.data());
    for (; !is_empty(at); at = after(at)) {
        if (pack_of(at) != entry.location.pack ||
            std::memcmp(slots_[at].data(), entry.id.digest.data(), ContentHash::kDigestBytes) != 0)
            continue;
        IndexEntry there;
        load_run_entry(slots_[at].data(), there);
        if (entry.location.offset < there.location.offset)
            store_run_entry(slots_[at].data(), entry);
        return;
    }
    store_run_entry(slots_[at].data(), entry);
    ++used_;
}

}  // namespace catalog::content
