#include "chunk_index.hpp"

#include <algorithm>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>
#include <cmath>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>

#include "chunk_index_table.hpp"

namespace catalog::content {
namespace {

using internal::MutexLock;

constexpr std::uint32_t kPackNumberMax = 1u << 26;

// A bit a pack: packs are numbered without gaps from 1.
class LivePacks {
public:
    [[nodiscard]] bool contains(PackId pack) const noexcept {
        const auto number = static_cast<std::uint32_t>(pack);
        return number / 64 < words_.size() && ((words_[number / 64] >> (number % 64)) & 1) != 0;
    }
    void insert(PackId pack) {
        const auto number = static_cast<std::uint32_t>(pack);
        if (number / 64 >= words_.size()) words_.resize(number / 64 + 1);
        words_[number / 64] |= std::uint64_t{1} << (number % 64);
    }
    void erase(PackId pack) noexcept {
        const auto number = static_cast<std::uint32_t>(pack);
        if (contains(pack)) words_[number / 64] &= ~(std::uint64_t{1} << (number % 64));
    }
    [[nodiscard]] std::uint64_t count() const noexcept {
        std::uint64_t count = 0;
        for (const std::uint64_t word : words_)
            count += static_cast<std::uint64_t>(std::popcount(word));
        return count;
    }

private:
    std::vector<std::uint64_t> words_;
};

// What readers look at after the table: replaced as a whole, never changed.
struct SealedPart {
    std::vector<ChunkIndex::RunPointer> runs;  // Newest first.
    LivePacks live;
    LivePacks condemned;

    [[nodiscard]] bool counts(const std::optional<IndexEntry>& entry) const noexcept {
        return entry && live.contains(entry->location.pack);
    }
};

using SealedPointer = std::shared_ptr<const SealedPart>;

std::uint64_t seed_of(const StoreId& store) noexcept {
    return load_le<std::uint64_t>(store.data()) ^ load_le<std::uint64_t>(store.data() + 8);
}

}  // namespace

// Changes are serialised by `change`; each prepares what is new beside the old, and holds `lock`
// only to exchange them (or to add one entry). So a thread that holds `change` reads both members
// without `lock`.
class ChunkIndex::State {
public:
    explicit State(std::uint64_t seed)
        : sealed_(std::make_shared<const SealedPart>()), table_(seed) {}

    internal::Mutex change;

    [[nodiscard]] SealedPointer sealed() const {
        const std::shared_lock guard(lock_);
        return sealed_;
    }

    // Looks into the table and takes what to look at next, at one moment: an entry that moves into
    // a run meanwhile is in the one or in the other.
    template <class Look>
    [[nodiscard]] SealedPointer look(const Look& look_into) const {
        const std::shared_lock guard(lock_);
        look_into(table_, *sealed_);
        return sealed_;
    }

    // The functions below are for who holds `change`.

    [[nodiscard]] const UnsealedTable& table() const noexcept { return table_; }
    [[nodiscard]] std::shared_ptr<SealedPart> copy_sealed() const {
        return std::make_shared<SealedPart>(*sealed_);
    }
    [[nodiscard]] const SealedPart& current() const noexcept { return *sealed_; }

    void insert(const IndexEntry& entry) {
        if (table_.is_full()) {
            UnsealedTable grown = table_.grown();
            const std::unique_lock guard(lock_);
            std::swap(table_, grown);
        }
        const std::unique_lock guard(lock_);
        table_.insert(entry);
    }
    void exchange(SealedPointer sealed) {
        const std::unique_lock guard(lock_);
        sealed_.swap(sealed);
    }
    void exchange(UnsealedTable table) {
        const std::unique_lock guard(lock_);
        std::swap(table_, table);
    }
    void exchange(SealedPointer sealed, UnsealedTable table) {
        const std::unique_lock guard(lock_);
        sealed_.swap(sealed);
        std::swap(table_, table);
    }

private:
    mutable std::shared_mutex lock_;
    SealedPointer sealed_;
    UnsealedTable table_;
};

ChunkIndex::ChunkIndex(const StoreId& store) : state_(std::make_unique<State>(seed_of(store))) {}

ChunkIndex::~ChunkIndex() = default;

template <class Accepts>
Result<std::optional<IndexEntry>> ChunkIndex::find_in(const ChunkId& id,
                                                      const Accepts& accepts) const {
    std::optional<IndexEntry> found;
    const SealedPointer sealed =
        state_->look([&](const UnsealedTable& table, const SealedPart& part) {
            found = table.find(id, [&](PackId pack) { return accepts(part, pack); });
        });
    if (found) return found;
    for (const RunPointer& run : sealed->runs) {
        CATALOG_TRY(auto entry, run->find(id));
        if (entry && accepts(*sealed, entry->location.pack)) return entry;
    }
    return found;
}

Result<std::optional<IndexEntry>> ChunkIndex::find(const ChunkId& id) const {
    return find_in(id,
                   [](const SealedPart& part, PackId pack) { return part.live.contains(pack); });
}

Result<std::optional<IndexEntry>> ChunkIndex::find_kept(const ChunkId& id) const {
    return find_in(id, [](const SealedPart& part, PackId pack) {
        return part.live.contains(pack) && !part.condemned.contains(pack);
    });
}

Result<void> ChunkIndex::find_many(std::span<const ChunkId> ids,
                                   std::span<std::optional<IndexEntry>> found) const {
    if (ids.size() != found.size())
        return fail(Errc::kInvalidArgument, "as many slots as ids are needed");
    const SealedPointer sealed =
        state_->look([&](const UnsealedTable& table, const SealedPart& part) {
            for (std::size_t i = 0; i < ids.size(); ++i)
                found[i] =
                    table.find(ids[i], [&part](PackId pack) { return part.live.contains(pack); });
        });
    for (const RunPointer& run : sealed->runs) {
        CATALOG_TRY_VOID(run->find_many(ids, found));
        bool all = true;
        for (std::optional<IndexEntry>& entry : found) {
            if (!sealed->counts(entry)) entry.reset();
            all = all && entry.has_value();
        }
        if (all) break;
    }
    return {};
}

Result<void> ChunkIndex::add_pack(PackId pack) {
    const auto number = static_cast<std::uint32_t>(pack);
    if (number > kPackNumberMax)
        return fail(Errc::kLimitExceeded,
                    "pack number " + std::to_string(number) + " is above what an index takes",
                    LimitDetail{"pack number", kPackNumberMax, number});
    const MutexLock guard(state_->change);
    auto sealed = state_->copy_sealed();
    sealed->live.insert(pack);
    state_->exchange(std::move(sealed));
    return {};
}

void ChunkIndex::retire_pack(PackId pack) {
    const MutexLock guard(state_->change);
    auto sealed = state_->copy_sealed();
    sealed->live.erase(pack);
    sealed->condemned.erase(pack);
    state_->exchange(std::move(sealed), state_->table().without(pack, 0));
}

bool ChunkIndex::is_live(PackId pack) const { return state_->sealed()->live.contains(pack); }

void ChunkIndex::condemn_pack(PackId pack) {
    const MutexLock guard(state_->change);
    auto sealed = state_->copy_sealed();
    sealed->condemned.insert(pack);
    state_->exchange(std::move(sealed));
}

void ChunkIndex::pardon_pack(PackId pack) {
    const MutexLock guard(state_->change);
    auto sealed = state_->copy_sealed();
    sealed->condemned.erase(pack);
    state_->exchange(std::move(sealed));
}

Result<void> ChunkIndex::insert(const IndexEntry& entry) {
    CATALOG_TRY_VOID(check_index_entry(entry));
    const MutexLock guard(state_->change);
    if (!state_->current().live.contains(entry.location.pack))
        return fail(Errc::kFailedPrecondition,
                    pack_file_name(entry.location.pack) + " is not among the packs of the index");
    state_->insert(entry);
    return {};
}

void ChunkIndex::drop_from(PackId pack, std::uint64_t offset) {
    const MutexLock guard(state_->change);
    state_->exchange(state_->table().without(pack, offset));
}

std::vector<IndexEntry> ChunkIndex::unsealed(PackId pack) const {
    std::vector<IndexEntry> entries;
    {
        const MutexLock guard(state_->change);
        state_->table().for_each([&](const IndexEntry& entry) {
            if (entry.location.pack == pack) entries.push_back(entry);
        });
    }
    std::ranges::sort(entries, {}, &IndexEntry::id);
    return entries;
}

void ChunkIndex::add_run(RunPointer run) {
    const MutexLock guard(state_->change);
    auto sealed = state_->copy_sealed();
    sealed->runs.insert(sealed->runs.begin(), std::move(run));
    state_->exchange(std::move(sealed));
}

void ChunkIndex::seal_pack(PackId pack, RunPointer run) {
    const MutexLock guard(state_->change);
    auto sealed = state_->copy_sealed();
    sealed->runs.insert(sealed->runs.begin(), std::move(run));
    state_->exchange(std::move(sealed), state_->table().without(pack, 0));
}

Result<void> ChunkIndex::replace_runs(std::span<const RunPointer> runs, RunPointer merged) {
    const MutexLock guard(state_->change);
    auto sealed = state_->copy_sealed();
    const auto place = std::ranges::search(sealed->runs, runs);
    if (runs.empty() || place.empty())
        return fail(Errc::kFailedPrecondition,
                    "the runs to replace are not neighbours in the index");
    const auto at = sealed->runs.erase(place.begin(), place.end());
    if (merged != nullptr) sealed->runs.insert(at, std::move(merged));
    state_->exchange(std::move(sealed));
    return {};
}

std::vector<ChunkIndex::RunPointer> ChunkIndex::runs() const { return state_->sealed()->runs; }

std::size_t runs_to_merge(std::span<const std::uint64_t> entries) {
    if (entries.size() <= ChunkIndex::kRunsMax) return 0;
    // With a growth of r from run to run, five of them hold r^5 times what the newest does. A
    // fixed r would rewrite the oldest run ever more often in a store that outgrows that; the
    // root of the store's size lets r grow along. 3 and 7 rewrote least in a simulation of 100 to
    // 200,000 packs: 4 times in the mean at 100, 8 at 2000, 15 at 25,000 (1.6 TB of packs).
    double total = 0;
    for (const std::uint64_t count : entries) total += static_cast<double>(count);
    const double newest = std::max(1024.0, static_cast<double>(entries.front()));
    const double ratio = std::max(3.0, std::pow(total / newest, 1.0 / 7.0));
    std::uint64_t sum = entries[0];
    std::size_t fitting = 1;
    for (std::size_t i = 1; i < entries.size(); ++i) {
        sum += entries[i];
        if (sum > kIndexRunEntriesMax) break;
        fitting = i + 1;
        if (i + 1 < entries.size() &&
            static_cast<double>(sum) * ratio <= static_cast<double>(entries[i + 1]))
            break;
    }
    return fitting < 2 ? 0 : fitting;
}

std::vector<ChunkIndex::RunPointer> ChunkIndex::choose_merge() const {
    std::vector<RunPointer> runs = state_->sealed()->runs;
    std::vector<std::uint64_t> entries;
    entries.reserve(runs.size());
    for (const RunPointer& run : runs) entries.push_back(run->size());
    runs.resize(runs_to_merge(entries));
    return runs;
}

KeepEntry ChunkIndex::keep_live() const {
    return [sealed = state_->sealed()](const IndexEntry& entry) {
        return sealed->live.contains(entry.location.pack);
    };
}

Result<void> ChunkIndex::for_each(
    const std::function<Result<void>(const IndexEntry&)>& each) const {
    return walk(Copies::kOneAnId, each);
}

Result<void> ChunkIndex::for_each_copy(
    const std::function<Result<void>(const IndexEntry&)>& each) const {
    return walk(Copies::kAll, each);
}

Result<void> ChunkIndex::walk(Copies copies,
                              const std::function<Result<void>(const IndexEntry&)>& each) const {
    const bool all = copies == Copies::kAll;
    std::vector<IndexEntry> unsealed;
    const SealedPointer sealed =
        state_->look([&](const UnsealedTable& table, const SealedPart& part) {
            unsealed.reserve(table.size());
            table.for_each([&](const IndexEntry& entry) {
                if (part.live.contains(entry.location.pack)) unsealed.push_back(entry);
            });
        });
    std::ranges::sort(unsealed, [](const IndexEntry& left, const IndexEntry& right) {
        if (left.id != right.id) return left.id < right.id;
        return left.location.pack > right.location.pack;
    });
    if (!all) {
        const auto one_an_id = std::ranges::unique(unsealed, {}, &IndexEntry::id);
        unsealed.erase(one_an_id.begin(), one_an_id.end());
    }

    std::vector<const IndexRun*> runs;
    for (const RunPointer& run : sealed->runs) runs.push_back(run.get());
    RunMerge merge(runs);
    auto next = unsealed.begin();
    std::optional<ChunkId> last;
    for (;;) {
        CATALOG_TRY(const bool more, merge.next());
        for (; next != unsealed.end() && (!more || next->id <= merge.entry().id); ++next) {
            CATALOG_TRY_VOID(each(*next));
            last = next->id;
        }
        if (!more) return {};
        const IndexEntry& entry = merge.entry();
        if ((!all && entry.id == last) || !sealed->live.contains(entry.location.pack)) continue;
        last = entry.id;
        CATALOG_TRY_VOID(each(entry));
    }
}

ChunkIndexStats ChunkIndex::stats() const {
    ChunkIndexStats stats;
    const SealedPointer sealed = state_->look([&](const UnsealedTable& table, const SealedPart&) {
        stats.unsealed = table.size();
        stats.unsealed_bytes = table.bytes();
    });
    for (const RunPointer& run : sealed->runs) {
        ++stats.runs;
        stats.run_entries += run->size();
        stats.run_bytes += run->bytes().size();
    }
    stats.packs = sealed->live.count();
    return stats;
}

}  // namespace catalog::content
