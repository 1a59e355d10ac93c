#pragma once
// Where a command reads and writes, so that tests can look at it.

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "catalog/core/result.hpp"

namespace catalog::cli {

struct Streams {
    std::istream& in;
    std::ostream& out;
    std::ostream& error;
    bool out_is_terminal = false;
    bool error_is_terminal = false;
    /// Asks a person for a secret, without showing it. Empty: there is nobody to ask.
    std::function<Result<std::string>(std::string_view prompt)> ask_secret = nullptr;
};

}  // namespace catalog::cli
