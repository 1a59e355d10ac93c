#pragma once
// Streams for tests: in slices, failing, through fakes and through what fails.

#include <cstdint>
#include <memory>

#include "catalog/content/content_transformer.hpp"
#include "catalog/content/content_validator.hpp"

namespace catalog::content::testing {

/// Gives `bytes`, which outlive it, at most `slice` at a time.
[[nodiscard]] ByteSource slices_of(const Bytes& bytes, std::size_t slice);

/// Gives the first `count` bytes of `bytes`, then that error.
[[nodiscard]] ByteSource failing_after(const Bytes& bytes, std::size_t count, Errc error);

/// Pulls all, in pieces of at most `room` bytes.
[[nodiscard]] Result<Bytes> pull_all(const ByteSource& source, std::size_t room);

/// A complete transformer without a format: every byte is xored with `mask`.
[[nodiscard]] std::unique_ptr<ContentTransformer> make_fake_transformer(std::byte mask);

/// Passes steps on, but for the n-th, which fails.
[[nodiscard]] std::unique_ptr<ContentTransformer> make_faulty_transformer(
    std::unique_ptr<ContentTransformer> wrapped, std::uint64_t nth, Errc error);

/// A complete validator without a meaning: finds bytes right among which `forbidden` is not.
[[nodiscard]] std::unique_ptr<ContentValidator> make_fake_validator(std::byte forbidden);

/// Passes calls on, but for the n-th `update` (0: `finish`), which fails.
[[nodiscard]] std::unique_ptr<ContentValidator> make_faulty_validator(
    std::unique_ptr<ContentValidator> wrapped, std::uint64_t nth, Errc error);

}  // namespace catalog::content::testing
