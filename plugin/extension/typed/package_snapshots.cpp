#include "package_snapshots.hpp"

#include <cstring>
#include <utility>

#include "catalog/internal/try.hpp"

namespace catalog::extension {

using internal::MutexLock;

namespace {

/// What an element takes besides its text and its snapshot, about.
constexpr std::size_t kElementBytes = 128;

/// The text under which `find` knows a package, put together without an allocation.
class LookupText {
public:
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): short_ is written before it is read
    LookupText(std::string_view id, std::string_view requirement) {
        const std::size_t size = id.size() + (requirement.empty() ? 0 : 1 + requirement.size());
        if (requirement.empty()) {
            text_ = id;
            return;
        }
        char* to = short_.data();
        if (size > short_.size()) {
            long_.resize(size);
            to = long_.data();
        }
        std::memcpy(to, id.data(), id.size());
        to[id.size()] = '@';
        std::memcpy(to + id.size() + 1, requirement.data(), requirement.size());
        text_ = {to, size};
    }
    LookupText(const LookupText&) = delete;
    LookupText& operator=(const LookupText&) = delete;

    [[nodiscard]] std::string_view view() const noexcept { return text_; }

private:
    std::array<char, PackageSnapshots::kTextBytesMax> short_;  // NOLINT: written before it is read
    std::string long_;
    std::string_view text_;
};

Result<void> check_request(std::string_view id, std::string_view requirement) {
    if (id.empty()) return fail(Errc::kInvalidName, "the package id is empty");
    if (!requirement.empty() && id.find('@', 1) != std::string_view::npos)
        return fail(Error(Errc::kInvalidArgument, "an id with a version takes no requirement")
                        .with_input(std::string(id.substr(0, PackageName::kBytesMax)))
                        .with_hint("give the name alone, or no requirement"));
    return {};
}

std::size_t kept_bytes(const std::string& text, const SnapshotLink& snapshot) noexcept {
    return kElementBytes + text.size() + snapshot->bytes();
}

}  // namespace

PackageSnapshots::PackageSnapshots(library::AssetLibrary& library, Outstanding& outstanding,
                                   std::size_t bytes_max)
    : library_(library), outstanding_(outstanding), shard_bytes_max_(bytes_max / kShards) {}

Result<SnapshotLink> PackageSnapshots::get(std::string_view id, std::string_view requirement,
                                           const CallContext& context) {
    CATALOG_TRY_VOID(check_request(id, requirement));
    const LookupText text(id, requirement);
    // Before anything is read: what is read later may be newer than the number, never older.
    CATALOG_TRY(const std::uint64_t revision, library_.revision());
    Found found = look_up(text.view());
    if (found.snapshot && found.revision >= revision) {
        CATALOG_TRY_VOID(
            library_.check_access(context, package::Verb::kRead, found.snapshot->name()));
        return std::move(found.snapshot);
    }
    return load(std::string(text.view()), revision, found.snapshot, context);
}

Result<SnapshotLink> PackageSnapshots::get(const index::IndexEntry& entry, std::uint64_t revision,
                                           const CallContext& context) {
    if (!library_.allows(context, package::Verb::kRead, entry.id.name().view()))
        return PackageSnapshot::make(entry, nullptr, outstanding_);
    const std::string text = entry.id.to_string();
    Found found = look_up(text);
    if (!found.snapshot || !found.snapshot->shows(entry)) {
        CATALOG_TRY(const index::LazyPackage package, library_.package_of(entry, context));
        CATALOG_TRY(const auto manifest, package.manifest());
        CATALOG_TRY(found.snapshot, PackageSnapshot::make(entry, manifest.get(), outstanding_));
        found.revision = 0;
    }
    if (found.revision < revision) keep(text, found.snapshot, revision);
    return std::move(found.snapshot);
}

Result<SnapshotLink> PackageSnapshots::load(const std::string& text, std::uint64_t revision,
                                            const SnapshotLink& stale, const CallContext& context) {
    CATALOG_TRY(const index::LazyPackage package, library_.find(text, context));
    const index::IndexEntry& entry = package.entry();
    const std::string exact = entry.id.to_string();
    SnapshotLink snapshot = stale;
    if (!snapshot || !snapshot->shows(entry)) snapshot = look_up(exact).snapshot;
    if (!snapshot || !snapshot->shows(entry)) {
        CATALOG_TRY(const auto manifest, package.manifest());
        CATALOG_TRY(snapshot, PackageSnapshot::make(entry, manifest.get(), outstanding_));
    }
    keep(text, snapshot, revision);
    if (exact != text) keep(exact, snapshot, revision);
    return snapshot;
}

PackageSnapshots::Shard& PackageSnapshots::shard_of(std::string_view text) noexcept {
    // Other bits than those by which the shard's table chooses its bucket.
    return shards_[TextHash{}(text) >> 60];
}

PackageSnapshots::Found PackageSnapshots::look_up(std::string_view text) {
    Shard& shard = shard_of(text);
    const MutexLock lock(shard.mutex);
    const auto found = shard.table.find(text);
    if (found == shard.table.end()) return {};
    found->second.asked_again = true;
    return {found->second.snapshot, found->second.revision};
}

void PackageSnapshots::keep(const std::string& text, const SnapshotLink& snapshot,
                            std::uint64_t revision) {
    if (text.size() > kTextBytesMax) return;
    SnapshotLink replaced;  // freed after the mutex is
    Shard& shard = shard_of(text);
    const MutexLock lock(shard.mutex);
    auto found = shard.table.find(text);
    if (found == shard.table.end()) {
        // Its place in the round first, so that an element never lacks one; should memory run out
        // in between, the place stays empty.
        shard.round.push_back(nullptr);
        found = shard.table.try_emplace(text).first;
        shard.round.back() = &*found;
    } else {
        if (found->second.revision > revision) return;
        shard.bytes -= kept_bytes(text, found->second.snapshot);
        replaced = std::exchange(found->second.snapshot, {});
    }
    found->second.snapshot = snapshot;
    found->second.revision = revision;
    shard.bytes += kept_bytes(text, snapshot);
    make_room(shard);
}

void PackageSnapshots::make_room(Shard& shard) const {
    while (shard.bytes > shard_bytes_max_ && !shard.round.empty()) {
        Table::value_type* const element = shard.round.front();
        if (element != nullptr && element->second.asked_again) {
            // To the end of the round; push first, so that running out of memory loses nothing.
            shard.round.push_back(element);
            shard.round.pop_front();
            element->second.asked_again = false;
            continue;
        }
        shard.round.pop_front();
        if (element == nullptr) continue;
        shard.bytes -= kept_bytes(element->first, element->second.snapshot);
        shard.table.erase(shard.table.find(element->first));
    }
}

PackageSnapshots::Stats PackageSnapshots::stats() const {
    Stats stats;
    for (const Shard& shard : shards_) {
        const MutexLock lock(shard.mutex);
        stats.texts += shard.table.size();
        stats.bytes += shard.bytes;
    }
    return stats;
}

}  // namespace catalog::extension
