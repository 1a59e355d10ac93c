#pragma once
// Result<T>: a value or an Error. The library throws nothing but std::bad_alloc.

#include <tl/expected.hpp>

#include "catalog/core/error.hpp"

namespace catalog {

/// Either a `T` or an `Error`. Every public call that can fail returns one; ignoring it is a
/// compiler warning at the call.
template <class T>
using Result = tl::expected<T, Error>;

/// Makes the failing side of a Result: `return fail(Errc::kNotFound, "no such package",
/// NotFoundDetail{...});`
[[nodiscard]] inline tl::unexpected<Error> fail(Errc code, std::string message,
                                                ErrorDetail detail = {}) {
    return tl::unexpected<Error>(Error(code, std::move(message), std::move(detail)));
}

/// Makes the failing side of a Result out of an existing error.
[[nodiscard]] inline tl::unexpected<Error> fail(const Error& error) {
    return tl::unexpected<Error>(error);
}

}  // namespace catalog
