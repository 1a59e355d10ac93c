#pragma once
// Counts the bytes that a benchmark takes by `new`. Linking heap_counter.cpp replaces the global
// operators of the whole executable.

#include <cstddef>

namespace catalog::bench {

/// Bytes that are taken now, as the allocator rounds them. Thread safety: any thread.
[[nodiscard]] std::size_t heap_now() noexcept;
/// The most since the start or the last `reset_heap_peak`.
[[nodiscard]] std::size_t heap_peak() noexcept;
/// Begins anew with what is taken now, and returns that.
std::size_t reset_heap_peak() noexcept;

}  // namespace catalog::bench
