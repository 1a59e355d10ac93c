#include "shaped.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <new>

namespace catalog::host {

bool is_shapeable(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 8> kNames{"host",   "config",  "call", "error",
                                                     "status", "package", "page", "content"};
    return std::ranges::find(kNames, name) != kNames.end();
}

GuardedMemory::GuardedMemory(std::size_t bytes) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t used = (bytes + page - 1) / page * page;
    pages_bytes_ = used + page;
    pages_ =
        mmap(nullptr, pages_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages_ == MAP_FAILED) throw std::bad_alloc();
    mprotect(static_cast<std::byte*>(pages_) + used, page, PROT_NONE);
    // Structs begin at a multiple of 8; what the rounding leaves at the end can be touched.
    data_ = static_cast<std::byte*>(pages_) + (used - (bytes + 7) / 8 * 8);
}

GuardedMemory::~GuardedMemory() { munmap(pages_, pages_bytes_); }

}  // namespace catalog::host
