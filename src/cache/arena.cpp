#include "arena.hpp"

#include <sys/mman.h>

#include <utility>

namespace catalog::cache {
namespace {

constexpr std::size_t kHugeFrom = std::size_t{8} << 20;

}  // namespace

std::optional<Arena> Arena::make(std::size_t bytes) noexcept {
    void* const data =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) return std::nullopt;
    // Advice: where the kernel does not take it, everything is only slower.
    if (bytes >= kHugeFrom) (void)::madvise(data, bytes, MADV_HUGEPAGE);
    return Arena(static_cast<std::byte*>(data), bytes);
}

Arena::Arena(Arena&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}

Arena::~Arena() {
    if (data_ != nullptr) ::munmap(data_, bytes_);
}

}  // namespace catalog::cache
