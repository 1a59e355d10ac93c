#pragma once
// Looking at Results in tests.

#include <optional>
#include <stdexcept>
#include <utility>

#include "catalog/core/result.hpp"

namespace catalog::io::testing {

/// Returns the value; throws, and so fails the test with the error's text, when there is none.
template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().to_string());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Returns the error's code, nullopt for success. Prints well in EXPECT_EQ(code_of(x), Errc::kIo).
template <class T>
std::optional<Errc> code_of(const Result<T>& result) {
    if (result) return std::nullopt;
    return result.error().code();
}

}  // namespace catalog::io::testing
