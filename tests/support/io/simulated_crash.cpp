// What a crash leaves of a disk. The rules are at the top of simulated_file_system.hpp.

#include <algorithm>
#include <set>

#include "support/io/simulated_disk.hpp"

namespace catalog::io::testing {

namespace {

constexpr std::uint64_t kSector = SimulatedFileSystem::kSectorBytes;

enum class Character : std::uint8_t { kPrefix, kSectors, kWholeWrites, kSizeOnly };

Character character_of(CrashPolicy policy, SeededRandom& random) {
    switch (policy) {
        case CrashPolicy::kWholeWrites:
            return Character::kWholeWrites;
        case CrashPolicy::kTornSectors:
            return Character::kSectors;
        case CrashPolicy::kSizesFirst:
            return Character::kSizeOnly;
        default:
            return static_cast<Character>(random.below(4));
    }
}

bool keeps_a_subset(CrashPolicy policy) {
    return policy != CrashPolicy::kDropUnsynced && policy != CrashPolicy::kKeepAll;
}

// Versions of one file: version v is the state after the first v pending changes.
class FileHistory {
public:
    explicit FileHistory(const SimulatedNode& node) : node_(node) {
        std::uint64_t size = node.durable_data.size();
        std::uint32_t mode = node.durable_mode;
        push(size, mode);
        for (const DataChange& change : node.pending) {
            if (change.kind == DataChange::Kind::kWrite && !change.bytes.empty())
                size = std::max<std::uint64_t>(size, change.offset + change.bytes.size());
            if (change.kind == DataChange::Kind::kTruncate) size = change.offset;
            if (change.kind == DataChange::Kind::kMode) mode = change.mode;
            push(size, mode);
        }
        index_sectors();
    }

    std::size_t newest() const { return node_.pending.size(); }
    std::uint64_t size_at(std::size_t version) const { return sizes_[version]; }
    std::uint32_t mode_at(std::size_t version) const { return modes_[version]; }

    // The changes that write into a sector, as versions, oldest first.
    const std::vector<std::size_t>& writes_of(std::uint64_t sector) const {
        static const std::vector<std::size_t> kNone;
        const auto found = writes_.find(sector);
        return found == writes_.end() ? kNone : found->second;
    }

    // The versions that a sector may come from when the size is that of version `size_version`:
    // none from the other side of a truncate that cut it.
    std::pair<std::size_t, std::size_t> range_of(std::uint64_t sector,
                                                 std::size_t size_version) const {
        std::size_t first = 0;
        std::size_t last = newest();
        for (const std::size_t cut : cuts_) {
            if (sizes_[cut] >= (sector + 1) * kSector) continue;
            if (cut <= size_version) {
                first = std::max(first, cut);
            } else {
                last = std::min(last, cut - 1);
            }
        }
        return {first, last};
    }

    // Bytes of a sector at a version, zeros where there were none.
    std::string sector_at(std::uint64_t sector, std::size_t version) const {
        const std::uint64_t start = sector * kSector;
        std::string bytes(kSector, '\0');
        copy_into(bytes, start, 0, node_.durable_data);
        auto cut = cuts_.begin();
        for (const std::size_t write : writes_of(sector)) {
            if (write > version) break;
            for (; cut != cuts_.end() && *cut < write; ++cut) clear_after(bytes, start, *cut);
            const DataChange& change = node_.pending[write - 1];
            copy_into(bytes, start, change.offset, change.bytes);
        }
        for (; cut != cuts_.end() && *cut <= version; ++cut) clear_after(bytes, start, *cut);
        return bytes;
    }

    // Whether any version from `first` to `version` put something into the sector; version 0 of a
    // sector within the durable size counts.
    bool was_written(std::uint64_t sector, std::size_t first, std::size_t version) const {
        if (sector * kSector < sizes_[first]) return true;
        const auto& writes = writes_of(sector);
        return std::any_of(writes.begin(), writes.end(),
                           [&](std::size_t write) { return write > first && write <= version; });
    }

private:
    void push(std::uint64_t size, std::uint32_t mode) {
        sizes_.push_back(size);
        modes_.push_back(mode);
    }

    void index_sectors() {
        for (std::size_t i = 0; i < node_.pending.size(); ++i) {
            const DataChange& change = node_.pending[i];
            if (change.kind == DataChange::Kind::kTruncate && change.offset < sizes_[i])
                cuts_.push_back(i + 1);
            if (change.kind != DataChange::Kind::kWrite || change.bytes.empty()) continue;
            const std::uint64_t last = (change.offset + change.bytes.size() - 1) / kSector;
            for (std::uint64_t sector = change.offset / kSector; sector <= last; ++sector)
                writes_[sector].push_back(i + 1);
        }
    }

    // Copies the part of `source`, which begins at `source_start` in the file, that is in a sector.
    static void copy_into(std::string& sector, std::uint64_t start, std::uint64_t source_start,
                          const std::string& source) {
        const std::uint64_t from = std::max(start, source_start);
        const std::uint64_t to = std::min(start + kSector, source_start + source.size());
        if (from < to)
            sector.replace(from - start, to - from, source, from - source_start, to - from);
    }

    void clear_after(std::string& sector, std::uint64_t start, std::size_t cut) const {
        const std::uint64_t size = sizes_[cut];
        if (size >= start + kSector) return;
        const std::uint64_t from = size > start ? size - start : 0;
        std::fill(sector.begin() + static_cast<std::ptrdiff_t>(from), sector.end(), '\0');
    }

    const SimulatedNode& node_;
    std::vector<std::uint64_t> sizes_;
    std::vector<std::uint32_t> modes_;
    std::vector<std::size_t> cuts_;  // versions made by a truncate to less
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> writes_;
};

// Chooses the version of every sector in the way of one character.
class SectorChoice {
public:
    SectorChoice(const FileHistory& history, CrashPolicy policy, SeededRandom& random)
        : history_(history),
          random_(random),
          character_(character_of(policy, random)),
          keep_percent_(static_cast<unsigned>(10 + random.below(81))) {
        size_version_ = character_ == Character::kSizeOnly ? history.newest()
                                                           : random.below(history.newest() + 1);
        if (character_ == Character::kWholeWrites)
            for (std::size_t i = 0; i <= history.newest(); ++i)
                kept_.push_back(random.chance(keep_percent_));
    }

    std::size_t size_version() const { return size_version_; }

    std::size_t version_of(std::uint64_t sector) {
        const auto [first, last] = history_.range_of(sector, size_version_);
        switch (character_) {
            case Character::kPrefix:
                return size_version_;
            case Character::kSectors:
                return first + random_.below(last - first + 1);
            case Character::kSizeOnly:
                return random_.chance(keep_percent_) ? last : first;
            case Character::kWholeWrites:
                break;
        }
        std::size_t version = first;
        for (const std::size_t write : history_.writes_of(sector))
            if (write >= first && write <= last && kept_[write]) version = write;
        return version;
    }

private:
    const FileHistory& history_;
    SeededRandom& random_;
    Character character_;
    unsigned keep_percent_;
    std::size_t size_version_;
    std::vector<bool> kept_;
};

std::string garbage_sector(SeededRandom& random) {
    std::string bytes(kSector, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.next() & 0xff);
    return bytes;
}

}  // namespace

std::pair<std::string, std::uint32_t> torn_file(const SimulatedNode& node, CrashPolicy policy,
                                                SeededRandom& random) {
    if (node.pending.empty()) return {node.durable_data, node.durable_mode};
    const FileHistory history(node);
    SectorChoice choice(history, policy, random);
    const bool garbage = random.chance(25);
    const std::size_t size_version = choice.size_version();
    const std::uint64_t size = history.size_at(size_version);
    std::string data;
    data.reserve(size + kSector);
    for (std::uint64_t sector = 0; sector * kSector < size; ++sector) {
        const std::size_t version = choice.version_of(sector);
        const std::size_t first = history.range_of(sector, size_version).first;
        data += garbage && !history.was_written(sector, first, version)
                    ? garbage_sector(random)
                    : history.sector_at(sector, version);
    }
    data.resize(size);
    return {std::move(data), history.mode_at(size_version)};
}

std::string_view policy_name(CrashPolicy policy) noexcept {
    switch (policy) {
        case CrashPolicy::kDropUnsynced:
            return "drop unsynced";
        case CrashPolicy::kKeepAll:
            return "keep all";
        case CrashPolicy::kRandomSubset:
            return "random subset";
        case CrashPolicy::kWholeWrites:
            return "whole writes";
        case CrashPolicy::kTornSectors:
            return "torn sectors";
        case CrashPolicy::kSizesFirst:
            return "sizes first";
    }
    return "unknown";
}

std::vector<std::uint64_t> SimulatedDisk::choose_changes(SeededRandom& random) const {
    std::vector<std::uint64_t> chosen;
    if (random.chance(33)) {
        std::uint64_t count = random.below(pending_.size() + 1);
        for (const auto& [number, change] : pending_) {
            if (count-- == 0) break;
            chosen.push_back(number);
        }
        return chosen;
    }
    const auto keep_percent = static_cast<unsigned>(10 + random.below(81));
    std::set<std::uint64_t> dropped;
    for (const auto& [number, change] : pending_) {
        const bool possible =
            std::none_of(change.needs.begin(), change.needs.end(),
                         [&](std::uint64_t need) { return dropped.contains(need); });
        if (possible && random.chance(keep_percent)) {
            chosen.push_back(number);
        } else {
            dropped.insert(number);
        }
    }
    return chosen;
}

std::unique_ptr<SimulatedDisk> SimulatedDisk::after_crash(CrashPolicy policy,
                                                          std::uint64_t seed) const {
    SeededRandom random(seed);
    // Folders as the disk has them: durable entries, then the chosen changes in order.
    std::unordered_map<const SimulatedNode*, SimulatedNode::Entries> changed;
    if (keeps_a_subset(policy)) {
        for (const std::uint64_t number : choose_changes(random)) {
            for (const NameEdit& edit : pending_.at(number).edits) {
                auto& entries = changed.try_emplace(edit.folder.get(), edit.folder->durable_entries)
                                    .first->second;
                entries.erase(edit.name);
                if (edit.node != nullptr) entries[edit.name] = edit.node;
            }
        }
    }
    auto disk = std::make_unique<SimulatedDisk>();
    disk->clock_ns_ = clock_ns_;
    std::unordered_map<const SimulatedNode*, NodePtr> copies{{root_.get(), disk->root_}};
    std::vector<const SimulatedNode*> open{root_.get()};
    while (!open.empty()) {
        const SimulatedNode* folder = open.back();
        open.pop_back();
        const NodePtr copy = copies.at(folder);
        const auto patched = changed.find(folder);
        const SimulatedNode::Entries& entries = policy == CrashPolicy::kKeepAll ? folder->entries
                                                : patched != changed.end()
                                                    ? patched->second
                                                    : folder->durable_entries;
        for (const auto& [name, node] : entries) {
            NodePtr& target = copies[node.get()];
            if (target == nullptr) {
                target = disk->make_node(node->kind, node->mode);
                if (node->kind == FileKind::kDirectory) open.push_back(node.get());
                if (node->kind == FileKind::kSymlink) target->data = node->data;
                if (node->kind == FileKind::kRegular) {
                    if (policy == CrashPolicy::kKeepAll) target->data = node->data;
                    if (policy == CrashPolicy::kDropUnsynced) {
                        target->data = node->durable_data;
                        target->mode = node->durable_mode;
                    }
                    if (keeps_a_subset(policy))
                        std::tie(target->data, target->mode) = torn_file(*node, policy, random);
                }
                target->durable_data = target->data;
                target->durable_mode = target->mode;
                target->modified_ns = node->modified_ns;
                target->changed_ns = node->changed_ns;
            }
            copy->entries[name] = copy->durable_entries[name] = target;
            ++target->links;
            ++target->durable_links;
        }
    }
    return disk;
}

}  // namespace catalog::io::testing
