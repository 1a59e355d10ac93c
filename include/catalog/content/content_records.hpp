#pragma once
// The records of a content store in the library's key-value store. docs/formats/content-records.md
// is the specification.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/content/chunker.hpp"
#include "catalog/content/pack_format.hpp"
#include "catalog/content/storage_backend.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// One chunk of an object.
struct ChunkRef {
    ChunkId id;
    std::uint32_t bytes = 0;  ///< 1 to kChunkBytesMax.
    friend bool operator==(const ChunkRef&, const ChunkRef&) = default;
};

/// An object as this store cut it.
struct ObjectRecord {
    std::uint64_t size = 0;        ///< Sum of the chunks' lengths, bytes.
    std::vector<ChunkRef> chunks;  ///< In order; empty for an object without bytes.
    friend bool operator==(const ObjectRecord&, const ObjectRecord&) = default;
};

/// Version of the records that is written.
inline constexpr std::uint32_t kContentFormatVersion = 6;
/// Version of an encrypted store's: as 6, but packs and index files are sealed.
inline constexpr std::uint32_t kContentFormatVersionSealed = 7;
/// Tells whether a store of that version is encrypted; 3 was so before there were lists, 5 before
/// there were dictionaries.
[[nodiscard]] constexpr bool is_sealed_version(std::uint32_t version) noexcept {
    return version == kContentFormatVersionSealed || version == 5 || version == 3;
}

/// What a store is made with and keeps for ever.
struct FormatRecord {
    /// 1: the index was in the key-value store; packs have none of their own. 2, and 3 in an
    /// encrypted store: there were no lists. 4, and 5 in an encrypted store: packs had no
    /// dictionaries. They are read, and become the present version by the next writer that commits.
    std::uint32_t version = kContentFormatVersion;
    StoreId store{};
    ChunkProfile profile;
    friend bool operator==(const FormatRecord&, const FormatRecord&) = default;
};

/// Longest owner of a reference, bytes.
inline constexpr std::size_t kOwnerBytesMax = 1024;

/// Length of the key of an id: the algorithm's byte and the digest.
inline constexpr std::size_t kHashKeyBytes = 1 + ContentHash::kDigestBytes;

/// Returns the key of a chunk or an object: the algorithm's number, then the digest.
[[nodiscard]] std::string hash_key(const ContentHash& id);
/// Errors: kDatabaseCorrupt.
[[nodiscard]] Result<ContentHash> decode_hash_key(std::string_view key);

/// Encodes the record of object `id`, whose checksum covers the id as well.
[[nodiscard]] std::string encode_object(const ContentHash& id, const ObjectRecord& record);
/// Errors: kContentCorrupted (length, version, checksum, sizes that do not add up).
[[nodiscard]] Result<ObjectRecord> decode_object(const ContentHash& id, std::string_view value);

/// A reference: `owner` (1 to kOwnerBytesMax bytes) needs `object`. Kept under two keys without
/// values; one that names a list, and so all that the list names, under a single one.
struct Reference {
    std::string owner;
    ContentHash object;
    bool list = false;
    friend bool operator==(const Reference&, const Reference&) = default;
};
/// The key that is found by owner, and what all of an owner begin with.
[[nodiscard]] std::string owner_key(std::string_view owner, const ContentHash& id);
[[nodiscard]] std::string owner_prefix(std::string_view owner);
/// The key that is found by object, and what all of an object begin with.
[[nodiscard]] std::string referrer_key(const ContentHash& id, std::string_view owner);
[[nodiscard]] std::string referrer_prefix(const ContentHash& id);
/// The key of a list, what all lists of an owner begin with, and what all lists begin with.
[[nodiscard]] std::string list_key(std::string_view owner, const ContentHash& id);
[[nodiscard]] std::string list_prefix(std::string_view owner);
[[nodiscard]] std::string lists_prefix();
/// What all keys that are found by object begin with.
[[nodiscard]] std::string referrers_prefix();
/// Reads any of these keys. Errors: kDatabaseCorrupt.
[[nodiscard]] Result<Reference> decode_reference_key(std::string_view key);

[[nodiscard]] std::string pack_key(PackId pack);
[[nodiscard]] std::string encode_pack_mark(const PackMark& mark);
/// Reads key and value of a pack's record. Errors: kDatabaseCorrupt.
[[nodiscard]] Result<PackMark> decode_pack_mark(std::string_view key, std::string_view value);

[[nodiscard]] std::string run_key(RunId run);
[[nodiscard]] std::string encode_run_mark(const RunMark& mark);
/// Reads key and value of an index file's record. Errors: kDatabaseCorrupt.
[[nodiscard]] Result<RunMark> decode_run_mark(std::string_view key, std::string_view value);

/// The record of the highest number that a pack ever had, written before packs are removed.
[[nodiscard]] std::string last_pack_key();
[[nodiscard]] std::string encode_last_pack(PackId pack);
/// Errors: kDatabaseCorrupt.
[[nodiscard]] Result<PackId> decode_last_pack(std::string_view value);

/// Packs that a repack wrote, `first` to `last`, at `level` (see Compressor).
struct RepackedPacks {
    int level = 0;
    PackId first{};
    PackId last{};
    friend bool operator==(const RepackedPacks&, const RepackedPacks&) = default;
};
/// The record of what repacks wrote. A hint: without it they write it again.
[[nodiscard]] std::string repacked_key();
[[nodiscard]] std::string encode_repacked(std::span<const RepackedPacks> ranges);
/// Errors: kDatabaseCorrupt.
[[nodiscard]] Result<std::vector<RepackedPacks>> decode_repacked(std::string_view value);

[[nodiscard]] std::string format_key();
[[nodiscard]] std::string encode_format(const FormatRecord& record);
/// Errors: kLibraryFormat (newer version), kDatabaseCorrupt.
[[nodiscard]] Result<FormatRecord> decode_format(std::string_view value);

}  // namespace catalog::content
