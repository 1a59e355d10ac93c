#pragma once
// Arena: one piece of zeroed memory for the whole life of a cache.

#include <cstddef>
#include <cstdint>
#include <optional>

namespace catalog::cache {

/// Memory straight from the kernel: what was never touched takes none of the machine, and from 8
/// MiB on it asks for pages of 2 MiB, because lookups all over it would otherwise wait for the
/// tables of pages. Thread safety: as any memory.
class Arena {
public:
    /// Nothing when the kernel has none.
    [[nodiscard]] static std::optional<Arena> make(std::size_t bytes) noexcept;

    Arena(Arena&& other) noexcept;
    Arena& operator=(Arena&&) = delete;
    ~Arena();

    /// Begins at a page.
    [[nodiscard]] std::byte* data() const noexcept { return data_; }

private:
    Arena(std::byte* data, std::size_t bytes) noexcept : data_(data), bytes_(bytes) {}

    std::byte* data_;
    std::size_t bytes_;
};

}  // namespace catalog::cache
