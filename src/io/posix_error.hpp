#pragma once
// From errno to Error: one table, so that the same failure has the same code everywhere.

#include <string>
#include <string_view>

#include "catalog/core/result.hpp"

namespace catalog::io::posix {

/// Returns the code for an errno value; kIo for one that has no row.
[[nodiscard]] Errc errc_of(int system_error) noexcept;

/// Makes the error of a failed system call, with StorageDetail, the path as its input and a hint
/// where there is something to do. `operation` is a verb: "open", "read", "sync".
[[nodiscard]] tl::unexpected<Error> fail_call(std::string_view operation, std::string_view path,
                                              int system_error);

/// The same with a code that does not follow from errno alone.
[[nodiscard]] tl::unexpected<Error> fail_call(Errc code, std::string_view operation,
                                              std::string_view path, int system_error);

/// Makes an error of this module's own that has no errno.
[[nodiscard]] tl::unexpected<Error> fail_plain(Errc code, std::string message,
                                               std::string_view operation, std::string_view path);

/// Refuses a path that the kernel would cut at a zero byte. Errors: kInvalidArgument.
[[nodiscard]] Result<void> check_path(std::string_view path, std::string_view operation);

}  // namespace catalog::io::posix
