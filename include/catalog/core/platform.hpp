#pragma once
// Platform: what a machine is, and the predicate by which a dependency limits itself to some
// machines.

#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"

namespace catalog {

/// A concrete machine: operating system, architecture and C library, lower case, for example linux,
/// x86_64, gnu.
struct Platform {
    std::string os;
    std::string arch;
    std::string libc;  ///< "gnu", "musl" or empty where it does not matter.

    /// Returns the machine that this library was compiled for.
    [[nodiscard]] static Platform current();

    /// Reads `os-arch[-libc]`. Errors: kInvalidArgument.
    [[nodiscard]] static Result<Platform> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const Platform&, const Platform&) = default;
};

/// A list of patterns `os-arch[-libc]`, each part a word or `*`; holds when one of them does. A
/// pattern without libc holds for every libc. The empty list holds everywhere.
class PlatformPredicate {
public:
    PlatformPredicate() = default;

    /// Reads a comma-separated list. Errors: kInvalidArgument, with the pattern as input.
    [[nodiscard]] static Result<PlatformPredicate> parse(std::string_view text);

    [[nodiscard]] bool matches(const Platform& platform) const noexcept;
    [[nodiscard]] bool is_everywhere() const noexcept { return patterns_.empty(); }
    /// Returns the patterns in the order in which they were written, comma-separated; empty for
    /// everywhere.
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const PlatformPredicate&, const PlatformPredicate&) = default;

private:
    std::vector<Platform> patterns_;
};

}  // namespace catalog
