#pragma once
// Memory of tables that are looked up all over: pages of 2 MiB where the kernel gives them, because
// such lookups otherwise wait for the tables of pages.

#include <cstddef>
#include <new>

namespace catalog::index {

inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

/// Asks for huge pages; advice, nothing more.
void advise_huge_pages(void* begin, std::size_t bytes) noexcept;

/// An allocator as the standard's own, but for large pieces.
template <class T>
class HugePageAllocator {
public:
    using value_type = T;

    HugePageAllocator() = default;
    template <class U>
    explicit(false) HugePageAllocator(const HugePageAllocator<U>&) noexcept {}

    [[nodiscard]] T* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(T);
        if (bytes < kHugePageBytes) return static_cast<T*>(::operator new(bytes));
        void* const block = ::operator new(bytes, std::align_val_t{kHugePageBytes});
        advise_huge_pages(block, bytes);
        return static_cast<T*>(block);
    }
    void deallocate(T* block, std::size_t count) noexcept {
        if (count * sizeof(T) < kHugePageBytes)
            ::operator delete(block);
        else
            ::operator delete(block, std::align_val_t{kHugePageBytes});
    }
    friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) = default;
};

}  // namespace catalog::index
