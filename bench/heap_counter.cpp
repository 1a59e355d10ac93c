#include "heap_counter.hpp"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> now{0};
std::atomic<std::size_t> peak{0};

void count(void* block) noexcept {
    const std::size_t bytes = now += malloc_usable_size(block);
    std::size_t most = peak;
    while (bytes > most && !peak.compare_exchange_weak(most, bytes)) {
    }
}

}  // namespace

namespace catalog::bench {

std::size_t heap_now() noexcept { return now; }
std::size_t heap_peak() noexcept { return peak; }
std::size_t reset_heap_peak() noexcept { return peak = now.load(); }

}  // namespace catalog::bench

void* operator new(std::size_t bytes) {
    void* block = std::malloc(bytes);
    if (block == nullptr) throw std::bad_alloc();
    count(block);
    return block;
}
void operator delete(void* block) noexcept {
    if (block != nullptr) now -= malloc_usable_size(block);
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    const auto step = static_cast<std::size_t>(alignment);
    void* block = std::aligned_alloc(step, (bytes + step - 1) / step * step);
    if (block == nullptr) throw std::bad_alloc();
    count(block);
    return block;
}
void operator delete(void* block, std::align_val_t) noexcept { operator delete(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    operator delete(block);
}
