#include "locked_bytes.hpp"

#include <sodium.h>

#include <catalog/internal/try.hpp>

namespace catalog::content {

Result<void> prepare_sodium() {
    static const bool ready = ::sodium_init() >= 0;
    if (!ready) return fail(Errc::kInternal, "libsodium cannot be initialised");
    return {};
}

Result<LockedBytes> LockedBytes::make(std::size_t size) {
    CATALOG_TRY_VOID(prepare_sodium());
    auto* const memory = static_cast<std::byte*>(::sodium_malloc(size));
    if (memory == nullptr) return fail(Errc::kOutOfMemory, "there is no memory for a secret");
    // sodium_malloc locks too, and keeps it to itself when it could not.
    const bool locked = ::sodium_mlock(memory, size) == 0;
    LockedBytes made(memory, size, locked);
    ::sodium_memzero(memory, size);
    return made;
}

LockedBytes::~LockedBytes() { ::sodium_free(memory_); }

void LockedBytes::freeze() noexcept { ::sodium_mprotect_readonly(memory_); }

}  // namespace catalog::content
