#pragma once
// The dictionary of terms: texts in byte order, each without the beginning that it shares with the
// one before, every sixteenth whole.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "segment_format.hpp"

namespace catalog::index {

/// Encodes texts that come in order. Thread safety: one thread at a time.
class DictionaryWriter {
public:
    void add(std::string_view text);

    [[nodiscard]] const std::vector<std::uint64_t>& fences() const noexcept { return fences_; }
    /// Where each sixteenth text begins, and where the last one ends; after the last `add`.
    [[nodiscard]] const std::vector<std::uint32_t>& finish();
    [[nodiscard]] const Bytes& texts() const noexcept { return texts_; }
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

private:
    std::vector<std::uint64_t> fences_;
    std::vector<std::uint32_t> offsets_;
    Bytes texts_;
    std::string last_;
    std::uint32_t size_ = 0;
};

/// Goes through texts from a whole one on, for any bytes. Thread safety: one thread at a time.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): a lookup pays for no cleared buffer.
class DictionaryWalk {
public:
    DictionaryWalk() = default;
    /// `texts` begins with a whole one.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
    explicit DictionaryWalk(ByteView texts) noexcept : rest_(texts) {}

    /// Steps to the next text; false at the end, or where the bytes are damaged.
    [[nodiscard]] bool next() noexcept;
    /// The text at hand, valid until the next step.
    [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }
    /// How many of its bytes were taken from the one before.
    [[nodiscard]] std::size_t shared() const noexcept { return shared_; }

private:
    ByteView rest_;
    std::size_t size_ = 0;
    std::size_t shared_ = 0;
    std::array<char, kTermBytesMax> text_;
};

/// How many bytes a text does not repeat of the one before.
[[nodiscard]] std::size_t shared_bytes(std::string_view before, std::string_view text) noexcept;

}  // namespace catalog::index
