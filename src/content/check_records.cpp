#include "check_records.hpp"

#include <algorithm>

namespace catalog::content {
namespace {

constexpr unsigned kTagBits = CheckRecords::kTagBits;
constexpr std::uint64_t kTagMask = (std::uint64_t{1} << kTagBits) - 1;
constexpr std::size_t kWordBits = 64;

std::uint64_t place_and_tag_of(const ChunkId& id, std::uint64_t offset) {
    return (offset / kRecordAlignment) << kTagBits | CheckRecords::tag_of(id);
}

}  // namespace

std::uint32_t CheckRecords::tag_of(const ChunkId& id) noexcept {
    return static_cast<std::uint32_t>(load_le<std::uint64_t>(id.digest.data()) & kTagMask);
}

std::uint32_t CheckRecords::tag(std::size_t ordinal) const noexcept {
    return static_cast<std::uint32_t>(records_[ordinal].place_and_tag & kTagMask);
}

void CheckRecords::add(const ChunkId& id, const ChunkLocation& location, std::uint64_t bytes) {
    records_.push_back(
        {place_and_tag_of(id, location.offset), location.stored_bytes, location.plain_bytes});
    bytes_ += bytes;
}

void CheckRecords::seal() {
    records_.shrink_to_fit();
    marks_ = std::make_unique<std::atomic<std::uint64_t>[]>(records_.size() / kWordBits + 1);
}

ChunkLocation CheckRecords::location(PackId pack, std::size_t ordinal) const {
    const Record& record = records_[ordinal];
    return {pack, (record.place_and_tag >> kTagBits) * kRecordAlignment, record.stored_bytes,
            record.plain_bytes};
}

std::optional<std::size_t> CheckRecords::find(const ChunkId& id,
                                              const ChunkLocation& location) const {
    const std::uint64_t wanted = place_and_tag_of(id, location.offset);
    const auto found = std::lower_bound(
        records_.begin(), records_.end(), wanted,
        [](const Record& each, std::uint64_t key) { return each.place_and_tag < key; });
    if (found == records_.end() || found->place_and_tag != wanted ||
        found->stored_bytes != location.stored_bytes || found->plain_bytes != location.plain_bytes)
        return std::nullopt;
    return static_cast<std::size_t>(found - records_.begin());
}

bool CheckRecords::mark(std::size_t ordinal) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << (ordinal % kWordBits);
    return (marks_[ordinal / kWordBits].fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
}

bool CheckRecords::is_marked(std::size_t ordinal) const noexcept {
    const std::uint64_t bit = std::uint64_t{1} << (ordinal % kWordBits);
    return (marks_[ordinal / kWordBits].load(std::memory_order_relaxed) & bit) != 0;
}

}  // namespace catalog::content
