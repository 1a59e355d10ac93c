#include "records.hpp"

#include <algorithm>

#include "catalog/core/bytes.hpp"
#include "field_reader.hpp"

namespace catalog::index {

namespace {

constexpr char kEntryFormat = 1;

Error corrupted_record(std::string message) {
    return Error(Errc::kIndexCorrupted, "the index is damaged: " + std::move(message));
}

bool is_state_of_package(package::PackageState state) noexcept {
    return state == package::PackageState::kPreparing ||
           state == package::PackageState::kPublished ||
           state == package::PackageState::kDeprecated || state == package::PackageState::kArchived;
}

bool is_numeric(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string order_key(const version::SemVer& version) {
    std::string key;
    append_be(key, version.major());
    append_be(key, version.minor());
    append_be(key, version.patch());
    if (!version.is_prerelease()) {
        key.push_back('\xff');  // a release comes after all of its pre-releases
        return key;
    }
    std::string_view rest = version.prerelease();
    while (!rest.empty()) {
        const std::size_t dot = std::min(rest.find('.'), rest.size());
        const std::string_view identifier = rest.substr(0, dot);
        if (is_numeric(identifier)) {
            // Numbers come before words; without leading zeros a longer one is greater.
            key.push_back('\x01');
            append_be(key, static_cast<std::uint16_t>(identifier.size()));
            key += identifier;
        } else {
            key.push_back('\x02');
            key += identifier;
            key.push_back('\0');
        }
        rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    key.push_back('\0');  // a list that ends comes before one that goes on
    return key;
}

std::string name_prefix(std::string_view name) {
    std::string key = "p";
    key += name;
    key.push_back('\0');
    return key;
}

std::string entry_key(std::string_view name, const version::SemVer& version) {
    return name_prefix(name) + order_key(version);
}

std::string changed_key(std::string_view name, const version::SemVer& version) {
    std::string key = entry_key(name, version);
    key.front() = kChangedPrefix;
    return key;
}

std::string name_key(std::string_view name) {
    std::string key = "n";
    key += name;
    return key;
}

Result<NameAndOrder> split_name(std::string_view rest) {
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) return fail(corrupted_record("a key has no name"));
    return NameAndOrder{rest.substr(0, end), rest.substr(end + 1)};
}

std::string posting_prefix(TermKind kind, std::string_view text) {
    std::string key(1, static_cast<char>(kind));
    key += text;
    key.push_back('\0');
    return key;
}

std::string posting_key(const Term& term, std::string_view name, const version::SemVer& version) {
    std::string key = posting_prefix(term.kind, term.text);
    key += name;
    key.push_back('\0');
    key += order_key(version);
    return key;
}

std::string encode_entry(const IndexEntry& entry) {
    std::string out(1, kEntryFormat);
    append_text(out, entry.id.name().view());
    append_text(out, entry.id.version());
    append_le(out, static_cast<std::uint8_t>(entry.digest.hash.algorithm));
    out += as_text(entry.digest.hash.bytes());
    append_le(out, static_cast<std::uint8_t>(entry.state));
    append_le(out, static_cast<std::uint8_t>(entry.yanked ? 1 : 0));
    append_le(out, static_cast<std::uint8_t>(entry.origin));
    append_le(out, static_cast<std::uint8_t>(entry.type));
    append_le(out, entry.file_count);
    append_le(out, entry.file_bytes);
    append_le(out, static_cast<std::uint64_t>(entry.published.time_since_epoch().count()));
    append_le(out, entry.log_index);
    append_text(out, entry.description);
    append_text(out, entry.license);
    return out;
}

Result<IndexEntry> decode_entry(std::string_view bytes) {
    if (bytes.empty() || bytes.front() != kEntryFormat)
        return fail(corrupted_record("an entry has an unknown format"));
    FieldReader reader(bytes.substr(1));
    Result<PackageName> name = PackageName::parse(reader.text());
    if (!name) return fail(corrupted_record("an entry has no valid name"));
    const std::string_view version_text = reader.text();
    Result<PackageId> id = PackageId::make(*std::move(name), version_text);
    Result<version::SemVer> version = version::SemVer::parse(version_text);
    if (!id || !version) return fail(corrupted_record("an entry has no valid version"));
    IndexEntry entry(*std::move(id), *std::move(version));
    const auto algorithm = static_cast<HashAlgorithm>(reader.number<std::uint8_t>());
    const Result<ContentHash> digest = ContentHash::from_digest(
        algorithm, catalog::as_bytes(reader.take(ContentHash::kDigestBytes)));
    if (!digest) return fail(corrupted_record("an entry has no valid digest"));
    entry.digest.hash = *digest;
    entry.state = static_cast<package::PackageState>(reader.number<std::uint8_t>());
    const auto yanked = reader.number<std::uint8_t>();
    entry.yanked = yanked == 1;
    entry.origin = static_cast<Origin>(reader.number<std::uint8_t>());
    entry.type = static_cast<package::PackageType>(reader.number<std::uint8_t>());
    entry.file_count = reader.number<std::uint64_t>();
    entry.file_bytes = reader.number<std::uint64_t>();
    entry.published = WallTime(
        std::chrono::microseconds(static_cast<std::int64_t>(reader.number<std::uint64_t>())));
    entry.log_index = reader.number<std::uint64_t>();
    entry.description = std::string(reader.text());
    entry.license = std::string(reader.text());
    const bool known = is_state_of_package(entry.state) && yanked <= 1 &&
                       entry.type <= package::PackageType::kResource &&
                       (entry.origin == Origin::kPublished || entry.origin == Origin::kImported);
    if (!reader.complete() || !known) return fail(corrupted_record("an entry is malformed"));
    return entry;
}

std::string encode_weight(std::uint32_t weight) {
    std::string out;
    append_le(out, static_cast<std::uint16_t>(std::min<std::uint32_t>(weight, 0xffff)));
    return out;
}

std::uint32_t decode_weight(std::string_view bytes) noexcept {
    return bytes.size() == 2 || bytes.size() == 4
               ? load_le<std::uint16_t>(catalog::as_bytes(bytes).data())
               : 0;
}

std::string encode_posting(const Term& term) {
    std::string out = encode_weight(term.weight);
    if (term.kind == TermKind::kWord || term.kind == TermKind::kType)
        append_le(out, static_cast<std::uint16_t>(std::min<std::uint32_t>(term.length, 0xffff)));
    return out;
}

std::uint32_t decode_length(std::string_view bytes) noexcept {
    return bytes.size() == 4 ? load_le<std::uint16_t>(catalog::as_bytes(bytes).data() + 2) : 0;
}

std::string encode_counts(const PackageIndex::Counts& counts) {
    std::string out;
    for (const std::uint64_t value :
         {counts.names, counts.versions, counts.published, counts.imported, counts.yanked})
        append_le(out, value);
    return out;
}

Result<PackageIndex::Counts> decode_counts(std::string_view bytes) {
    FieldReader reader(bytes);
    PackageIndex::Counts counts;
    for (std::uint64_t* value :
         {&counts.names, &counts.versions, &counts.published, &counts.imported, &counts.yanked})
        *value = reader.number<std::uint64_t>();
    if (!reader.complete()) return fail(corrupted_record("the counters are malformed"));
    return counts;
}

std::string change_key(std::uint64_t sequence) {
    std::string key;
    append_be(key, sequence);
    return key;
}

std::string encode_state(const IndexState& state) {
    std::string out;
    append_le(out, state.sequence);
    out += as_text(state.chain);
    return out;
}

Result<IndexState> decode_state(std::string_view bytes) {
    FieldReader reader(bytes);
    IndexState state;
    state.sequence = reader.number<std::uint64_t>();
    const std::string_view chain = reader.take(state.chain.size());
    if (!reader.complete()) return fail(corrupted_record("its state is malformed"));
    std::ranges::copy(catalog::as_bytes(chain), state.chain.begin());
    return state;
}

std::string encode_change(const ChangeNote& note) {
    std::string out(as_text(note.chain));
    append_text(out, note.name);
    for (const std::string& name : note.virtual_names) append_text(out, name);
    return out;
}

Result<ChangeNote> decode_change(std::string_view bytes) {
    FieldReader reader(bytes);
    ChangeNote note;
    const std::string_view chain = reader.take(note.chain.size());
    note.name = reader.text();
    while (!reader.at_end()) note.virtual_names.emplace_back(reader.text());
    if (!reader.complete()) return fail(corrupted_record("a note of a change is malformed"));
    std::ranges::copy(catalog::as_bytes(chain), note.chain.begin());
    return note;
}

}  // namespace catalog::index
