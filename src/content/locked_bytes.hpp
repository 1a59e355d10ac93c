#pragma once
// LockedBytes: a few bytes of secret between guard pages, kept out of the swap where the process
// may, wiped when they go.

#include <cstddef>
#include <span>
#include <utility>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// Thread safety: as a container. Cost: four pages and about 30 us each.
class LockedBytes final {
public:
    /// Makes `size` zeros. Errors: kOutOfMemory, kInternal (libsodium).
    [[nodiscard]] static Result<LockedBytes> make(std::size_t size);

    LockedBytes(LockedBytes&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          locked_(other.locked_) {}
    LockedBytes& operator=(LockedBytes&& other) noexcept {
        std::swap(memory_, other.memory_);
        std::swap(size_, other.size_);
        std::swap(locked_, other.locked_);
        return *this;
    }
    ~LockedBytes();

    [[nodiscard]] std::span<std::byte> bytes() noexcept { return {memory_, size_}; }
    [[nodiscard]] ByteView bytes() const noexcept { return {memory_, size_}; }
    /// Tells whether the operating system keeps the bytes out of the swap.
    [[nodiscard]] bool locked() const noexcept { return locked_; }
    /// Makes writing them fatal from now on.
    void freeze() noexcept;

private:
    LockedBytes(std::byte* memory, std::size_t size, bool locked) noexcept
        : memory_(memory), size_(size), locked_(locked) {}

    std::byte* memory_;
    std::size_t size_;
    bool locked_;
};

/// Makes libsodium usable; idempotent. Errors: kInternal.
[[nodiscard]] Result<void> prepare_sodium();

/// Views bytes as OpenSSL and libsodium take them.
[[nodiscard]] inline unsigned char* octets(std::byte* bytes) noexcept {
    return reinterpret_cast<unsigned char*>(bytes);
}
[[nodiscard]] inline const unsigned char* octets(const std::byte* bytes) noexcept {
    return reinterpret_cast<const unsigned char*>(bytes);
}

}  // namespace catalog::content
