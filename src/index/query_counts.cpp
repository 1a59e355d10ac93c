#include "query_counts.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/package/manifest.hpp"

namespace catalog::index {

namespace {

constexpr std::pair<CountedField, std::string_view> kFieldNames[] = {
    {CountedField::kType, "type"},   {CountedField::kLicense, "license"},
    {CountedField::kState, "state"}, {CountedField::kKeyword, "keyword"},
    {CountedField::kTag, "tag"},     {CountedField::kAuthor, "author"}};

bool is_in_manifest(CountedField field) noexcept {
    return field == CountedField::kKeyword || field == CountedField::kTag ||
           field == CountedField::kAuthor;
}

/// Keywords, tags or authors of a version.
const std::vector<std::string>& values_of(const package::PackageMetadata& metadata,
                                          CountedField field) noexcept {
    if (field == CountedField::kKeyword) return metadata.keywords;
    return field == CountedField::kTag ? metadata.tags : metadata.authors;
}

}  // namespace

std::string_view counted_field_name(CountedField field) noexcept {
    for (const auto& [known, name] : kFieldNames)
        if (known == field) return name;
    return "";
}

Result<CountedField> parse_counted_field(std::string_view text) {
    for (const auto& [field, name] : kFieldNames)
        if (name == text) return field;
    return fail(Error(Errc::kQueryInvalid, "hits are not counted by this field")
                    .with_input(std::string(text.substr(0, 100)))
                    .with_hint("type, license, state, keyword, tag or author"));
}

HitCounter::HitCounter(const Moment& moment, std::span<const CountedField> fields)
    : moment_(&moment) {
    fields_.reserve(fields.size());
    for (const CountedField field : fields) {
        fields_.push_back({field, {}});
        needs_manifest_ = needs_manifest_ || is_in_manifest(field);
    }
}

Result<void> HitCounter::count(Counted& counted, std::string_view value) {
    if (value.empty()) return {};
    if (const auto known = counted.values.find(value); known != counted.values.end()) {
        ++known->second;
        return {};
    }
    if (counted.values.size() == kDistinctValuesMax)
        return fail(Error(Errc::kLimitExceeded,
                          "the hits have more than 65,536 values of one field: narrow the search")
                        .with_input(std::string(counted_field_name(counted.field))));
    counted.values.emplace(value, 1);
    return {};
}

Result<void> HitCounter::add_sealed(Counted& counted, const IndexRow& row) {
    const Segment& segment = row.sealed->segment();
    const std::optional<SegmentRecord> record = segment.record(row.doc);
    if (!record) return {};
    TextList texts = record->authors();
    if (counted.field == CountedField::kKeyword) texts = record->keywords();
    if (counted.field == CountedField::kTag) texts = record->tags();
    for (std::size_t i = 0; i < texts.size(); ++i)
        CATALOG_TRY_VOID(count(counted, segment.text(texts[i])));
    return {};
}

Result<void> HitCounter::add(const IndexRow& row) {
    ++hits_;
    std::optional<package::Manifest> manifest;
    if (needs_manifest_ && row.sealed == nullptr) {
        CATALOG_TRY(
            const std::optional<std::string> bytes,
            moment_->get(moment_->families().manifests, as_text(row.entry.digest.hash.bytes())));
        if (!bytes)
            return fail(Errc::kIndexCorrupted, "the index is damaged: a manifest is missing");
        CATALOG_TRY(manifest, package::Manifest::decode(*bytes));
    }
    for (Counted& counted : fields_) {
        if (counted.field == CountedField::kType) {
            CATALOG_TRY_VOID(count(counted, package::package_type_name(row.entry.type)));
        } else if (counted.field == CountedField::kState) {
            CATALOG_TRY_VOID(count(counted, package::state_name(row.entry.state)));
        } else if (counted.field == CountedField::kLicense) {
            CATALOG_TRY_VOID(count(counted, row.entry.license));
        } else if (manifest) {
            for (const std::string& value : values_of(manifest->metadata, counted.field))
                CATALOG_TRY_VOID(count(counted, value));
        } else if (row.sealed != nullptr) {
            CATALOG_TRY_VOID(add_sealed(counted, row));
        }
    }
    return {};
}

HitCounts HitCounter::take(std::size_t values_max) {
    HitCounts counts;
    counts.hits = hits_;
    counts.fields.reserve(fields_.size());
    for (Counted& counted : fields_) {
        FieldCounts& field = counts.fields.emplace_back();
        field.field = counted.field;
        field.distinct_values = counted.values.size();
        for (const auto& [value, hits] : counted.values) field.values.push_back({value, hits});
        std::ranges::sort(field.values, [](const ValueCount& a, const ValueCount& b) {
            return a.hits != b.hits ? a.hits > b.hits : a.value < b.value;
        });
        if (field.values.size() > values_max) field.values.resize(values_max);
    }
    return counts;
}

}  // namespace catalog::index
