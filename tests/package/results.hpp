#pragma once
// Looking at Results in the tests of this module.

#include <optional>
#include <ostream>
#include <stdexcept>

#include "catalog/core/result.hpp"

namespace catalog {

/// Readable failures in GoogleTest.
inline void PrintTo(Errc code, std::ostream* os) { *os << errc_name(code); }

namespace package {

/// Returns the value; throws, and so fails the test with the error's text, when there is none.
template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().to_string());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// Returns the error's code, nullopt for success.
template <class T>
std::optional<Errc> code_of(const Result<T>& result) {
    if (result) return std::nullopt;
    return result.error().code();
}

/// Returns the error as text with its hint, empty for success.
template <class T>
std::string text_of(const Result<T>& result) {
    return result ? std::string() : result.error().to_string();
}

}  // namespace package
}  // namespace catalog
