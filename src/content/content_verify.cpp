#include <algorithm>
#include <catalog/internal/mutex.hpp>
#include <catalog/internal/try.hpp>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "catalog/content/compressor.hpp"
#include "check_findings.hpp"
#include "live_objects.hpp"

namespace catalog::content {
namespace {

using internal::Mutex;
using internal::MutexLock;

constexpr std::size_t kIndexSlice = 4096;
constexpr std::size_t kObjectSlice = 256;
constexpr int kLooksPerChunkMax = 8;  // Of a chunk while it is looked at.

// Tells references apart, but for an accident.
std::uint64_t mixed(const Reference& reference) {
    std::uint64_t mix = std::hash<std::string_view>()(reference.owner);
    for (std::size_t at = 0; at < ContentHash::kDigestBytes; at += sizeof(std::uint64_t)) {
        mix = (mix ^ load_le<std::uint64_t>(reference.object.digest.data() + at)) *
              0x9e3779b97f4a7c15u;
        mix ^= mix >> 29;
    }
    return mix + static_cast<std::uint64_t>(reference.object.algorithm);
}

class Verification {
public:
    Verification(const ContentCore& core, const VerifyOptions& options, const CallContext& context)
        : core_(core), options_(options), context_(context) {}

    Result<CheckFindings> run() {
        snapshot_ = core_.options.store->snapshot();
        CATALOG_TRY(committed_, core_.marks(*snapshot_));
        report_.reach(PackId{options_.resume_after});
        CATALOG_TRY_VOID(check_packs());
        if (reads_packs()) CATALOG_TRY_VOID(check_runs());
        if (options_.depth == VerifyDepth::kFull) CATALOG_TRY_VOID(check_chunks());
        CATALOG_TRY_VOID(check_index());
        CATALOG_TRY_VOID(check_objects());
        CATALOG_TRY_VOID(check_references());
        CATALOG_TRY_VOID(check_lists());
        return findings();
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
    bool reads_packs() const { return options_.depth != VerifyDepth::kQuick; }
    bool was_checked(PackId pack) const {
        return static_cast<std::uint32_t>(pack) <= options_.resume_after;
    }
    bool is_doubtful(PackId pack) const {
        const MutexLock lock(mutex_);
        return doubtful_.contains(pack);
    }
    CheckFindings findings();
    Result<void> check_packs();
    Result<void> check_pack(const PackMark& mark, PhaseProgress& progress);
    Result<void> check_dictionary(PackId pack);
    Result<void> check_chunks();
    Result<void> check_runs();
    Result<void> check_index();
    Result<void> check_entry(const IndexEntry& entry);
    Result<std::string> fault_of(const ChunkId& id, const ChunkLocation& location) const;
    Result<std::string> fault_of(const ChunkRef& chunk, std::optional<IndexEntry> known) const;
    Result<void> check_objects();
    Result<void> check_object(const ObjectEntry& entry);
    Result<void> check_references();
    Result<void> check_each_reference();
    Result<void> check_reference(std::string_view key);
    Result<void> check_lists();
    Result<void> check_list(ChunkReader& reader, const Reference& reference);

    const ContentCore& core_;
    const VerifyOptions& options_;
    const CallContext& context_;
    std::shared_ptr<const kv::Snapshot> snapshot_;
    BackendMarks committed_;
    StoreId store_{};
    DamageReport report_;
    std::unique_ptr<CheckedPacks> packs_ = std::make_unique<CheckedPacks>();
    bool index_damaged_ = false;
    bool references_damaged_ = false;
    mutable Mutex mutex_;
    /// Packs that are missing, short, or do not say whose they are.
    std::set<PackId> doubtful_ CATALOG_GUARDED_BY(mutex_);
    std::set<PackId> foreign_ CATALOG_GUARDED_BY(mutex_);  ///< That say they are another store's.
    /// Index entries that lead nowhere, one damage a pack: a pack may be lost with all its chunks.
    std::map<PackId, DamageIndex> bad_entries_ CATALOG_GUARDED_BY(mutex_);
    /// Packs whose dictionary nobody has; for a check that does not read them.
    std::map<PackId, DamageIndex> without_dictionary_ CATALOG_GUARDED_BY(mutex_);
};

// Notes every record of a pack, and what is no record.
class Verification::PackCheck final : public PackVisitor {
public:
    PackCheck(Verification& run, PhaseProgress& progress, KnownDamage known, CheckRecords* records)
        : run_(run), progress_(progress), known_(std::move(known)), records_(records) {}

    Result<void> record(const ChunkLocation& location, const RecordHeader& header,
                        ByteView payload) override {
        CATALOG_TRY_VOID(run_.check_context());
        const StorageBackend& backend = *run_.core_.backend;
        const std::uint64_t bytes = backend.bytes_of(header.stored_bytes);
        if (header.codec == Codec::kZstdDictionary)
            CATALOG_TRY_VOID(check_dictionary(location, payload, bytes));
        progress_.advance(bytes);
        records_->add(backend.index_id(header.id), location, bytes);
        return {};
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
        run_.packs_->damaged.add(pack, offset, bytes, index);
        return run_.check_context();
    }

private:
    // Records whose dictionary nobody has are damaged together.
    Result<void> check_dictionary(const ChunkLocation& location, ByteView payload,
                                  std::uint64_t bytes) {
        const auto number = dictionary_number(payload);
        const auto found =
            number ? run_.core_.backend->dictionary(location.pack, *number) : fail(number.error());
        if (found) return {};
        if (found.error().code() != Errc::kContentCorrupted &&
            found.error().code() != Errc::kDecompression)
            return fail(found.error());
        CATALOG_TRY(const bool gone, run_.is_gone(location.pack));
        if (gone) return {};
        if (!without_dictionary_)
            without_dictionary_ =
                run_.report_.add(place_of(location), std::string(found.error().message()) +
                                                         "; the first record that needs it");
        run_.packs_->damaged.add(location.pack, location.offset, bytes, *without_dictionary_);
        return {};
    }

    Verification& run_;
    PhaseProgress& progress_;
    KnownDamage known_;
    CheckRecords* records_;
    std::optional<DamageIndex> without_dictionary_;
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

CheckFindings Verification::findings() {
    CheckFindings found;
    const MutexLock lock(mutex_);
    found.damaged_packs = packs_->damaged.packs();
    found.damaged_packs.insert(doubtful_.begin(), doubtful_.end());
    found.damaged_packs.insert(foreign_.begin(), foreign_.end());
    for (const auto& [pack, damage] : bad_entries_) found.damaged_packs.insert(pack);
    found.index_damaged = index_damaged_ || !bad_entries_.empty();
    found.references_damaged = references_damaged_;
    found.hurt = report_.hurt();
    found.report = report_.finish();
    found.packs = std::move(packs_);
    return found;
}

Result<void> Verification::check_packs() {
    // A follower may have been opened before the store had a format.
    CATALOG_TRY(const auto format, snapshot_->get(core_.options.families.packs, format_key()));
    store_ = core_.format.store;
    if (format) {
        CATALOG_TRY(const FormatRecord stored, decode_format(*format));
        store_ = stored.store;
    }
    std::vector<PackMark> marks;
    std::uint64_t total = 0;
    for (const PackMark& mark : committed_.packs) {
        if (reads_packs() && was_checked(mark.pack)) continue;
        marks.push_back(mark);
        total += mark.bytes;
        if (reads_packs()) packs_->records[mark.pack];
    }
    PhaseProgress progress(context_, "packs", reads_packs() ? "bytes" : "packs",
                           reads_packs() ? total : marks.size());
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
        if (!gone) {
            known.where = header.error().input();
            known.index = report_.add(known.where, std::string(header.error().message()));
            const MutexLock lock(mutex_);
            doubtful_.insert(mark.pack);
        }
    } else if (header->store != store_) {
        report_.add(pack_file_name(mark.pack) + " at 0", "pack belongs to another store");
        const MutexLock lock(mutex_);
        foreign_.insert(mark.pack);
    }
    if (!reads_packs()) {
        progress.advance(1);
        return header ? check_dictionary(mark.pack) : Result<void>();
    }
    CheckRecords& records = packs_->records.at(mark.pack);
    PackCheck check(*this, progress, std::move(known), &records);
    progress.advance(kPackHeaderBytes);
    CATALOG_TRY_VOID(core_.backend->scan(mark, check));
    records.seal();
    report_.count(0, 0, mark.bytes);
    return {};
}

// That of a pack can be had, from another pack perhaps; without it the chunks that need it cannot.
Result<void> Verification::check_dictionary(PackId pack) {
    const auto own = core_.backend->dictionary_of(pack);
    Result<void> had = own ? Result<void>() : fail(own.error());
    if (own && *own)
        if (const auto found = core_.backend->dictionary(pack, (*own)->number); !found)
            had = fail(found.error());
    if (had) return {};
    if (had.error().code() != Errc::kContentCorrupted) return had;
    CATALOG_TRY(const bool gone, is_gone(pack));
    if (gone) return {};
    const DamageIndex damage =
        report_.add(std::string(had.error().input()), std::string(had.error().message()));
    const MutexLock lock(mutex_);
    without_dictionary_[pack] = damage;
    return {};
}

Result<void> Verification::check_chunks() {
    std::uint64_t total = 0;
    for (const auto& [pack, records] : packs_->records) total += records.bytes();
    PhaseProgress progress(context_, "chunks", "bytes", total);
    CheckDecode decode(core_, *snapshot_, *packs_, report_, progress, context_);
    return decode.run([&](PackId pack) -> Result<void> {
        report_.reach(pack);
        return options_.reached ? options_.reached(report_.so_far()) : Result<void>();
    });
}

// Index files are copies: a damaged one hides nothing once it is out of the way.
Result<void> Verification::check_runs() {
    for (const RunMark& mark : committed_.runs) {
        CATALOG_TRY_VOID(check_context());
        const auto whole = core_.backend->check_run(mark);
        if (whole) continue;
        if (whole.error().code() != Errc::kPackInvalid) return fail(whole.error());
        CATALOG_TRY(const auto named,
                    core_.options.store->get(core_.options.families.packs, run_key(mark.run)));
        if (!named) continue;  // It was merged meanwhile.
        index_damaged_ = true;
        report_.add(run_file_name(mark.run),
                    std::string(whole.error().message()) + "; no content is hurt");
    }
    // What an index that is damaged says of other records is no damage to these.
    return report_.empty() ? Result<void>() : core_.backend->drop_damaged_indexes();
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
    auto walked = core_.backend->for_each([&](const IndexEntry& entry) -> Result<void> {
        slice.push_back(entry);
        return slice.size() == kIndexSlice ? check_slice() : Result<void>();
    });
    if (!walked) {
        if (walked.error().code() != Errc::kPackInvalid) return walked;
        index_damaged_ = true;
        report_.add("chunk index", std::string(walked.error().message()));
    }
    return check_slice();
}

Result<void> Verification::check_entry(const IndexEntry& entry) {
    if (const auto damage = packs_->damaged.find(entry.location)) {
        packs_->bad_chunks.add(entry.id, *damage);
        return {};
    }
    if (entry.codec == Codec::kZstdDictionary) {
        const MutexLock lock(mutex_);
        if (const auto found = without_dictionary_.find(entry.location.pack);
            found != without_dictionary_.end()) {
            packs_->bad_chunks.add(entry.id, found->second);
            return {};
        }
    }
    CATALOG_TRY(const std::string fault, fault_of(entry.id, entry.location));
    if (fault.empty()) return {};
    // What was collected meanwhile is not needed, or stands elsewhere.
    CATALOG_TRY(const bool gone, is_gone(entry.location.pack));
    if (gone) return {};
    DamageIndex damage = kBeyondReport;
    {
        const MutexLock lock(mutex_);
        const auto [found, added] = bad_entries_.try_emplace(entry.location.pack, kBeyondReport);
        if (added)
            found->second = report_.add(place_of(entry.location),
                                        fault + "; the first of the index entries that are wrong");
        damage = found->second;
    }
    packs_->bad_chunks.add(entry.id, damage);
    return {};
}

// Returns what is wrong with what the index says of a chunk, whose name there is `id`, or nothing.
Result<std::string> Verification::fault_of(const ChunkId& id, const ChunkLocation& location) const {
    if (const auto pack = packs_->records.find(location.pack);
        pack != packs_->records.end() && pack->second.find(id, location))
        return std::string();
    if (reads_packs() && was_checked(location.pack)) return std::string();
    if (!reads_packs() && !is_doubtful(location.pack)) {
        const auto mark =
            std::lower_bound(committed_.packs.begin(), committed_.packs.end(), location.pack,
                             [](const PackMark& each, PackId pack) { return each.pack < pack; });
        const bool is_inside =
            mark != committed_.packs.end() && mark->pack == location.pack &&
            location.offset >= kPackHeaderBytes && location.offset < mark->bytes &&
            core_.backend->bytes_of(location.stored_bytes) <= mark->bytes - location.offset;
        if (is_inside) return std::string();
    }
    // It may have come after the packs were looked at.
    const auto header = core_.backend->peek(location);
    if (header && core_.backend->index_id(header->id) == id) return std::string();
    if (header) return std::string("another chunk is where the index says");
    if (header.error().code() != Errc::kContentCorrupted) return fail(header.error());
    return std::string(header.error().message());
}

// Returns what is wrong with a chunk that an object needs, or nothing. Since `known` was found it
// may have been moved by a collection, and again since then.
Result<std::string> Verification::fault_of(const ChunkRef& chunk,
                                           std::optional<IndexEntry> known) const {
    const ChunkId id = core_.backend->index_id(chunk.id);
    for (int moves = 0;; ++moves) {
        if (!known) return std::string("is not in the index");
        if (known->location.plain_bytes != chunk.bytes) return std::string("has another length");
        // What a search finds may differ from what a walk of a damaged index does.
        CATALOG_TRY(std::string fault, fault_of(id, known->location));
        if (fault.empty() || moves == kLooksPerChunkMax) return fault;
        CATALOG_TRY(const bool gone, is_gone(known->location.pack));
        if (!gone) return fault;
        CATALOG_TRY(known, core_.find_chunk(chunk.id));
    }
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
    for (const ChunkRef& chunk : record->chunks) {
        if (const auto bad = packs_->bad_chunks.find(core_.backend->index_id(chunk.id))) {
            report_.add_object(*bad, entry.id);
            continue;
        }
        CATALOG_TRY(const auto known, core_.find_chunk(chunk.id));
        if (const auto bad = known ? packs_->damaged.find(known->location) : std::nullopt) {
            report_.add_object(*bad, entry.id);
            continue;
        }
        CATALOG_TRY(const std::string fault, fault_of(chunk, known));
        if (fault.empty()) continue;
        CATALOG_TRY(const bool gone, is_gone(entry.id));
        if (gone) return {};
        report_.add_object(report_.add(where, "chunk " + chunk.id.to_string() + ": " + fault),
                           entry.id);
    }
    return {};
}

// Every reference stands under two keys. Sums over both kinds are equal unless one of a pair is
// missing, and objects and references are both in order of ids: two walks tell that all is well.
// When it is not, each reference is looked up.
Result<void> Verification::check_references() {
    const auto references = snapshot_->iterate(core_.options.families.references);
    const auto objects = snapshot_->iterate(core_.options.families.objects);
    const char by_object = referrer_prefix(ContentHash()).front();
    std::uint64_t difference = 0;
    objects->seek({});
    for (references->seek({}); references->valid(); references->next()) {
        CATALOG_TRY_VOID(check_context());
        const auto reference = decode_reference_key(references->key());
        if (!reference) return check_each_reference();
        if (reference->list) continue;
        if (references->key().front() != by_object) {
            difference -= mixed(*reference);
            continue;
        }
        difference += mixed(*reference);
        const std::string key = hash_key(reference->object);
        while (objects->valid() && objects->key() < key) objects->next();
        if (!objects->valid() || objects->key() != key) return check_each_reference();
    }
    CATALOG_TRY_VOID(references->status());
    CATALOG_TRY_VOID(objects->status());
    return difference == 0 ? Result<void>() : check_each_reference();
}

Result<void> Verification::check_each_reference() {
    references_damaged_ = true;
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
    if (reference->list) return {};
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

Result<void> Verification::check_lists() {
    ChunkReader reader(core_);
    const auto lists = snapshot_->iterate(core_.options.families.references);
    for (lists->seek(lists_prefix()); lists->valid(); lists->next()) {
        if (!lists->key().starts_with(lists_prefix())) break;
        CATALOG_TRY_VOID(check_context());
        // Keys that are none were told of among the references.
        const auto reference = decode_reference_key(lists->key());
        if (reference) CATALOG_TRY_VOID(check_list(reader, *reference));
    }
    return lists->status();
}

Result<void> Verification::check_list(ChunkReader& reader, const Reference& reference) {
    const ContentFamilies& families = core_.options.families;
    const std::string list = "list " + reference.object.to_string();
    CATALOG_TRY(const auto record, snapshot_->get(families.objects, hash_key(reference.object)));
    if (!record) {
        report_.add_object(
            report_.add("reference", "'" + reference.owner + "' needs a list that is not there"),
            reference.object);
        return {};
    }
    const auto read = read_list(
        core_, reader, reference.object, *record, [&](const ContentHash& id) -> Result<void> {
            CATALOG_TRY(const auto object, snapshot_->get(families.objects, hash_key(id)));
            if (!object)
                report_.add_object(report_.add(list, "names an object that is not there"), id);
            return {};
        });
    if (read) return {};
    CATALOG_TRY(const bool gone, is_gone(reference.object));
    if (!gone && read.error().code() != Errc::kContentCorrupted) return read;
    if (!gone) report_.add_object(report_.add(list, read.error().to_string()), reference.object);
    return {};
}

}  // namespace

Result<CheckFindings> find_damage(const ContentCore& core, const VerifyOptions& options,
                                  const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*core.options.clock));
    return Verification(core, options, context).run();
}

Result<VerifyReport> verify_content(const ContentCore& core, const VerifyOptions& options,
                                    const CallContext& context) {
    CATALOG_TRY(CheckFindings found, find_damage(core, options, context));
    return std::move(found.report);
}

}  // namespace catalog::content
