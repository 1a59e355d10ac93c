#pragma once
// Where a command reads and writes, so that tests can look at it.

#include <iosfwd>

namespace catalog::cli {

struct Streams {
    std::istream& in;
    std::ostream& out;
    std::ostream& error;
    bool out_is_terminal = false;
    bool error_is_terminal = false;
};

}  // namespace catalog::cli
