// Records of the index: what is accepted is byte for byte what would be written, keys of versions
// are in the order of precedence, and words are what a search asks for.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index_manifest.hpp"
#include "records.hpp"
#include "support/core/byte_feed.hpp"

namespace {

using namespace catalog;         // NOLINT: one file, one program
using namespace catalog::index;  // NOLINT
using fakes::require;

void try_values(std::string_view bytes) {
    const Result<IndexEntry> entry = decode_entry(bytes);
    if (entry) {
        require(encode_entry(*entry) == bytes);
        const Result<NameAndOrder> parts = split_name(
            std::string_view(entry_key(entry->id.name().view(), entry->version)).substr(1));
        require(parts.has_value());
    } else {
        require(entry.error().code() == Errc::kIndexCorrupted);
    }
    const Result<PackageIndex::Counts> counts = decode_counts(bytes);
    require(counts.has_value() == (bytes.size() == 40));
    if (counts) require(encode_counts(*counts) == bytes);
    if (bytes.size() == 2) require(encode_weight(decode_weight(bytes)) == bytes);
}

void try_manifest(std::string_view bytes) {
    const Result<IndexManifest> manifest = decode_manifest(bytes);
    if (manifest)
        require(encode_manifest(*manifest) == bytes);
    else
        require(manifest.error().code() == Errc::kIndexCorrupted);
}

void try_versions(std::string_view bytes) {
    const std::size_t cut = std::min(bytes.find('\n'), bytes.size());
    const Result<version::SemVer> a = version::SemVer::parse(bytes.substr(0, cut));
    const Result<version::SemVer> b =
        version::SemVer::parse(bytes.substr(std::min(cut + 1, bytes.size())));
    if (!a || !b) return;
    const auto order = compare_precedence(*a, *b);
    const int keys = order_key(*a).compare(order_key(*b));
    require((order < 0) == (keys < 0) && (order == 0) == (keys == 0));

    const Term term{TermKind::kWord, "word"};
    const std::string key = posting_key(term, "acme/kit", *a);
    const std::string prefix = posting_prefix(term.kind, term.text);
    require(key.starts_with(prefix));
    const Result<NameAndOrder> parts = split_name(std::string_view(key).substr(prefix.size()));
    require(parts && parts->name == "acme/kit" && parts->order == order_key(*a));
}

void try_words(std::string_view text) {
    for (const std::string& word : words_of(text)) {
        require(!word.empty() && word.size() <= 64 && word == lower_case(word));
        require(word.find('\0') == std::string::npos && word.find(' ') == std::string::npos);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    try_values(input);
    try_manifest(input);
    try_versions(input);
    try_words(input);

    fakes::ByteFeed feed(input);
    PackageIndex::Counts counts;
    for (std::uint64_t* value :
         {&counts.names, &counts.versions, &counts.published, &counts.imported, &counts.yanked})
        *value = feed.number();
    const Result<PackageIndex::Counts> again = decode_counts(encode_counts(counts));
    require(again && encode_counts(*again) == encode_counts(counts));

    const std::string version = feed.text();
    Result<PackageName> name = PackageName::parse(feed.text());
    Result<version::SemVer> parsed = version::SemVer::parse(version);
    if (!name || !parsed) return 0;
    Result<PackageId> id = PackageId::make(*std::move(name), version);
    if (!id) return 0;
    IndexEntry entry(*std::move(id), *std::move(parsed));
    entry.yanked = feed.byte() % 2 == 1;
    entry.log_index = feed.number();
    entry.published = WallTime(std::chrono::microseconds(static_cast<std::int64_t>(feed.number())));
    entry.license = feed.text();
    entry.description = std::string(feed.rest());
    require(decode_entry(encode_entry(entry)) == entry);
    return 0;
}
