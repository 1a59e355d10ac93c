#include "segment_draft.hpp"

#include <algorithm>

#include "catalog/core/ids.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/version/release_key.hpp"
#include "catalog/version/semver.hpp"

namespace catalog::index {

namespace {

constexpr std::size_t kRowTextBytesMax = 1u << 20;
constexpr std::size_t kRowListMax = 255;

// First byte of a relation's terms.
constexpr unsigned kTermsKindMask = 7;
constexpr unsigned kTermsNpm = 8;
constexpr unsigned kTermsNoDefault = 16;
constexpr unsigned kTermsAlternative = 32;
constexpr unsigned kTermsRoleShift = 6;

tl::unexpected<Error> row_fails(Errc code, const SegmentRow& row, std::string_view what) {
    return fail(code,
                std::string(row.name) + "@" + std::string(row.version) + " " + std::string(what));
}

Result<void> check_row(const SegmentRow& row) {
    if (row.authors.size() > kRowListMax || row.keywords.size() > kRowListMax ||
        row.tags.size() > kRowListMax || row.relations.size() > 0xffff)
        return row_fails(Errc::kLimitExceeded, row,
                         "has more than 255 authors, keywords or tags, or 65,535 relations");
    if (row.description.size() > kRowTextBytesMax || row.rest.size() > kRowTextBytesMax)
        return row_fails(Errc::kLimitExceeded, row, "has a text of more than 1 MiB");
    using package::PackageState;
    if (row.state != PackageState::kPreparing && row.state != PackageState::kPublished &&
        row.state != PackageState::kDeprecated && row.state != PackageState::kArchived)
        return row_fails(Errc::kInvalidArgument, row, "has a state that is not a package's");
    if (row.type > package::PackageType::kResource)
        return row_fails(Errc::kInvalidArgument, row, "has an unknown type");
    return {};
}

bool has_zero(std::string_view text) noexcept { return text.find('\0') != std::string_view::npos; }

void store_terms(const SegmentRelation& relation, std::string& out) {
    const unsigned head = static_cast<unsigned>(relation.kind) |
                          (relation.dialect == version::Dialect::kNpm ? kTermsNpm : 0) |
                          (relation.default_features ? 0 : kTermsNoDefault) |
                          (relation.is_alternative ? kTermsAlternative : 0) |
                          static_cast<unsigned>(relation.role) << kTermsRoleShift;
    out.assign(1, static_cast<char>(head));
    out.append(relation.constraint);
    if (relation.platform.empty() && relation.features.empty()) return;
    out.append(1, '\0').append(relation.platform);
    for (const std::string_view feature : relation.features) out.append(1, '\0').append(feature);
}

std::uint16_t flags_of(const SegmentRow& row) noexcept {
    unsigned flags = static_cast<unsigned>(row.state);
    if (row.yanked) flags |= kFlagYanked;
    if (row.imported) flags |= kFlagImported;
    if (row.digest.algorithm == HashAlgorithm::kBlake2b256) flags |= kFlagBlake2b;
    if ((row.file_count | row.file_bytes | row.log_index) != 0) flags |= kFlagContent;
    return static_cast<std::uint16_t>(flags);
}

std::byte* append(std::byte* to, std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return to + text.size();
}

}  // namespace

RelationTerms decode_terms(std::string_view bytes) noexcept {
    RelationTerms terms;
    if (bytes.empty()) return terms;
    const unsigned head = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    terms.kind = static_cast<DependencyKind>(std::min(head & kTermsKindMask, 4U));
    terms.dialect = (head & kTermsNpm) != 0 ? version::Dialect::kNpm : version::Dialect::kCargo;
    terms.default_features = (head & kTermsNoDefault) == 0;
    terms.is_alternative = (head & kTermsAlternative) != 0;
    terms.role = static_cast<RelationRole>(std::min(head >> kTermsRoleShift, 2U));
    const std::size_t end = bytes.find('\0');
    terms.constraint = bytes.substr(0, end);
    if (end == std::string_view::npos) return terms;
    bytes.remove_prefix(end + 1);
    const std::size_t platform_end = bytes.find('\0');
    terms.platform = bytes.substr(0, platform_end);
    if (platform_end != std::string_view::npos) terms.features = bytes.substr(platform_end + 1);
    return terms;
}

Result<std::uint32_t> SegmentDraft::name_number(std::string_view name) {
    const std::uint32_t known = names.size();
    const std::uint32_t number = names.id(name);
    // A name is looked at when it comes for the first time.
    if (number == known) CATALOG_TRY_VOID(PackageName::parse(name));
    return number;
}

Result<void> SegmentDraft::add_relation(const SegmentRelation& relation) {
    if (has_zero(relation.constraint) || has_zero(relation.platform) ||
        relation.constraint.size() > kRowTextBytesMax ||
        relation.platform.size() > kRowTextBytesMax ||
        std::ranges::any_of(relation.features, [](std::string_view feature) {
            return feature.empty() || has_zero(feature) || feature.size() > kRowTextBytesMax;
        }))
        return fail(Errc::kInvalidArgument, "relation to " + std::string(relation.name) +
                                                " has a text with a zero byte, an empty feature "
                                                "or a text of more than 1 MiB");
    CATALOG_TRY(const std::uint32_t name, name_number(relation.name));
    store_terms(relation, terms_);
    relations_.push_back(name);
    SegmentInterner::Entry& terms = texts.entry(terms_, texts.hash(terms_));
    terms.mark = 1;
    relations_.push_back(terms.id);
    return {};
}

const DraftFacts* SegmentDraft::add_facts(const SegmentRow& row, std::uint64_t release_key) {
    const bool content = (flags_of(row) & kFlagContent) != 0;
    std::byte* const to =
        facts.take(sizeof(DraftFacts) + (content ? kBodyContentBytes : 0) + 4 * relations_.size());
    auto* const stored = new (to) DraftFacts;
    stored->release_key = release_key;
    stored->published = static_cast<std::uint64_t>(row.published_us);
    stored->digest = row.digest.digest;
    std::byte* at = to + sizeof(DraftFacts);
    if (content) {
        store_le(at, row.file_count);
        store_le(at + 8, row.file_bytes);
        store_le(at + 16, row.log_index);
        at += kBodyContentBytes;
    }
    if (!relations_.empty()) std::memcpy(at, relations_.data(), 4 * relations_.size());
    return stored;
}

Result<void> SegmentDraft::add(const SegmentRow& row) {
    CATALOG_TRY_VOID(check_row(row));
    CATALOG_TRY(const version::SemVer version, version::SemVer::parse(row.version));
    CATALOG_TRY(const std::uint32_t name, name_number(row.name));
    numbers_.clear();
    for (const std::string_view author : row.authors) numbers_.push_back(texts.id(author));
    for (const std::string_view keyword : row.keywords) numbers_.push_back(texts.id(keyword));
    for (const std::string_view tag : row.tags) numbers_.push_back(texts.id(tag));
    relations_.clear();
    const std::size_t listed = numbers_.size();
    for (const SegmentRelation& relation : row.relations) {
        CATALOG_TRY_VOID(add_relation(relation));
        if (relation.role == RelationRole::kProvide)
            numbers_.push_back(relations_[relations_.size() - 2]);
    }

    DraftHead head;
    head.facts = add_facts(row, version::ReleaseKey::of(version));
    head.provided = static_cast<std::uint16_t>(numbers_.size() - listed);
    if (!row.license.empty()) head.license = texts.id(row.license);
    head.description_bytes = static_cast<std::uint32_t>(row.description.size());
    head.rest_bytes = static_cast<std::uint32_t>(row.rest.size());
    head.flags = flags_of(row);
    head.version_bytes = static_cast<std::uint16_t>(row.version.size());
    head.relations = static_cast<std::uint16_t>(row.relations.size());
    head.type = static_cast<std::uint8_t>(row.type);
    head.authors = static_cast<std::uint8_t>(row.authors.size());
    head.keywords = static_cast<std::uint8_t>(row.keywords.size());
    head.tags = static_cast<std::uint8_t>(row.tags.size());

    std::byte* const to = arena.take(sizeof head + 4 * numbers_.size() + row.version.size() +
                                     row.description.size() + row.rest.size());
    std::memcpy(to, &head, sizeof head);
    std::byte* at = to + sizeof head;
    if (!numbers_.empty()) std::memcpy(at, numbers_.data(), 4 * numbers_.size());
    at = append(at + 4 * numbers_.size(), row.version);
    append(append(at, row.description), row.rest);
    rows.push_back(reinterpret_cast<const DraftHead*>(to));
    row_names.push_back(name);
    return {};
}

namespace {

// Calls `use` with each interner and the hash of each text that a row looks up in it, but for those
// that nearly every row has.
template <class Use>
void for_each_lookup(const SegmentDraft& draft, const SegmentRow& row, const Use& use) {
    use(draft.names, draft.names.hash(row.name));
    for (const std::string_view text : row.keywords) use(draft.texts, draft.texts.hash(text));
    for (const std::string_view text : row.authors) use(draft.texts, draft.texts.hash(text));
    for (const SegmentRelation& relation : row.relations)
        use(draft.names, draft.names.hash(relation.name));
}

}  // namespace

void SegmentDraft::prefetch(const SegmentRow& row) const noexcept {
    for_each_lookup(*this, row, [](const SegmentInterner& interner, std::uint64_t hash) {
        interner.prefetch(hash);
    });
}

void SegmentDraft::prefetch_texts(const SegmentRow& row) const noexcept {
    for_each_lookup(*this, row, [](const SegmentInterner& interner, std::uint64_t hash) {
        interner.prefetch_text(hash);
    });
}

std::size_t SegmentDraft::memory_bytes() const noexcept {
    return names.memory_bytes() + texts.memory_bytes() + arena.bytes() + facts.bytes() +
           rows.capacity() * sizeof(DraftHead*) + row_names.capacity() * 4;
}

}  // namespace catalog::index
