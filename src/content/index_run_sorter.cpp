#include "index_run_sorter.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <optional>
#include <utility>

#include "index_format.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kSorterBytesMin = 4096;

// What a run and a table hold of one id, so that it does not matter in which order entries came.
bool stands_for(const ChunkLocation& one, const ChunkLocation& other) noexcept {
    return one.pack != other.pack ? one.pack > other.pack : one.offset < other.offset;
}

bool is_same_id(const std::byte* left, const std::byte* right) noexcept {
    return std::memcmp(left, right, ContentHash::kDigestBytes) == 0;
}

bool comes_before(const std::byte* left, const std::byte* right) noexcept {
    const int order = std::memcmp(left, right, ContentHash::kDigestBytes);
    if (order != 0) return order < 0;
    IndexEntry one;
    IndexEntry other;
    load_run_entry(left, one);
    load_run_entry(right, other);
    return stands_for(one.location, other.location);
}

tl::unexpected<Error> lost_to_an_error() {
    return fail(Errc::kFailedPrecondition, "index sorter has lost entries to an error");
}

Result<void> merge_sorted(std::span<const IndexRun* const> runs, IndexRunBuilder& builder) {
    RunMerge merge(runs);
    std::optional<IndexEntry> best;
    for (;;) {
        CATALOG_TRY(const bool more, merge.next());
        if (more && best && best->id == merge.entry().id) {
            if (stands_for(merge.entry().location, best->location)) best = merge.entry();
            continue;
        }
        if (best) CATALOG_TRY_VOID(builder.add(*best));
        if (!more) return {};
        best = merge.entry();
    }
}

}  // namespace

IndexRunSorter::IndexRunSorter(io::FileSystem& fs, std::string folder,
                               const IndexRunSorterOptions& options)
    : fs_(fs),
      folder_(std::move(folder)),
      options_(options),
      slots_max_(std::max(options.memory_bytes, kSorterBytesMin) / sizeof(Slot)) {
    static_assert(sizeof(Slot) == kRunEntryBytes);
}

IndexRunSorter::~IndexRunSorter() {
    for (Level& level : levels_) remove_files(level);
}

Result<void> IndexRunSorter::add(const IndexEntry& entry) {
    if (lost_) return lost_to_an_error();
    CATALOG_TRY_VOID(check_index_entry(entry));
    // Reserved as a whole: growing would take three times the memory for a moment.
    if (slots_.empty()) slots_.reserve(slots_max_);
    store_run_entry(slots_.emplace_back().data(), entry);
    return slots_.size() < slots_max_ ? Result<void>() : spill();
}

Result<void> IndexRunSorter::add_slots(IndexRunBuilder& builder) {
    std::ranges::sort(slots_, [](const Slot& left, const Slot& right) {
        return comes_before(left.data(), right.data());
    });
    IndexEntry entry;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (i > 0 && is_same_id(slots_[i].data(), slots_[i - 1].data())) continue;
        load_run_entry(slots_[i].data(), entry);
        CATALOG_TRY_VOID(builder.add(entry));
    }
    return {};
}

Result<void> IndexRunSorter::write_file(Level& to,
                                        const std::function<Result<void>(IndexRunBuilder&)>& fill) {
    IndexRunInfo info;
    info.number = ++files_;
    SortedFile sorted;
    sorted.path = io::join_path(folder_, "index-" + std::to_string(info.number) + ".tmp-0");
    if (options_.make_cipher) {
        CATALOG_TRY(sorted.cipher, options_.make_cipher(info));
    }
    CATALOG_TRY(auto file, fs_.open_write(sorted.path, io::OpenMode::kTruncate, 0600));
    // From here on the file is there and is to be removed.
    SortedFile& kept = to.emplace_back(std::move(sorted));
    IndexRunBuilder builder(
        info, [&file](ByteView bytes) { return file->append(bytes); }, kept.cipher.get());
    CATALOG_TRY_VOID(fill(builder));
    CATALOG_TRY_VOID(builder.finish());
    CATALOG_TRY_VOID(file->close());
    CATALOG_TRY(std::shared_ptr<io::MappedRegion> region, fs_.map(kept.path, 0, builder.bytes()));
    const ByteView bytes = region->bytes();
    CATALOG_TRY(kept.run, IndexRun::open(bytes, std::move(region), kept.cipher.get()));
    return {};
}

Result<void> IndexRunSorter::spill() {
    lost_ = true;
    if (levels_.empty()) levels_.emplace_back();
    CATALOG_TRY_VOID(write_file(levels_.front(),
                                [this](IndexRunBuilder& builder) { return add_slots(builder); }));
    slots_.clear();
    const std::size_t width = std::max<std::size_t>(2, options_.merge_width);
    for (std::size_t level = 0; levels_[level].size() >= width; ++level)
        CATALOG_TRY_VOID(merge_level(level));
    lost_ = false;
    return {};
}

Result<void> IndexRunSorter::merge_level(std::size_t level) {
    if (level + 1 == levels_.size()) levels_.emplace_back();
    std::vector<const IndexRun*> runs;
    for (const SortedFile& file : levels_[level]) runs.push_back(file.run.get());
    CATALOG_TRY_VOID(write_file(levels_[level + 1], [&runs](IndexRunBuilder& builder) {
        return merge_sorted(runs, builder);
    }));
    remove_files(levels_[level]);
    return {};
}

Result<void> IndexRunSorter::finish(IndexRunBuilder& builder) {
    if (lost_) return lost_to_an_error();
    if (levels_.empty()) {
        CATALOG_TRY_VOID(add_slots(builder));
        slots_.clear();
        return {};
    }
    if (!slots_.empty()) CATALOG_TRY_VOID(spill());
    // The memory of the buffer is for the merge now.
    std::vector<Slot>().swap(slots_);
    std::vector<const IndexRun*> runs;
    for (const Level& level : levels_)
        for (const SortedFile& file : level) runs.push_back(file.run.get());
    CATALOG_TRY_VOID(merge_sorted(runs, builder));
    for (Level& level : levels_) remove_files(level);
    levels_.clear();
    return {};
}

void IndexRunSorter::remove_files(Level& files) noexcept {
    for (SortedFile& file : files) {
        file.run.reset();
        // What stays behind has a temporary name.
        static_cast<void>(fs_.remove_file(file.path));
    }
    files.clear();
}

}  // namespace catalog::content
