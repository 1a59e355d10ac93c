#pragma once
// The part of the chunk index that is in memory: entries of packs that have no run yet.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "index_format.hpp"

namespace catalog::content {

/// Entries by id; several packs may hold one id, each once. Open addressing, linear probing, 48
/// bytes a slot, two to three quarters filled; nothing is erased in place: what is to go is left
/// out of a copy. Thread safety: as a vector.
class UnsealedTable {
public:
    /// `seed` decides which ids are neighbours.
    explicit UnsealedTable(std::uint64_t seed) noexcept : seed_(seed) {}

    /// Tells whether one more entry needs `grown` first.
    [[nodiscard]] bool is_full() const noexcept { return used_ * 4 >= slots_.size() * 3; }
    /// Returns a copy with room for as many entries again.
    [[nodiscard]] UnsealedTable grown() const;
    /// Returns a copy without the entries of `pack` at `offset` and beyond.
    [[nodiscard]] UnsealedTable without(PackId pack, std::uint64_t offset) const;

    /// Adds an entry; of two with one id and pack the lower offset stays. The table is not full.
    void insert(const IndexEntry& entry) noexcept;

    /// Returns the entry of `id` in the highest of the packs that `is_live` accepts. No id of
    /// another algorithm than SHA-256 is found.
    template <class IsLive>
    [[nodiscard]] std::optional<IndexEntry> find(const ChunkId& id, const IsLive& is_live) const {
        std::optional<IndexEntry> found;
        if (used_ == 0 || id.algorithm != HashAlgorithm::kSha256) return found;
        for (std::size_t at = home_of(id.digest.data()); !is_empty(at); at = after(at)) {
            const std::byte* slot = slots_[at].data();
            if (std::memcmp(slot, id.digest.data(), ContentHash::kDigestBytes) != 0) continue;
            const PackId pack = pack_of(at);
            if (is_live(pack) && (!found || found->location.pack < pack))
                load_run_entry(slot, found.emplace());
        }
        return found;
    }

    /// Calls `each` with every entry, in no order.
    template <class Each>
    void for_each(const Each& each) const {
        IndexEntry entry;
        for (std::size_t at = 0; at < slots_.size(); ++at) {
            if (is_empty(at)) continue;
            load_run_entry(slots_[at].data(), entry);
            each(entry);
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return used_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return slots_.capacity() * sizeof(Slot); }

private:
    using Slot = std::array<std::byte, kRunEntryBytes>;

    [[nodiscard]] std::size_t home_of(const std::byte* digest) const noexcept;
    [[nodiscard]] std::size_t after(std::size_t at) const noexcept {
        return (at + 1) & (slots_.size() - 1);
    }
    [[nodiscard]] PackId pack_of(std::size_t at) const noexcept {
        return PackId{load_le<std::uint32_t>(&slots_[at][kRunEntryPackAt])};
    }
    /// No entry is of pack 0.
    [[nodiscard]] bool is_empty(std::size_t at) const noexcept { return pack_of(at) == PackId{}; }
    void make_room(std::size_t entries);

    std::uint64_t seed_;
    std::vector<Slot> slots_;  ///< A power of two, or none.
    std::size_t used_ = 0;
};

}  // namespace catalog::content
