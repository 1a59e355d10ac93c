#include "segment_memory.hpp"

#include <sys/mman.h>

namespace catalog::index {

void advise_huge_pages(void* begin, std::size_t bytes) noexcept {
    // Where the kernel does not take it, everything is only slower.
    static_cast<void>(::madvise(begin, bytes, MADV_HUGEPAGE));
}

}  // namespace catalog::index
