#pragma once
// Dictionary: what small chunks of one store have in common, put together once, so that each need
// not say it again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// Upper bound of a dictionary, bytes.
inline constexpr std::size_t kDictionaryBytesMax = 112 * 1024;

/// Upper bound of what training looks at, bytes; further samples are left out.
inline constexpr std::size_t kDictionarySampleBytesMax = 8u << 20;

/// A trained zstd dictionary, ready for use.
///
/// Thread safety: any number of threads. Immutable; memory: twice its bytes and the tables of its
/// level, 0.6 MiB at level 3.
class Dictionary {
public:
    /// Copies the bytes of a dictionary (magic 0xEC30A437) for compression at `level`, which is as
    /// in Compressor; 0: for decompression alone. Errors: kDecompression (not a dictionary, longer
    /// than kDictionaryBytesMax, number 0).
    [[nodiscard]] static Result<std::shared_ptr<const Dictionary>> load(ByteView bytes, int level);

    ~Dictionary();
    Dictionary(const Dictionary&) = delete;
    Dictionary& operator=(const Dictionary&) = delete;

    /// Returns the number that payloads name it by; never 0.
    [[nodiscard]] std::uint32_t number() const noexcept;

private:
    friend class Compressor;
    struct Impl;
    explicit Dictionary(std::unique_ptr<const Impl> impl) noexcept;
    std::unique_ptr<const Impl> impl_;
};

/// Returns the name of a trained dictionary: SHA-256 of all of it behind its magic and its number,
/// which are the first 8 bytes. Errors: kDecompression (shorter, another magic).
[[nodiscard]] Result<ContentHash> dictionary_id(ByteView bytes);

/// Returns the number that a dictionary of that name has: it follows from its bytes, so that two
/// dictionaries have the same one by an accident of 1 in 2^31 only. 2^15 to 2^31 - 1: others are
/// reserved for registered dictionaries (RFC 8878 section 6.1).
[[nodiscard]] std::uint32_t dictionary_number_of(const ContentHash& id) noexcept;

/// What a content store does with dictionaries.
class DictionaryOptions {
public:
    DictionaryOptions() = default;
    /// Without, chunks are compressed alone; those that a dictionary was used for are still read.
    bool enabled = true;
    /// Chunks that are put use the dictionary too, and train one; otherwise repacks alone do. Worth
    /// it for many small files that resemble each other little: 5 % fewer bytes for 5 % more time
    /// of compressing. For versions of packages it is 0.4 % for 10 %.
    bool at_ingest = false;
    /// Longer chunks do without a dictionary, bytes. At ingest 16 KiB cost less time.
    std::size_t chunk_bytes_max = 32 * 1024;
    /// At ingest a store without a dictionary trains one when it was given that many bytes of new
    /// chunks of that length which resemble none that is there, since it was opened. 0: never.
    std::uint64_t train_after_bytes = 4u << 20;
    /// What of them training looks at, evenly chosen, bytes; 1 to kDictionarySampleBytesMax.
    std::uint64_t sample_bytes_max = 2u << 20;
    /// Of a dictionary, 1 KiB to kDictionaryBytesMax, bytes. At ingest 64 KiB cost less time.
    std::size_t dictionary_bytes_max = kDictionaryBytesMax;
    /// A repack trains one anew when the store has that many bytes of such chunks. 0: never.
    std::uint64_t repack_train_bytes = 4u << 20;
};

/// Makes a dictionary of at most `bytes_max` bytes, 1 KiB to kDictionaryBytesMax, from chunks of
/// the kind that it is for; a hundred times its length of samples is plenty, ten times the least.
/// The same samples give the same bytes, with the number that dictionary_number_of gives for them.
/// Memory: that of the samples again and 4 MiB. Cost: about 0.015 us a byte of samples. Errors:
/// kInvalidArgument (samples too few or too short to have anything in common).
[[nodiscard]] Result<Bytes> train_dictionary(std::span<const ByteView> samples,
                                             std::size_t bytes_max = kDictionaryBytesMax);

}  // namespace catalog::content
