#include "pack_index.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>

#include "page_cipher.hpp"

namespace catalog::content {
namespace {

using internal::MutexLock;

// An index that cannot be used costs a scan of the packs, not their chunks.
bool is_unusable(const Error& error) {
    return error.code() == Errc::kPackInvalid || error.code() == Errc::kContentCorrupted ||
           error.code() == Errc::kEndOfFile || error.code() == Errc::kFileNotFound ||
           error.code() == Errc::kFileKind || error.code() == Errc::kKeyNotFound ||
           error.code() == Errc::kUnsupported;
}

// Tells whether there is a mark of that number among `all`, which ascend.
template <class Mark, class Id>
bool is_marked(const std::vector<Mark>& all, Id number, Id Mark::* of) {
    const auto found = std::lower_bound(all.begin(), all.end(), number,
                                        [&](const Mark& mark, Id n) { return mark.*of < n; });
    return found != all.end() && (*found).*of == number;
}

// Kept as long as the run.
struct SealedRun {
    std::unique_ptr<io::MappedRegion> region;
    std::unique_ptr<PageCipher> cipher;
};

}  // namespace

PackIndex::PackIndex(PackFiles& files) : files_(files) {
    const auto& encryption = files.encryption();
    if (!encryption) return;
    page_cache_ = std::make_shared<IndexPageCache>();
    if (const auto key = encryption->keys.first())
        keyed_ = std::make_unique<const KeyedIds>((*key)->id_key());
}

Result<std::unique_ptr<PageCipher>> PackIndex::make_cipher(const IndexRunInfo& run) const {
    const auto& encryption = files_.encryption();
    if (!encryption) return nullptr;
    return make_page_cipher(encryption->keys, run, encryption->random);
}

// One of another store or place would lead nowhere: better to read the records than to follow it.
Result<PackIndex::RunPointer> PackIndex::open_run(std::unique_ptr<io::MappedRegion> region,
                                                  const IndexRunInfo& expected) const {
    const ByteView bytes = region->bytes();
    const auto sealed = std::make_shared<SealedRun>();
    sealed->region = std::move(region);
    const StoreEncryption* encryption = files_.encryption().get();
    if (encryption != nullptr && bytes.size() >= kIndexPageBytes) {
        const IndexPageView last(bytes.last<kIndexPageBytes>());
        CATALOG_TRY(sealed->cipher, open_page_cipher(encryption->keys, expected, last));
    }
    CATALOG_TRY(auto run, IndexRun::open(bytes, sealed, sealed->cipher.get(), page_cache_));
    if (run->info() != expected)
        return fail(Errc::kPackInvalid, "index run belongs to another store or place");
    return run;
}

void PackIndex::reset() {
    const MutexLock lock(mutex_);
    index_.reset();
    merge_waits_ = false;
}

std::shared_ptr<ChunkIndex> PackIndex::index() const {
    const MutexLock lock(mutex_);
    return index_;
}

Result<PackIndex::RunPointer> PackIndex::open_own(const PackMark& mark) const {
    CATALOG_TRY(auto region, files_.fs().map(files_.path_of(mark.pack), mark.index_offset,
                                             mark.bytes - mark.index_offset));
    return open_run(std::move(region),
                    {store_, RunOrigin::kPackFooter, static_cast<std::uint32_t>(mark.pack)});
}

Result<PackIndex::RunPointer> PackIndex::open_file(const RunMark& mark) const {
    CATALOG_TRY(auto region, files_.fs().map(files_.path_of(mark.run), 0, mark.bytes));
    return open_run(std::move(region),
                    {store_, RunOrigin::kFile, static_cast<std::uint32_t>(mark.run)});
}

Result<void> PackIndex::apply(const StoreId& store, const BackendMarks& marks) {
    const MutexLock lock(mutex_);
    if (!index_ || store_ != store) {
        store_ = store;
        index_ = std::make_shared<ChunkIndex>(store);
        packs_.clear();
        runs_.clear();
    }
    for (const PackMark& mark : marks.packs) CATALOG_TRY_VOID(index_->add_pack(mark.pack));
    CATALOG_TRY_VOID(apply_runs(marks));
    for (auto& [pack, known] : packs_)
        if (known.run != RunId{} && !is_marked(marks.runs, known.run, &RunMark::run))
            known = {0, nullptr, RunId{}, known.mark, known.own_damaged};
    for (const PackMark& mark : marks.packs) CATALOG_TRY_VOID(apply_pack(mark));
    drop_missing(marks);
    return {};
}

Result<void> PackIndex::apply_runs(const BackendMarks& marks) {
    for (const RunMark& mark : marks.runs) {
        last_run_ = std::max(last_run_, mark.run);
        if (const auto known = runs_.find(mark.run); known != runs_.end()) {
            // The number of one that was dropped may come again, its packs' never do.
            if (known->second.packs == mark.packs) continue;
            drop_run(known->second.run);
            runs_.erase(known);
        }
        const auto run = open_file(mark);
        if (!run) {
            if (is_unusable(run.error())) continue;
            return fail(run.error());
        }
        index_->add_run(*run);
        runs_[mark.run] = {*run, mark.packs};
        for (const PackId pack : mark.packs) {
            KnownPack& known = packs_[pack];
            known.run = mark.run;
            known.bytes = ~std::uint64_t{0};
            drop_run(known.own);
            known.own.reset();
        }
    }
    return {};
}

Result<void> PackIndex::apply_pack(const PackMark& mark) {
    KnownPack& known = packs_[mark.pack];
    known.mark = mark;
    if (mark.bytes <= known.bytes) return {};
    if (mark.index_offset != 0 && !known.own_damaged) {
        auto own = open_own(mark);
        if (own) {
            index_->seal_pack(mark.pack, *own);
            known.bytes = mark.bytes;
            known.own = std::move(*own);
            known.run = RunId{};
            return {};
        }
        if (!is_unusable(own.error())) return fail(own.error());
    }
    CATALOG_TRY_VOID(
        scan_pack_headers(mark, std::max<std::uint64_t>(known.bytes, kPackHeaderBytes)));
    known.bytes = mark.bytes;
    return {};
}

Result<void> PackIndex::scan_pack_headers(const PackMark& mark, std::uint64_t from) {
    const auto file = files_.open(mark.pack);
    if (!file) {
        // A pack under keys that are not here is not one without chunks.
        if (is_unusable(file.error()) && file.error().code() != Errc::kKeyNotFound) return {};
        return fail(file.error());
    }
    CATALOG_TRY(const auto info, file->file->info());
    const auto insert = [&](const IndexEntry& entry) CATALOG_REQUIRES(mutex_) {
        return index_->insert({id_of(entry.id), entry.location, entry.codec});
    };
    return scan_headers(reader_of(*file), info.size, mark, from, insert, file->seal.get());
}

// Whatever no mark names any more.
void PackIndex::drop_missing(const BackendMarks& marks) {
    std::erase_if(packs_, [&](const auto& entry) CATALOG_REQUIRES(mutex_) {
        if (is_marked(marks.packs, entry.first, &PackMark::pack)) return false;
        index_->retire_pack(entry.first);
        drop_run(entry.second.own);
        return true;
    });
    std::erase_if(runs_, [&](const auto& entry) CATALOG_REQUIRES(mutex_) {
        if (is_marked(marks.runs, entry.first, &RunMark::run)) return false;
        drop_run(entry.second.run);
        return true;
    });
}

void PackIndex::drop_run(const RunPointer& run) {
    // One that was merged is not there any more.
    if (run) (void)index_->replace_runs(std::span(&run, 1), nullptr);
}

Result<void> PackIndex::begin_pack(PackId pack) {
    const MutexLock lock(mutex_);
    return index_->add_pack(pack);
}

Result<void> PackIndex::pack_grew(const PackMark& mark) {
    const MutexLock lock(mutex_);
    KnownPack& known = packs_[mark.pack];
    known.mark = mark;
    known.bytes = std::max(known.bytes, mark.bytes);
    if (mark.index_offset == 0 || known.own) return {};
    CATALOG_TRY(known.own, open_own(mark));
    index_->seal_pack(mark.pack, known.own);
    return {};
}

// What stands instead of a damaged index comes before that goes: a read that fails in between would
// leave chunks that nobody finds, and a collection takes those.
Result<void> PackIndex::drop_damaged() {
    const MutexLock lock(mutex_);
    const auto is_damaged = [](const RunPointer& run) { return run && !run->verify(); };
    for (auto& [pack, known] : packs_) {
        if (!is_damaged(known.own)) continue;
        const RunPointer damaged = known.own;
        CATALOG_TRY_VOID(index_again(known, true));
        drop_run(damaged);
    }
    for (auto& [number, known_run] : runs_) {
        if (!is_damaged(known_run.run)) continue;
        for (auto& [pack, known] : packs_)
            if (known.run == number) CATALOG_TRY_VOID(index_again(known, known.own_damaged));
        drop_run(known_run.run);
        known_run.run.reset();  // The number stays, so that it is not opened again.
    }
    return {};
}

Result<void> PackIndex::index_again(KnownPack& known, bool own_damaged) {
    const KnownPack before = known;
    known = {0, nullptr, RunId{}, before.mark, own_damaged};
    auto done = apply_pack(before.mark);
    if (done) return done;
    known = before;
    index_->drop_from(before.mark.pack, 0);
    return done;
}

Result<void> PackIndex::check_run(const RunMark& mark) const {
    const MutexLock lock(mutex_);
    const auto run = open_file(mark);
    auto whole = run ? (*run)->verify() : fail(run.error());
    if (whole || !is_unusable(whole.error())) return whole;
    return fail(Errc::kPackInvalid, std::string(whole.error().message()));
}

void PackIndex::retire(PackId pack) {
    const MutexLock lock(mutex_);
    if (!index_) return;
    index_->retire_pack(pack);
    merge_waits_ = false;
    const auto known = packs_.find(pack);
    if (known == packs_.end()) return;
    drop_run(known->second.own);
    packs_.erase(known);
}

std::vector<RunId> PackIndex::take_dead_runs() {
    const MutexLock lock(mutex_);
    std::set<RunId> used;
    for (const auto& [pack, known] : packs_) used.insert(known.run);
    std::vector<RunId> dead;
    for (auto it = runs_.begin(); it != runs_.end();) {
        if (used.contains(it->first)) {
            ++it;
            continue;
        }
        dead.push_back(it->first);
        drop_run(it->second.run);
        it = runs_.erase(it);
    }
    return dead;
}

Result<std::uint64_t> PackIndex::write_merged(RunId number, const ChunkIndex& index,
                                              std::span<const RunPointer> runs,
                                              bool may_forget_copies) const {
    const std::string path = files_.path_of(number);
    CATALOG_TRY(auto file, files_.fs().open_write(path, io::OpenMode::kTruncate));
    std::vector<const IndexRun*> newest_first;
    for (const RunPointer& run : runs) newest_first.push_back(run.get());
    const IndexRunInfo info{runs.front()->info().store, RunOrigin::kFile,
                            static_cast<std::uint32_t>(number)};
    CATALOG_TRY(const auto cipher, make_cipher(info));
    IndexRunBuilder builder(
        info, [&](ByteView bytes) { return file->append(bytes); }, cipher.get());
    bool forgets = false;
    std::optional<ChunkId> last;
    const auto keep = [&, is_live = index.keep_live()](const IndexEntry& entry) {
        if (!is_live(entry)) return false;
        forgets = forgets || entry.id == last;
        last = entry.id;
        return true;
    };
    auto written = merge_runs(newest_first, keep, builder);
    if (written && forgets && !may_forget_copies) {
        CATALOG_TRY_VOID(files_.remove(number));
        return 0;
    }
    if (written) written = builder.finish();
    if (written) written = file->sync();
    if (written) written = file->close();
    if (written) written = files_.fs().sync_directory(files_.directory());
    if (!written) {
        // Best effort: what stays behind is unknown to the store and goes with the next recovery.
        (void)files_.remove(number);
        return fail(written.error());
    }
    return builder.bytes();
}

Result<std::optional<PackIndex::Merge>> PackIndex::merge_when_due(bool may_forget_copies) {
    std::shared_ptr<ChunkIndex> index;
    Merge merge;
    {
        const MutexLock lock(mutex_);
        if (!index_ || merge_waits_) return std::nullopt;
        merge.merged = index_->choose_merge();
        if (merge.merged.empty()) return std::nullopt;
        index = index_;
        last_run_ = RunId{static_cast<std::uint32_t>(last_run_) + 1};
        merge.mark.run = last_run_;
    }
    CATALOG_TRY(merge.mark.bytes,
                write_merged(merge.mark.run, *index, merge.merged, may_forget_copies));
    const MutexLock lock(mutex_);
    if (merge.mark.bytes == 0) {
        merge_waits_ = true;
        return std::nullopt;
    }
    CATALOG_TRY(auto run, open_file(merge.mark));
    CATALOG_TRY_VOID(index->replace_runs(merge.merged, run));
    const auto was_merged = [&](const RunPointer& each) {
        return each &&
               std::find(merge.merged.begin(), merge.merged.end(), each) != merge.merged.end();
    };
    for (auto it = runs_.begin(); it != runs_.end();) {
        if (!was_merged(it->second.run)) {
            ++it;
            continue;
        }
        merge.removed.push_back(it->first);
        it = runs_.erase(it);
    }
    for (auto& [pack, known] : packs_) {
        const bool covered =
            was_merged(known.own) ||
            std::find(merge.removed.begin(), merge.removed.end(), known.run) != merge.removed.end();
        if (!covered) continue;
        known.own.reset();
        known.run = merge.mark.run;
        merge.mark.packs.push_back(pack);
    }
    runs_[merge.mark.run] = {std::move(run), merge.mark.packs};
    return merge;
}

}  // namespace catalog::content
