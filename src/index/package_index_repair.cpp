// Checking and rebuilding: the index is a pure function of manifests and entries.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "catalog/internal/try.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

using Records = std::map<std::string, std::string, std::less<>>;

/// What families `packages` and `postings` should hold beside the segments.
class Expected {
public:
    explicit Expected(const SealedSet& sealed) : sealed_(sealed) {}

    Records packages;
    Records postings;

    /// Counts a version, wherever it is.
    void count(const IndexEntry& entry) {
        const std::string_view name = entry.id.name().view();
        if (names_.insert(std::string(name)).second) ++counts_.names;
        ++counts_.versions;
        ++(entry.origin == Origin::kPublished ? counts_.published : counts_.imported);
        if (entry.yanked) ++counts_.yanked;
    }
    /// Adds a version of the delta.
    void add(const IndexEntry& entry, const package::PackageMetadata& metadata) {
        const std::string_view name = entry.id.name().view();
        if (!sealed_.has_name(name)) packages.insert_or_assign(name_key(name), "");
        packages.insert_or_assign(entry_key(name, entry.version), encode_entry(entry));
        for (const Term& term : terms_of(metadata))
            postings.insert_or_assign(posting_key(term, name, entry.version), encode_posting(term));
    }
    /// Adds what changed in a version of a segment.
    void add_changed(const IndexEntry& entry) {
        packages.insert_or_assign(changed_key(entry.id.name().view(), entry.version),
                                  encode_entry(entry));
    }
    void finish() {
        if (counts_.versions > 0)
            packages.insert_or_assign(std::string(kCountsKey), encode_counts(counts_));
    }

private:
    const SealedSet& sealed_;
    PackageIndex::Counts counts_;
    std::set<std::string> names_;
};

/// Calls `differs(key, stored, wanted)` for every key of a family that is missing, superfluous or
/// has another value.
template <class Differs>
Result<void> compare(const Moment& moment, kv::Family family, const Records& wanted,
                     const Differs& differs) {
    const std::unique_ptr<kv::Iterator> iterator = moment.iterate(family);
    auto next = wanted.begin();
    for (iterator->seek(""); iterator->valid(); iterator->next()) {
        for (; next != wanted.end() && next->first < iterator->key(); ++next)
            differs(next->first, false, &next->second);
        if (next == wanted.end() || next->first != iterator->key()) {
            differs(std::string(iterator->key()), true, nullptr);
            continue;
        }
        if (next->second != iterator->value()) differs(next->first, true, &next->second);
        ++next;
    }
    CATALOG_TRY_VOID(iterator->status());
    for (; next != wanted.end(); ++next) differs(next->first, false, &next->second);
    return {};
}

/// Readable form of a key for messages: unprintable bytes become dots.
std::string readable(std::string_view key) {
    std::string text(key.substr(0, 120));
    for (char& c : text)
        if (c < ' ' || c == 0x7f) c = '.';
    return text;
}

/// Says what is wrong with the bytes of a segment; nothing when they are sound.
std::optional<std::string> damage_of(const SealedSegment& sealed) {
    if (const Result<void> sound = sealed.segment().verify(); !sound)
        return sound.error().to_string();
    if (sealed.segment().name() != sealed.place.name) return "its bytes are not those of its name";
    return std::nullopt;
}

/// One check of the index.
class IndexCheck {
public:
    IndexCheck(const PackageIndex& index, const Moment& moment)
        : index_(index), moment_(moment), expected_(moment.sealed()) {}

    Result<std::vector<std::string>> run() {
        problems_ = moment_.sealed().missing;
        for (const SealedSegment& sealed : moment_.segments())
            if (const auto damage = damage_of(sealed); damage)
                problems_.push_back("segment " + segment_file_name(sealed.place.name) + ": " +
                                    *damage);
        CATALOG_TRY_VOID(check_delta());
        for (const SealedSegment& sealed : moment_.segments())
            CATALOG_TRY_VOID(check_sealed(sealed));
        // What follows from damaged entries says nothing new.
        if (!problems_.empty()) return std::move(problems_);
        expected_.finish();
        CATALOG_TRY_VOID(
            compare(moment_, moment_.families().packages, expected_.packages, report("record")));
        CATALOG_TRY_VOID(
            compare(moment_, moment_.families().postings, expected_.postings, report("posting")));
        return std::move(problems_);
    }

private:
    Result<void> check_delta() {
        const std::unique_ptr<kv::Iterator> iterator = moment_.iterate(moment_.families().packages);
        for (iterator->seek("p"); iterator->valid() && iterator->key().starts_with('p');
             iterator->next()) {
            const Result<IndexEntry> entry = decode_entry(iterator->value());
            if (!entry) {
                problems_.push_back("entry " + readable(iterator->key().substr(1)) + ": " +
                                    entry.error().to_string());
                continue;
            }
            if (iterator->key() != entry_key(entry->id.name().view(), entry->version))
                problems_.push_back(entry->id.to_string() + ": its entry stands under another key");
            for (const SealedSegment& sealed : moment_.segments())
                if (sealed.find(entry->id.name().view(), entry->version))
                    problems_.push_back(entry->id.to_string() + ": it is in a segment too");
            const auto manifest = check_entry(*entry);
            if (manifest) expected_.add(*entry, manifest->metadata);
        }
        return iterator->status();
    }

    Result<void> check_sealed(const SealedSegment& sealed) {
        for (std::uint32_t doc = 0; doc < sealed.segment().version_count(); ++doc) {
            if (sealed.is_dead(doc)) continue;
            Result<IndexRow> row = moment_.row(sealed, DocId{doc});
            const bool changed = row && row->is_whole;
            Result<void> read = row ? moment_.complete(*row) : Result<void>();
            if (!row || !read) {
                problems_.push_back("segment " + segment_file_name(sealed.place.name) + ": " +
                                    (row ? read.error() : row.error()).to_string());
                continue;
            }
            const IndexEntry& entry = row->entry;
            for (const SealedSegment& other : moment_.segments())
                if (&other != &sealed && other.find(entry.id.name().view(), entry.version))
                    problems_.push_back(entry.id.to_string() + ": it is in two segments");
            static_cast<void>(check_entry(entry));
            const Result<IndexEntry> as_sealed = entry_of(sealed.segment(), DocId{doc});
            if (as_sealed && (as_sealed->digest != entry.digest || as_sealed->id != entry.id))
                problems_.push_back(entry.id.to_string() +
                                    ": its change is not one of what is in the segment");
            if (changed) expected_.add_changed(entry);
        }
        return {};
    }

    /// Returns its manifest if there is nothing wrong with the two.
    std::optional<package::Manifest> check_entry(const IndexEntry& entry) {
        const std::string id = entry.id.to_string();
        Result<package::Manifest> manifest = index_.manifest(entry.digest);
        if (!manifest) {
            problems_.push_back(id + ": " + manifest.error().to_string());
            return std::nullopt;
        }
        if (manifest->metadata.id() != entry.id)
            problems_.push_back(id + ": its manifest is of " + manifest->metadata.id().to_string());
        if (entry.description != manifest->metadata.description ||
            entry.license != manifest->metadata.license || entry.type != manifest->metadata.type ||
            entry.file_count != manifest->file_count || entry.file_bytes != manifest->file_bytes)
            problems_.push_back(id + ": its entry does not agree with its manifest");
        expected_.count(entry);
        return *std::move(manifest);
    }

    std::function<void(std::string_view, bool, const std::string*)> report(std::string_view what) {
        return [this, what](std::string_view key, bool stored, const std::string* wanted) {
            std::string_view how = ": missing";
            if (stored) how = wanted == nullptr ? ": superfluous" : ": differs";
            problems_.push_back(std::string(what) + " " + readable(key) + std::string(how));
        };
    }

    const PackageIndex& index_;
    const Moment& moment_;
    Expected expected_;
    std::vector<std::string> problems_;
};

/// Which versions of sound segments are what they should be; the rest of the index is made of what
/// is not among them.
class SealedRemains {
public:
    explicit SealedRemains(SealedSet sealed) : set_(std::move(sealed)) {
        std::erase_if(set_.segments,
                      [](const SealedSegment& segment) { return damage_of(segment).has_value(); });
        for (SealedSegment& segment : set_.segments) {
            segment.place.dead.clear();
            wanted_.emplace_back(segment.segment().version_count());
        }
    }

    /// Tells whether an entry is in a segment, apart from what may change.
    bool take(const IndexEntry& entry, IndexEntry& as_sealed) {
        for (std::size_t i = 0; i < set_.segments.size(); ++i) {
            const SealedSegment& segment = set_.segments[i];
            const auto doc = segment.find(entry.id.name().view(), entry.version);
            if (!doc) continue;
            Result<IndexEntry> there = entry_of(segment.segment(), *doc);
            Result<std::string> description = segment.open->description(*doc);
            if (!there || !description) continue;
            there->description = *std::move(description);
            as_sealed = *there;
            there->state = entry.state;
            there->yanked = entry.yanked;
            if (*there != entry) continue;
            wanted_[i][static_cast<std::uint32_t>(*doc)] = true;
            return true;
        }
        return false;
    }

    /// Returns the segments of which something counts, with what of them does not.
    const SealedSet& finish() {
        for (std::size_t i = 0; i < set_.segments.size(); ++i) {
            std::vector<std::uint32_t>& dead = set_.segments[i].place.dead;
            for (std::uint32_t doc = 0; doc < wanted_[i].size(); ++doc)
                if (!wanted_[i][doc]) dead.push_back(doc);
        }
        std::erase_if(set_.segments, [](const SealedSegment& segment) {
            return segment.place.dead.size() == segment.place.versions;
        });
        set_.manifest.segments.clear();
        for (const SealedSegment& segment : set_.segments)
            set_.manifest.segments.push_back(segment.place);
        return set_;
    }

private:
    SealedSet set_;
    std::vector<std::vector<bool>> wanted_;  ///< By segment, by version.
};

}  // namespace

Result<std::vector<std::string>> PackageIndex::verify() const {
    const Result<MomentLink> moment = impl_->damaged_moment();
    if (!moment && moment.error().code() == Errc::kIndexCorrupted)
        return std::vector<std::string>{moment.error().to_string()};
    if (!moment) return fail(moment.error());
    return IndexCheck(*this, **moment).run();
}

Result<void> PackageIndex::for_each_readable(
    const std::function<Result<void>(const IndexEntry&)>& each) const {
    const Result<MomentLink> taken = impl_->damaged_moment();
    if (!taken) return {};
    const Moment& moment = **taken;
    const std::unique_ptr<kv::Iterator> iterator = moment.iterate(impl_->families.packages);
    for (iterator->seek("p"); iterator->valid() && iterator->key().starts_with('p');
         iterator->next()) {
        if (const Result<IndexEntry> entry = decode_entry(iterator->value()); entry)
            CATALOG_TRY_VOID(each(*entry));
    }
    for (const SealedSegment& sealed : moment.segments()) {
        for (std::uint32_t doc = 0; doc < sealed.segment().version_count(); ++doc) {
            if (sealed.is_dead(doc)) continue;
            if (const Result<IndexRow> row = moment.row(sealed, DocId{doc}); row)
                CATALOG_TRY_VOID(each(row->entry));
        }
    }
    return {};
}

Result<std::uint64_t> PackageIndex::stage_rebuild(kv::WriteBatch& batch,
                                                  const std::vector<IndexEntry>& entries) const {
    Result<MomentLink> moment = impl_->damaged_moment();
    const bool unlisted = !moment && moment.error().code() == Errc::kIndexCorrupted;
    // Without the list of segments everything goes into the delta.
    if (unlisted) moment = std::make_shared<const Moment>(impl_->store, impl_->families);
    if (!moment) return fail(moment.error());
    SealedRemains remains((*moment)->sealed());
    std::vector<const IndexEntry*> changed;
    std::vector<const IndexEntry*> loose;
    for (const IndexEntry& entry : entries) {
        IndexEntry as_sealed = entry;
        if (!remains.take(entry, as_sealed))
            loose.push_back(&entry);
        else if (as_sealed != entry)
            changed.push_back(&entry);
    }
    const SealedSet& sealed = remains.finish();
    Expected expected(sealed);
    for (const IndexEntry& entry : entries) expected.count(entry);
    for (const IndexEntry* entry : changed) expected.add_changed(*entry);
    for (const IndexEntry* entry : loose) {
        CATALOG_TRY(const package::Manifest manifest, this->manifest(entry->digest));
        expected.add(*entry, manifest.metadata);
    }
    expected.finish();
    std::uint64_t differing = 0;
    const auto mend = [&](kv::Family family) {
        return [&batch, &differing, family](std::string_view key, bool, const std::string* wanted) {
            ++differing;
            if (wanted != nullptr)
                batch.put(family, std::string(key), *wanted);
            else
                batch.remove(family, std::string(key));
        };
    };
    CATALOG_TRY_VOID(compare(**moment, impl_->families.packages, expected.packages,
                             mend(impl_->families.packages)));
    CATALOG_TRY_VOID(compare(**moment, impl_->families.postings, expected.postings,
                             mend(impl_->families.postings)));
    const std::optional<kv::Family> listing = impl_->families.segments;
    if (!listing) return differing;
    if (unlisted) {
        batch.remove(*listing, std::string(kManifestKey));
        ++differing;
    } else if (IndexManifest manifest = (*moment)->sealed().manifest;
               manifest.segments != sealed.manifest.segments) {
        ++manifest.epoch;
        manifest.segments = sealed.manifest.segments;
        batch.put(*listing, std::string(kManifestKey), encode_manifest(manifest));
        ++differing;
    }
    return differing;
}

}  // namespace catalog::index
