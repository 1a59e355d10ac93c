#pragma once
// Dictionary: what small chunks of one store have in common, put together once, so that each need
// not say it again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// Upper bound of a dictionary, bytes; also what training aims at.
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

    /// Returns the number that payloads name it by; never 0. Training derives it from the samples.
    [[nodiscard]] std::uint32_t number() const noexcept;

private:
    friend class Compressor;
    struct Impl;
    explicit Dictionary(std::unique_ptr<const Impl> impl) noexcept;
    std::unique_ptr<const Impl> impl_;
};

/// Makes a dictionary of at most kDictionaryBytesMax bytes from chunks of the kind that it is for;
/// a hundred times its length of samples is plenty, ten times the least. The same samples give the
/// same bytes. Memory: that of the samples again and 10 MiB. Cost: about 0.1 us a byte of samples.
/// Errors: kInvalidArgument (samples too few or too short to have anything in common).
[[nodiscard]] Result<Bytes> train_dictionary(std::span<const ByteView> samples);

}  // namespace catalog::content
