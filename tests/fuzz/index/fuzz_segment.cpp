// A segment of any bytes: opening it answers or refuses, every question ends and is answered from
// within the bytes, and what verifies answers alike by every way. Inputs that are no segment are
// tried as changes to one, too, under right checksums.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/index/segment.hpp"
#include "catalog/internal/crc32c.hpp"
#include "segment_format.hpp"
#include "support/core/byte_feed.hpp"
#include "support/index/segment_samples.hpp"

namespace {

using namespace catalog;
using namespace catalog::index;
using fakes::require;

constexpr std::uint32_t kAskedMax = 300;

bool is_within(std::string_view text, const std::string& bytes) {
    return text.empty() || (text.data() >= bytes.data() &&
                            text.data() + text.size() <= bytes.data() + bytes.size());
}

void ask_record(const Segment& segment, const SegmentRecord& record, const std::string& bytes) {
    require(is_within(record.name(), bytes) && is_within(record.version(), bytes));
    require(is_within(as_text(record.bytes()), bytes));
    static_cast<void>(record.digest());
    static_cast<void>(record.published_us());
    static_cast<void>(record.file_count() + record.file_bytes() + record.log_index());
    require(package::package_type_name(record.type()) != "");
    require(is_within(segment.text(record.license()), bytes));
    for (const TextList& list : {record.authors(), record.keywords(), record.tags()})
        for (std::size_t i = 0; i < list.size(); ++i)
            require(is_within(segment.text(list[i]), bytes));
    const RelationList relations = record.relations();
    for (std::size_t i = 0; i < relations.size(); ++i) {
        const RelationTerms terms = segment.terms(relations[i]);
        require(is_within(terms.constraint, bytes) && is_within(terms.platform, bytes) &&
                is_within(terms.features, bytes));
        const std::string_view name = segment.name_text(relations[i].name);
        require(is_within(name, bytes));
        const DocList dependents = segment.dependents(name);
        for (std::size_t k = 0; k < dependents.size(); ++k)
            static_cast<void>(segment.record(dependents[k]));
    }
}

void ask_version(const Segment& segment, std::uint32_t doc, const std::string& bytes,
                 bool is_sound) {
    const auto record = segment.record(DocId{doc});
    require(record.has_value() || !is_sound);
    static_cast<void>(segment.version_of(DocId{doc}));
    if (!record) return;
    ask_record(segment, *record, bytes);
    const auto by_id = segment.find(record->name(), record->version());
    const PackageKey key = segment.key_of(record->name(), record->version());
    const auto by_key = segment.find(key);
    const auto number = segment.find_doc(key);
    require(!number || static_cast<std::uint32_t>(*number) < segment.version_count());
    require(!by_id || (by_id->name() == record->name() && by_id->version() == record->version()));
    if (!is_sound) return;
    require(by_id && by_key && by_id->doc() == DocId{doc} && by_key->doc() == DocId{doc} &&
            number == DocId{doc});
    const auto name = segment.find_name(record->name());
    require(name && segment.versions(*name).first <= doc && doc < segment.versions(*name).end);
}

void ask_names(const Segment& segment, const std::string& bytes) {
    const auto any = version::VersionConstraint::parse(">=1", version::Dialect::kCargo);
    for (std::uint32_t name = 0; name < std::min(segment.name_count(), kAskedMax); ++name) {
        const std::string_view text = segment.name_text(NameId{name});
        require(is_within(text, bytes));
        const NameRange range = segment.names_with_prefix(text.substr(0, 2));
        require(range.first <= range.end && range.end <= segment.name_count());
        static_cast<void>(segment.best(NameId{name}, *any));
    }
}

void ask_search(const Segment& segment, std::string_view word) {
    static constexpr std::size_t kHits = 20;
    for (const std::string& words : {std::string(word), std::string(word) + " acme"}) {
        const auto hits = segment.search(words, kHits);
        require(hits ? hits->size() <= kHits : hits.error().code() == Errc::kQueryInvalid);
        for (std::size_t i = 0; hits && i < hits->size(); ++i)
            require(static_cast<std::uint32_t>((*hits)[i].doc) < segment.version_count());
    }
}

void ask_facets(const Segment& segment) {
    for (const char kind : std::string_view("agklstvw")) {
        const auto facet = static_cast<Facet>(kind);
        std::vector<std::pair<std::string, std::uint32_t>> values;
        segment.values(facet, "", kAskedMax, values);
        for (const auto& [value, count] : values) {
            if (facet == Facet::kWord) ask_search(segment, value);
            std::vector<DocId> docs;
            segment.list(facet, value, DocId{0}, kAskedMax, docs);
            require(docs.size() <= kAskedMax);
            for (const DocId doc : docs)
                require(static_cast<std::uint32_t>(doc) < segment.version_count());
        }
    }
}

void try_segment(const std::string& bytes) {
    const auto opened = Segment::open(as_bytes(bytes), nullptr);
    if (!opened) {
        require(opened.error().code() == Errc::kIndexCorrupted);
        return;
    }
    const auto verified = (*opened)->verify();
    require(verified || verified.error().code() == Errc::kIndexCorrupted);
    ColdReader cold(*opened);
    for (std::uint32_t doc = 0; doc < std::min((*opened)->version_count(), kAskedMax); ++doc) {
        ask_version(**opened, doc, bytes, verified.has_value());
        const auto text = cold.read(DocId{doc});
        require(text.has_value() || !verified);
    }
    ask_names(**opened, bytes);
    ask_facets(**opened);
}

const std::string& sample() {
    static const std::string bytes = [] {
        index::testing::SampleRows rows;
        std::mt19937_64 random(11);
        for (int i = 0; i < 150; ++i) {
            index::testing::add_random_row(random, rows);
            rows.rows.back().version = rows.keep("1.0." + std::to_string(i));
        }
        return io::testing::must(index::testing::build_segment(rows.rows)).bytes;
    }();
    return bytes;
}

// Makes all checksums right that a foreign writer would have made right.
void seal(std::string& bytes) {
    auto* const begin = reinterpret_cast<std::byte*>(bytes.data());
    std::byte* const root = begin + bytes.size() - kSegmentRootBytes;
    for (std::size_t section = 0; section < kSectionCount; ++section) {
        std::byte* const entry = root + kRootTableAt + section * kRootEntryBytes;
        const auto offset = load_le<std::uint64_t>(entry);
        const auto length = load_le<std::uint64_t>(entry + 8);
        if (offset <= bytes.size() && length <= bytes.size() - offset)
            store_le(entry + 16, internal::crc32c(ByteView(begin + offset, length)));
    }
    store_le(root + kRootCrcAt, internal::crc32c(ByteView(root, kRootCrcAt)));
}

// Four bytes a change: where (three bytes) and what.
void try_changes(ByteView changes) {
    std::string bytes = sample();
    for (; changes.size() >= 4; changes = changes.subspan(4)) {
        const std::size_t at = load_le<std::uint32_t>(changes.data()) & 0xffffff;
        bytes[at % bytes.size()] = static_cast<char>(changes[3]);
    }
    seal(bytes);
    try_segment(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    try_segment(input);
    if (size >= kSegmentRootBytes) {
        std::string sealed = input;
        seal(sealed);
        try_segment(sealed);
    }
    if (size < 4096) try_changes(as_bytes(input));
    return 0;
}
