#include <iterator>

#include "batch_check.hpp"
#include "catalog/kv/key_value_store.hpp"

namespace catalog::kv {

void WriteBatch::append(WriteBatch other) {
    bytes_ += other.bytes_;
    if (changes_.empty()) {
        changes_ = std::move(other.changes_);
        return;
    }
    changes_.insert(changes_.end(), std::make_move_iterator(other.changes_.begin()),
                    std::make_move_iterator(other.changes_.end()));
}

Result<void> check_family(Family family, std::size_t families) {
    if (static_cast<std::size_t>(family) < families) return {};
    return fail(Errc::kInvalidArgument,
                "family " + std::to_string(static_cast<std::uint32_t>(family)) +
                    " is not one of the store's " + std::to_string(families));
}

Result<void> check_batch(const WriteBatch& batch, std::size_t families) {
    if (batch.bytes() > kBatchBytesMax)
        return fail(Errc::kLimitExceeded, "the batch is larger than a store takes at once",
                    LimitDetail{"kBatchBytesMax", kBatchBytesMax, batch.bytes()});
    for (const WriteBatch::Change& change : batch.changes())
        if (auto known = check_family(change.family, families); !known) return known;
    return {};
}

}  // namespace catalog::kv
