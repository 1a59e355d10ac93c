#include "index_manifest.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "field_reader.hpp"

namespace catalog::index {

namespace {

constexpr char kManifestFormat = 1;

Error malformed(std::string_view what) {
    return Error(Errc::kIndexCorrupted,
                 "the index is damaged: its list of segments " + std::string(what))
        .with_hint("make it anew with: catalog repair");
}

Result<ManifestSegment> read_segment(FieldReader& reader) {
    ManifestSegment segment;
    const auto algorithm = static_cast<HashAlgorithm>(reader.number<std::uint8_t>());
    const Result<ContentHash> name = ContentHash::from_digest(
        algorithm, catalog::as_bytes(reader.take(ContentHash::kDigestBytes)));
    if (!name) return fail(malformed("has a segment without name"));
    segment.name = *name;
    segment.bytes = reader.number<std::uint64_t>();
    segment.versions = reader.number<std::uint32_t>();
    segment.level = reader.number<std::uint8_t>();
    const auto dead = reader.number<std::uint32_t>();
    if (dead > segment.versions || dead > kDeadVersionsMax)
        return fail(malformed("counts more versions than there are"));
    for (std::uint32_t i = 0; i < dead; ++i) segment.dead.push_back(reader.number<std::uint32_t>());
    const bool ascends =
        std::ranges::adjacent_find(segment.dead, std::greater_equal<>()) == segment.dead.end();
    if (!ascends || (dead != 0 && segment.dead.back() >= segment.versions))
        return fail(malformed("names versions that there are not"));
    return segment;
}

}  // namespace

std::string encode_manifest(const IndexManifest& manifest) {
    std::string out(1, kManifestFormat);
    append_le(out, manifest.epoch);
    out += as_text(manifest.secret);
    append_le(out, static_cast<std::uint32_t>(manifest.segments.size()));
    for (const ManifestSegment& segment : manifest.segments) {
        append_le(out, static_cast<std::uint8_t>(segment.name.algorithm));
        out += as_text(segment.name.bytes());
        append_le(out, segment.bytes);
        append_le(out, segment.versions);
        append_le(out, segment.level);
        append_le(out, static_cast<std::uint32_t>(segment.dead.size()));
        for (const std::uint32_t doc : segment.dead) append_le(out, doc);
    }
    return out;
}

Result<IndexManifest> decode_manifest(std::string_view bytes) {
    if (bytes.empty() || bytes.front() != kManifestFormat)
        return fail(malformed("has an unknown format"));
    FieldReader reader(bytes.substr(1));
    IndexManifest manifest;
    manifest.epoch = reader.number<std::uint64_t>();
    const std::string_view secret = reader.take(manifest.secret.size());
    const auto count = reader.number<std::uint32_t>();
    if (secret.empty() || count > kSegmentsMax) return fail(malformed("is malformed"));
    std::ranges::copy(catalog::as_bytes(secret), manifest.secret.begin());
    std::set<ContentHash> names;
    for (std::uint32_t i = 0; i < count; ++i) {
        CATALOG_TRY(ManifestSegment segment, read_segment(reader));
        if (!names.insert(segment.name).second) return fail(malformed("names a segment twice"));
        manifest.segments.push_back(std::move(segment));
    }
    if (!reader.complete()) return fail(malformed("is malformed"));
    return manifest;
}

}  // namespace catalog::index
