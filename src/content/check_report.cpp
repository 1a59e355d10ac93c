#include "check_report.hpp"

#include <algorithm>

namespace catalog::content {

using internal::MutexLock;

DamageIndex DamageReport::add(std::string where, std::string what) {
    const MutexLock lock(mutex_);
    if (report_.damages.size() == kDamagesMax) {
        report_.truncated = true;
        return kBeyondReport;
    }
    report_.damages.push_back({std::move(where), std::move(what), {}});
    return report_.damages.size() - 1;
}

void DamageReport::add_object(DamageIndex damage, const ContentHash& object) {
    const MutexLock lock(mutex_);
    hurt_.insert(object);
    if (damage != kBeyondReport) report_.damages[damage].objects.push_back(object);
}

void DamageReport::count(std::uint64_t objects, std::uint64_t chunks, std::uint64_t bytes) {
    const MutexLock lock(mutex_);
    report_.objects += objects;
    report_.chunks += chunks;
    report_.bytes += bytes;
}

void DamageReport::reach(PackId pack) {
    const MutexLock lock(mutex_);
    report_.last_pack = std::max(report_.last_pack, static_cast<std::uint32_t>(pack));
}

bool DamageReport::empty() {
    const MutexLock lock(mutex_);
    return report_.damages.empty();
}

VerifyReport DamageReport::so_far() {
    const MutexLock lock(mutex_);
    return report_;
}

VerifyReport DamageReport::finish() {
    const MutexLock lock(mutex_);
    for (Damage& damage : report_.damages) {
        auto& objects = damage.objects;
        std::sort(objects.begin(), objects.end());
        objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
    }
    return std::move(report_);
}

std::set<ContentHash> DamageReport::hurt() {
    const MutexLock lock(mutex_);
    return std::move(hurt_);
}

void PhaseProgress::advance(std::uint64_t by) {
    const MutexLock lock(mutex_);
    update_.done += by;
    context_.report(update_);
}

void DamagedRanges::add(PackId pack, std::uint64_t offset, std::uint64_t bytes,
                        DamageIndex damage) {
    const MutexLock lock(mutex_);
    ranges_[{pack, offset}] = {bytes, damage};
}

std::optional<DamageIndex> DamagedRanges::find(const ChunkLocation& location) const {
    const MutexLock lock(mutex_);
    auto after = ranges_.upper_bound({location.pack, location.offset});
    if (after == ranges_.begin()) return std::nullopt;
    const auto& [begin, range] = *--after;
    const bool covers =
        begin.first == location.pack && location.offset - begin.second < range.bytes;
    return covers ? std::optional(range.damage) : std::nullopt;
}

std::set<PackId> DamagedRanges::packs() const {
    const MutexLock lock(mutex_);
    std::set<PackId> packs;
    for (const auto& [begin, range] : ranges_) packs.insert(begin.first);
    return packs;
}

void BadChunks::add(const ChunkId& id, DamageIndex damage) {
    const MutexLock lock(mutex_);
    bad_.try_emplace(id, damage);
}

std::optional<DamageIndex> BadChunks::find(const ChunkId& id) const {
    const MutexLock lock(mutex_);
    const auto found = bad_.find(id);
    return found == bad_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace catalog::content
