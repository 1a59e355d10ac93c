#include "ghost_queue.hpp"

#include <algorithm>

namespace catalog::cache {
namespace {

std::uint32_t nonzero(std::uint32_t tag) noexcept { return tag == 0 ? 1 : tag; }

}  // namespace

GhostQueue::GhostQueue(std::size_t tags_max)
    : ghosts_(std::max<std::size_t>(1, (tags_max + kWays - 1) / kWays) * kWays) {}

GhostQueue::Ghost* GhostQueue::set_of(std::uint32_t tag) noexcept {
    // The bits of a tag choose buckets elsewhere; a multiplication spreads them anew.
    const std::uint64_t mixed = (tag * std::uint64_t{0x9e37'79b9'7f4a'7c15}) >> 32;
    return &ghosts_[mixed * (ghosts_.size() / kWays) >> 32 << 3];
}

void GhostQueue::insert(std::uint32_t tag) noexcept {
    tag = nonzero(tag);
    Ghost* const set = set_of(tag);
    Ghost* place = set;
    for (Ghost* ghost = set; ghost != set + kWays; ++ghost) {
        if (ghost->tag == tag || ghost->tag == 0) {
            place = ghost;
            break;
        }
        if (insertions_ - ghost->inserted > insertions_ - place->inserted) place = ghost;
    }
    *place = {tag, insertions_++};
}

bool GhostQueue::take(std::uint32_t tag, std::uint64_t window) noexcept {
    tag = nonzero(tag);
    Ghost* const set = set_of(tag);
    for (Ghost* ghost = set; ghost != set + kWays; ++ghost)
        if (ghost->tag == tag) {
            const bool recent = insertions_ - ghost->inserted <= window;
            ghost->tag = 0;
            return recent;
        }
    return false;
}

void GhostQueue::clear() noexcept {
    std::fill(ghosts_.begin(), ghosts_.end(), Ghost());
    insertions_ = 0;
}

}  // namespace catalog::cache
