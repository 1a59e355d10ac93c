#pragma once
// Random bytes: one injected interface; the default asks the kernel.

#include <cstddef>
#include <memory>
#include <span>

#include "catalog/core/result.hpp"

namespace catalog {

/// Source of cryptographically strong random bytes. Thread safety: any thread.
class Random {
public:
    virtual ~Random() = default;

    /// Fills `out`. Errors: kRandomUnavailable; `out` is then unspecified.
    [[nodiscard]] virtual Result<void> fill(std::span<std::byte> out) = 0;
};

/// getrandom(2).
[[nodiscard]] std::shared_ptr<Random> make_system_random();

}  // namespace catalog
