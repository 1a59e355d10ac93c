#include <algorithm>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>
#include <map>
#include <unordered_map>
#include <utility>

#include "content_core.hpp"

namespace catalog::content {
namespace {

using internal::Mutex;
using internal::MutexLock;

constexpr std::size_t kIndexSlice = 4096;
constexpr std::size_t kObjectSlice = 256;

// Number of a damage in the report; kBeyondReport for one that found no room there.
using DamageIndex = std::size_t;
constexpr DamageIndex kBeyondReport = ~std::size_t{0};

// Collects what the threads of a verification find.
class DamageReport {
public:
    DamageIndex add(std::string where, std::string what) {
        const MutexLock lock(mutex_);
        if (report_.damages.size() == kDamagesMax) {
            report_.truncated = true;
            return kBeyondReport;
        }
        report_.damages.push_back({std::move(where), std::move(what), {}});
        return report_.damages.size() - 1;
    }
    void add_object(DamageIndex damage, const ContentHash& object) {
        if (damage == kBeyondReport) return;
        const MutexLock lock(mutex_);
        report_.damages[damage].objects.push_back(object);
    }
    void count(std::uint64_t objects, std::uint64_t chunks, std::uint64_t bytes) {
        const MutexLock lock(mutex_);
        report_.objects += objects;
        report_.chunks += chunks;
        report_.bytes += bytes;
    }
    VerifyReport finish() {
        const MutexLock lock(mutex_);
        for (Damage& damage : report_.damages) {
            auto& objects = damage.objects;
            std::sort(objects.begin(), objects.end());
            objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
        }
        return std::move(report_);
    }

private:
    Mutex mutex_;
    VerifyReport report_ CATALOG_GUARDED_BY(mutex_);
};

// A progress sink may be called by one thread at a time.
class PhaseProgress {
public:
    PhaseProgress(const CallContext& context, std::string_view phase, std::string_view unit,
                  std::uint64_t total)
        : context_(context), update_{"verify", phase, unit, 0, total} {}

    void advance(std::uint64_t by) {
        const MutexLock lock(mutex_);
        update_.done += by;
        context_.report(update_);
    }

private:
    Mutex mutex_;
    const CallContext& context_;
    ProgressUpdate update_ CATALOG_GUARDED_BY(mutex_);
};

// Stretches of packs that cannot be read.
class DamagedRanges {
public:
    void add(PackId pack, std::uint64_t offset, std::uint64_t bytes, DamageIndex damage) {
        const MutexLock lock(mutex_);
        ranges_[{pack, offset}] = {bytes, damage};
    }
    // Returns the damage that covers the location, or nullptr.
    const DamageIndex* find(const ChunkLocation& location) const {
        const MutexLock lock(mutex_);
        auto after = ranges_.upper_bound({location.pack, location.offset});
        if (after == ranges_.begin()) return nullptr;
        const auto& [begin, range] = *--after;
        const bool covers =
            begin.first == location.pack && location.offset - begin.second < range.bytes;
        return covers ? &range.damage : nullptr;
    }

private:
    struct Range {
        std::uint64_t bytes = 0;
        DamageIndex damage = 0;
    };
    mutable Mutex mutex_;
    std::map<std::pair<PackId, std::uint64_t>, Range> ranges_ CATALOG_GUARDED_BY(mutex_);
};

class Verification {
public:
    Verification(const ContentCore& core, VerifyDepth depth, const CallContext& context)
        : core_(core), full_(depth == VerifyDepth::kFull), context_(context) {}

    Result<VerifyReport> run() {
        snapshot_ = core_.options.store->snapshot();
        CATALOG_TRY_VOID(check_packs());
        CATALOG_TRY_VOID(check_index());
        CATALOG_TRY_VOID(check_objects());
        CATALOG_TRY_VOID(check_references());
        return report_.finish();
    }

private:
    class PackCheck;
    /// What the look at a pack's header and length told, so that its scan does not tell it again.
    struct KnownDamage {
        std::string where;
        DamageIndex index = kBeyondReport;
    };
    struct ObjectEntry {
        ContentHash id;
        std::string value;
    };

    /// Tells whether it was collected since this began.
    Result<bool> is_gone(PackId pack) const;
    Result<bool> is_gone(const ContentHash& object) const;
    Result<void> check_context() const { return context_.check(*core_.options.clock); }
    Result<void> check_packs();
    Result<void> check_pack(const PackMark& mark, PhaseProgress& progress);
    Result<void> check_index();
    Result<void> check_entry(const IndexEntry& entry);
    void add_bad_chunk(const ChunkId& id, DamageIndex damage);
    Result<void> check_objects();
    Result<void> check_object(const ObjectEntry& entry);
    Result<void> check_references();
    Result<void> check_reference(std::string_view key);

    const ContentCore& core_;
    const bool full_;
    const CallContext& context_;
    std::shared_ptr<const kv::Snapshot> snapshot_;
    StoreId store_{};
    ReaderPool readers_{core_};
    DamageReport report_;
    DamagedRanges ranges_;
    Mutex mutex_;
    std::unordered_map<ChunkId, DamageIndex> bad_chunks_ CATALOG_GUARDED_BY(mutex_);
    /// Index entries that lead nowhere, one damage a pack: a pack may be lost with all its chunks.
    std::map<PackId, DamageIndex> bad_entries_ CATALOG_GUARDED_BY(mutex_);
};

// Decodes and hashes every record of a pack.
class Verification::PackCheck final : public PackVisitor {
public:
    PackCheck(Verification& run, PhaseProgress& progress, KnownDamage known)
        : run_(run),
          progress_(progress),
          known_(std::move(known)),
          decoder_(*run.core_.backend, run.core_.bases) {}

    Result<void> record(const ChunkLocation& location, const RecordHeader& header,
                        ByteView payload) override {
        CATALOG_TRY_VOID(run_.check_context());
        const std::uint64_t bytes = run_.core_.backend->bytes_of(header.stored_bytes);
        progress_.advance(bytes);
        const auto plain = decoder_.decode({header, payload}, plain_);
        if (plain) return {};
        if (plain.error().code() != Errc::kContentCorrupted) return fail(plain.error());
        return damage(location.pack, location.offset, bytes, plain.error().to_string());
    }

    Result<void> damage(PackId pack, std::uint64_t offset, std::uint64_t bytes,
                        const std::string& what) override {
        CATALOG_TRY(const bool gone, run_.is_gone(pack));
        if (gone) return run_.check_context();
        std::string where = place_of({pack, offset, 0, 0});
        const DamageIndex index =
            where == known_.where
                ? known_.index
                : run_.report_.add(std::move(where),
                                   what + " (" + std::to_string(bytes) + " bytes)");
        run_.ranges_.add(pack, offset, bytes, index);
        return run_.check_context();
    }

private:
    Verification& run_;
    PhaseProgress& progress_;
    KnownDamage known_;
    ChunkDecoder decoder_;
    Bytes plain_;
};

Result<bool> Verification::is_gone(PackId pack) const {
    CATALOG_TRY(const auto mark,
                core_.options.store->get(core_.options.families.packs, pack_key(pack)));
    return !mark.has_value();
}

Result<bool> Verification::is_gone(const ContentHash& object) const {
    const auto record = core_.find_object(object);
    return !record && record.error().code() == Errc::kContentNotFound;
}

Result<void> Verification::check_packs() {
    CATALOG_TRY(const BackendMarks committed, core_.marks(*snapshot_));
    const std::vector<PackMark>& marks = committed.packs;
    // A follower may have been opened before the store had a format.
    CATALOG_TRY(const auto format, snapshot_->get(core_.options.families.packs, format_key()));
    store_ = core_.format.store;
    if (format) {
        CATALOG_TRY(const FormatRecord stored, decode_format(*format));
        store_ = stored.store;
    }
    std::uint64_t total = 0;
    for (const PackMark& mark : marks) total += mark.bytes;
    PhaseProgress progress(context_, "packs", "bytes", full_ ? total : marks.size());
    return parallel_for(*core_.options.executor, marks.size(),
                        [&](std::size_t i) { return check_pack(marks[i], progress); });
}

Result<void> Verification::check_pack(const PackMark& mark, PhaseProgress& progress) {
    CATALOG_TRY_VOID(check_context());
    const auto header = core_.backend->inspect(mark);
    KnownDamage known;
    if (!header) {
        if (header.error().code() != Errc::kContentCorrupted) return fail(header.error());
        CATALOG_TRY(const bool gone, is_gone(mark.pack));
        if (gone) return {};
        known.where = header.error().input();
        known.index = report_.add(known.where, std::string(header.error().message()));
    } else if (header->store != store_) {
        report_.add(pack_file_name(mark.pack) + " at 0", "pack belongs to another store");
    }
    if (!full_) {
        progress.advance(1);
        return {};
    }
    PackCheck check(*this, progress, std::move(known));
    progress.advance(kPackHeaderBytes);
    CATALOG_TRY_VOID(core_.backend->scan(mark, check));
    report_.count(0, 0, mark.bytes);
    return {};
}

Result<void> Verification::check_index() {
    PhaseProgress progress(context_, "index", "chunks", 0);
    std::vector<IndexEntry> slice;
    const auto check_slice = [&]() -> Result<void> {
        CATALOG_TRY_VOID(check_context());
        CATALOG_TRY_VOID(parallel_for(*core_.options.executor, slice.size(),
                                      [&](std::size_t i) { return check_entry(slice[i]); }));
        report_.count(0, slice.size(), 0);
        progress.advance(slice.size());
        slice.clear();
        return {};
    };
    const auto walked = core_.backend->for_each([&](const IndexEntry& entry) -> Result<void> {
        slice.push_back(entry);
        return slice.size() == kIndexSlice ? check_slice() : Result<void>();
    });
    if (!walked) {
        if (walked.error().code() != Errc::kPackInvalid) return walked;
        report_.add("chunk index", std::string(walked.error().message()));
    }
    return check_slice();
}

Result<void> Verification::check_entry(const IndexEntry& entry) {
    if (const DamageIndex* damage = ranges_.find(entry.location)) {
        add_bad_chunk(entry.id, *damage);
        return {};
    }
    const auto header = core_.backend->peek(entry.location);
    if (header && core_.backend->index_id(header->id) == entry.id) return {};
    if (!header && header.error().code() != Errc::kContentCorrupted) return fail(header.error());
    // What was collected meanwhile is not needed, or stands elsewhere.
    CATALOG_TRY(const bool gone, is_gone(entry.location.pack));
    if (gone) return {};
    const std::string what =
        header ? "another chunk is where the index says" : std::string(header.error().message());
    DamageIndex damage = kBeyondReport;
    {
        const MutexLock lock(mutex_);
        const auto [found, added] = bad_entries_.try_emplace(entry.location.pack, kBeyondReport);
        if (added)
            found->second = report_.add(place_of(entry.location),
                                        what + "; the first of the index entries that are wrong");
        damage = found->second;
    }
    add_bad_chunk(entry.id, damage);
    return {};
}

void Verification::add_bad_chunk(const ChunkId& id, DamageIndex damage) {
    const MutexLock lock(mutex_);
    bad_chunks_.try_emplace(id, damage);
}

Result<void> Verification::check_objects() {
    PhaseProgress progress(context_, "objects", "objects", 0);
    std::vector<ObjectEntry> slice;
    const auto check_slice = [&]() -> Result<void> {
        CATALOG_TRY_VOID(check_context());
        CATALOG_TRY_VOID(parallel_for(*core_.options.executor, slice.size(),
                                      [&](std::size_t i) { return check_object(slice[i]); }));
        report_.count(slice.size(), 0, 0);
        progress.advance(slice.size());
        slice.clear();
        return {};
    };
    CATALOG_TRY_VOID(for_each_object(
        core_, *snapshot_, [&](const ContentHash& id, std::string_view value) -> Result<void> {
            slice.push_back({id, std::string(value)});
            return slice.size() == kObjectSlice ? check_slice() : Result<void>();
        }));
    return check_slice();
}

Result<void> Verification::check_object(const ObjectEntry& entry) {
    const std::string where = "object " + entry.id.to_string();
    const auto record = decode_object(entry.id, entry.value);
    if (!record) {
        report_.add_object(report_.add(where, std::string(record.error().message())), entry.id);
        return {};
    }
    bool hurt = false;
    for (const ChunkRef& chunk : record->chunks) {
        {
            const MutexLock lock(mutex_);
            if (const auto bad = bad_chunks_.find(core_.backend->index_id(chunk.id));
                bad != bad_chunks_.end()) {
                report_.add_object(bad->second, entry.id);
                hurt = true;
                continue;
            }
        }
        CATALOG_TRY(const auto known, core_.find_chunk(chunk.id));
        if (known) continue;
        CATALOG_TRY(const bool gone, is_gone(entry.id));
        if (gone) return {};
        report_.add_object(
            report_.add(where, "chunk " + chunk.id.to_string() + " is not in the index"), entry.id);
        hurt = true;
    }
    if (hurt || !full_) return {};
    auto reader = readers_.take();
    const auto read =
        read_object(*reader, entry.id, *record, [&](ByteView) { return check_context(); });
    readers_.give_back(std::move(reader));
    if (read || read.error().code() == Errc::kContentNotFound) return {};
    if (read.error().code() != Errc::kContentCorrupted) return fail(read.error());
    report_.add_object(report_.add(where, read.error().to_string()), entry.id);
    return {};
}

Result<void> Verification::check_references() {
    const auto references = snapshot_->iterate(core_.options.families.references);
    for (references->seek({}); references->valid(); references->next()) {
        CATALOG_TRY_VOID(check_context());
        CATALOG_TRY_VOID(check_reference(references->key()));
    }
    return references->status();
}

Result<void> Verification::check_reference(std::string_view key) {
    const ContentFamilies& families = core_.options.families;
    const auto reference = decode_reference_key(key);
    if (!reference) {
        report_.add("reference", std::string(reference.error().message()));
        return {};
    }
    const std::string by_owner = owner_key(reference->owner, reference->object);
    const std::string by_object = referrer_key(reference->object, reference->owner);
    const bool is_owner_key = key == by_owner;
    CATALOG_TRY(const auto other,
                snapshot_->get(families.references, is_owner_key ? by_object : by_owner));
    if (!other)
        report_.add_object(report_.add("reference", "only one half of the reference of '" +
                                                        reference->owner + "' is there"),
                           reference->object);
    if (is_owner_key) return {};
    CATALOG_TRY(const auto object, snapshot_->get(families.objects, hash_key(reference->object)));
    if (!object)
        report_.add_object(report_.add("reference", "'" + reference->owner +
                                                        "' needs an object that is not there"),
                           reference->object);
    return {};
}

}  // namespace

Result<VerifyReport> verify_content(const ContentCore& core, VerifyDepth depth,
                                    const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*core.options.clock));
    return Verification(core, depth, context).run();
}

}  // namespace catalog::content
