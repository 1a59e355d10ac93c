#include "moment.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "catalog/internal/try.hpp"

namespace catalog::index {

namespace {

// The facets of a segment and the kinds of postings are written with the same letters.
Facet facet_of(TermKind kind) noexcept { return static_cast<Facet>(kind); }

constexpr std::size_t kTermTextMax = 256;

Error damaged_segment() {
    return Error(Errc::kIndexCorrupted, "the index is damaged: a segment holds a malformed version")
        .with_hint("make the index anew with: catalog repair");
}

}  // namespace

Result<IndexEntry> entry_of(const Segment& segment, DocId doc) {
    const std::optional<SegmentRecord> record = segment.record(doc);
    if (!record) return fail(damaged_segment());
    Result<PackageName> name = PackageName::parse(record->name());
    if (!name) return fail(damaged_segment());
    Result<PackageId> id = PackageId::make(*std::move(name), record->version());
    Result<version::SemVer> version = version::SemVer::parse(record->version());
    if (!id || !version) return fail(damaged_segment());
    IndexEntry entry(*std::move(id), *std::move(version));
    entry.digest.hash = record->digest();
    entry.state = record->state();
    entry.yanked = record->is_yanked();
    entry.origin = record->is_imported() ? Origin::kImported : Origin::kPublished;
    entry.type = record->type();
    entry.file_count = record->file_count();
    entry.file_bytes = record->file_bytes();
    entry.published = WallTime(std::chrono::microseconds(record->published_us()));
    entry.log_index = record->log_index();
    if (record->license() != kNoText) entry.license = std::string(segment.text(record->license()));
    return entry;
}

void sort_rows(std::vector<IndexRow>& rows) {
    std::ranges::sort(rows, [](const IndexRow& a, const IndexRow& b) {
        if (a.entry.id.name() != b.entry.id.name()) return a.entry.id.name() < b.entry.id.name();
        return compare_precedence(a.entry.version, b.entry.version) < 0;
    });
}

Moment::Moment(const kv::KeyValueStore& store, const IndexFamilies& families)
    : store_(&store), families_(families), sealed_(std::make_shared<const SealedSet>()) {}

Moment::Moment(std::shared_ptr<const kv::Snapshot> snapshot, const IndexFamilies& families,
               SealedSetLink sealed)
    : snapshot_(std::move(snapshot)), families_(families), sealed_(std::move(sealed)) {}

Result<std::shared_ptr<const Moment>> Moment::of(std::shared_ptr<const kv::Snapshot> snapshot,
                                                 const IndexFamilies& families,
                                                 SegmentFolder::Impl& folder, bool tolerant) {
    CATALOG_TRY(const std::optional<std::string> record,
                snapshot->get(*families.segments, kManifestKey));
    CATALOG_TRY(SealedSetLink sealed, folder.open_set(record, tolerant));
    const auto moment = std::make_shared<Moment>(std::move(snapshot), families, std::move(sealed));
    CATALOG_TRY_VOID(moment->look_for_changed());
    return moment;
}

Result<void> Moment::look_for_changed() {
    if (segments().empty()) return {};
    const std::unique_ptr<kv::Iterator> iterator = iterate(families_.packages);
    iterator->seek(std::string_view(&kChangedPrefix, 1));
    has_changed_ = iterator->valid() && iterator->key().starts_with(kChangedPrefix);
    return iterator->status();
}

Result<std::optional<std::string>> Moment::get(kv::Family family, std::string_view key) const {
    return snapshot_ != nullptr ? snapshot_->get(family, key) : store_->get(family, key);
}

std::unique_ptr<kv::Iterator> Moment::iterate(kv::Family family) const {
    return snapshot_ != nullptr ? snapshot_->iterate(family) : store_->iterate(family);
}

Result<IndexRow> Moment::row(const SealedSegment& sealed, DocId doc) const {
    CATALOG_TRY(IndexEntry entry, entry_of(sealed.segment(), doc));
    IndexRow row(std::move(entry));
    row.sealed = &sealed;
    row.doc = doc;
    row.is_whole = false;
    if (!has_changed_) return row;
    CATALOG_TRY(
        const std::optional<std::string> changed,
        get(families_.packages, changed_key(row.entry.id.name().view(), row.entry.version)));
    if (!changed) return row;
    CATALOG_TRY(row.entry, decode_entry(*changed));
    row.is_whole = true;
    return row;
}

Result<void> Moment::complete(IndexRow& row) const {
    if (row.is_whole) return {};
    CATALOG_TRY(row.entry.description, row.sealed->open->description(row.doc));
    row.is_whole = true;
    return {};
}

Result<std::optional<IndexRow>> Moment::find(std::string_view name,
                                             const version::SemVer& version) const {
    CATALOG_TRY(const std::optional<std::string> bytes,
                get(families_.packages, entry_key(name, version)));
    if (bytes) {
        CATALOG_TRY(IndexEntry entry, decode_entry(*bytes));
        return IndexRow(std::move(entry));
    }
    for (const SealedSegment& sealed : segments()) {
        const std::optional<DocId> doc = sealed.find(name, version);
        if (!doc) continue;
        CATALOG_TRY(IndexRow found, row(sealed, *doc));
        return found;
    }
    return std::nullopt;
}

Result<std::vector<IndexRow>> Moment::versions(std::string_view name) const {
    std::vector<IndexRow> rows;
    const std::string prefix = name_prefix(name);
    const std::unique_ptr<kv::Iterator> iterator = iterate(families_.packages);
    for (iterator->seek(prefix); iterator->valid() && iterator->key().starts_with(prefix);
         iterator->next()) {
        CATALOG_TRY(IndexEntry entry, decode_entry(iterator->value()));
        rows.emplace_back(std::move(entry));
    }
    CATALOG_TRY_VOID(iterator->status());
    bool mixed = false;
    for (const SealedSegment& sealed : segments()) {
        const std::optional<NameId> id = sealed.segment().find_name(name);
        if (!id) continue;
        mixed = true;
        const DocRange docs = sealed.segment().versions(*id);
        for (std::uint32_t doc = docs.first; doc < docs.end; ++doc) {
            if (sealed.is_dead(doc)) continue;
            CATALOG_TRY(IndexRow found, row(sealed, DocId{doc}));
            rows.push_back(std::move(found));
        }
    }
    if (mixed) sort_rows(rows);
    return rows;
}

Result<bool> Moment::has_term(const IndexRow& row, TermKind kind, std::string_view text) const {
    if (row.sealed == nullptr) {
        std::string key = posting_prefix(kind, text);
        key += row.entry.id.name().view();
        key.push_back('\0');
        key += order_key(row.entry.version);
        CATALOG_TRY(const std::optional<std::string> value, get(families_.postings, key));
        return value.has_value();
    }
    if (text.size() > kTermTextMax) return false;
    std::vector<DocId> docs;
    row.sealed->segment().list(facet_of(kind), text, row.doc, 1, docs);
    return !docs.empty() && docs.front() == row.doc;
}

Result<std::vector<IndexRow>> Moment::rows_with(TermKind kind, std::string_view text) const {
    std::vector<IndexRow> rows;
    const std::string prefix = posting_prefix(kind, text);
    const std::unique_ptr<kv::Iterator> iterator = iterate(families_.postings);
    for (iterator->seek(prefix); iterator->valid() && iterator->key().starts_with(prefix);
         iterator->next()) {
        const std::string key = "p" + std::string(iterator->key().substr(prefix.size()));
        CATALOG_TRY(const std::optional<std::string> bytes, get(families_.packages, key));
        if (!bytes)
            return fail(Errc::kIndexCorrupted, "the index is damaged: a posting leads to no entry");
        CATALOG_TRY(IndexEntry entry, decode_entry(*bytes));
        rows.emplace_back(std::move(entry));
    }
    CATALOG_TRY_VOID(iterator->status());
    const std::size_t in_delta = rows.size();
    for (const SealedSegment& sealed : segments()) {
        std::vector<DocId> docs;
        if (kind == TermKind::kDependency) {
            const DocList list = sealed.segment().dependents(text);
            for (std::size_t i = 0; i < list.size(); ++i) docs.push_back(list[i]);
        } else if (text.size() <= kTermTextMax) {
            sealed.segment().list(facet_of(kind), text, DocId{0},
                                  std::numeric_limits<std::size_t>::max(), docs);
        }
        for (const DocId doc : docs) {
            if (sealed.is_dead(static_cast<std::uint32_t>(doc))) continue;
            CATALOG_TRY(IndexRow found, row(sealed, doc));
            rows.push_back(std::move(found));
        }
    }
    if (rows.size() != in_delta) sort_rows(rows);
    return rows;
}

NameWalk::NameWalk(const Moment& moment, std::string_view from)
    : moment_(moment), delta_(moment.iterate(moment.families().packages)) {
    std::string key = "p";
    key += from;
    delta_->seek(key);
    for (const SealedSegment& segment : moment.segments())
        sealed_.push_back({&segment, segment.segment().names_with_prefix(from).first});
}

std::optional<std::string_view> NameWalk::delta_name() const {
    if (!delta_->valid() || !delta_->key().starts_with('p')) return std::nullopt;
    const std::string_view rest = delta_->key().substr(1);
    return rest.substr(0, rest.find('\0'));
}

// Leaves the name at hand behind.
void NameWalk::pass() {
    if (delta_name() == std::string_view(name_)) {
        // Names end with NUL in keys, so this is behind every version of the name.
        delta_->seek("p" + name_ + '\x01');
    }
    for (SealedAt& at : sealed_) {
        if (at.name < at.segment->segment().name_count() &&
            at.segment->segment().name_text(NameId{at.name}) == name_)
            ++at.name;
    }
}

Result<bool> NameWalk::next() {
    for (;;) {
        if (std::exchange(begun_, true)) pass();
        std::optional<std::string_view> least = delta_name();
        if (!least) CATALOG_TRY_VOID(delta_->status());
        bool counts = least.has_value();
        for (const SealedAt& at : sealed_) {
            const Segment& segment = at.segment->segment();
            if (at.name >= segment.name_count()) continue;
            const std::string_view text = segment.name_text(NameId{at.name});
            if (text.empty()) return fail(damaged_segment());
            if (least && *least < text) continue;
            const bool here = at.segment->place.dead.empty() || at.segment->has_name(text);
            counts = (least && *least == text && counts) || here;
            least = text;
        }
        if (!least) return false;
        name_ = std::string(*least);
        if (counts) return true;
    }
}

Result<std::vector<IndexRow>> NameWalk::rows() {
    std::vector<IndexRow> rows;
    for (; delta_name() == std::string_view(name_); delta_->next()) {
        CATALOG_TRY(IndexEntry entry, decode_entry(delta_->value()));
        rows.emplace_back(std::move(entry));
    }
    CATALOG_TRY_VOID(delta_->status());
    std::size_t sources = rows.empty() ? 0 : 1;
    for (const SealedAt& at : sealed_) {
        const Segment& segment = at.segment->segment();
        if (at.name >= segment.name_count() || segment.name_text(NameId{at.name}) != name_)
            continue;
        ++sources;
        const DocRange docs = segment.versions(NameId{at.name});
        for (std::uint32_t doc = docs.end; doc-- > docs.first;) {
            if (at.segment->is_dead(doc)) continue;
            CATALOG_TRY(IndexRow row, moment_.row(*at.segment, DocId{doc}));
            rows.push_back(std::move(row));
        }
    }
    if (sources > 1) sort_rows(rows);
    return rows;
}

}  // namespace catalog::index
