#pragma once
// CompatibilityMatrix: which versions of two or more packages can stand together.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/resolve/request.hpp"

namespace catalog::resolve {

/// Bounds of a matrix.
class MatrixOptions {
public:
    MatrixOptions() = default;

    std::size_t versions_max = 20;   ///< Newest of each package that are looked at.
    std::size_t cells_max = 10'000;  ///< Of all pairs of packages; more is kLimitExceeded.
    bool include_prereleases = false;
    Request base;  ///< Policy, platform, constraints and so on of every question; its roots too.
};

/// The matrix. Plain data once made.
class CompatibilityMatrix {
public:
    struct Axis {
        std::string name;
        std::vector<version::SemVer> versions;  ///< Newest first, registry only.
    };
    enum class Cell : std::uint8_t {
        kYes,      ///< An answer has both versions.
        kNo,       ///< None has.
        kUnknown,  ///< The budget of conflicts ran out.
    };

    /// Asks `resolver` about every pair of versions of every pair of `names`. Errors:
    /// kInvalidArgument (fewer than two names, or one twice), kUnknownPackage, kLimitExceeded,
    /// kProviderFailed, kCancelled, kDeadlineExceeded. Blocking: at most a resolution for every
    /// cell.
    [[nodiscard]] static Result<CompatibilityMatrix> compute(const std::vector<std::string>& names,
                                                             DependencyProvider& provider,
                                                             Resolver& resolver,
                                                             const CallContext& context,
                                                             const MatrixOptions& options = {});

    [[nodiscard]] const std::vector<Axis>& axes() const noexcept { return axes_; }
    /// Returns the cell of version `i` of package `a` and version `j` of package `b`. REQUIRES:
    /// a < b, all within bounds.
    [[nodiscard]] Cell at(std::size_t a, std::size_t i, std::size_t b,
                          std::size_t j) const noexcept;

    /// Returns a table for each pair of packages: `+` together, `.` not, `?` unknown.
    [[nodiscard]] std::string to_text() const;
    /// Returns a drawing of the tables as an SVG document of its own, readable without colours.
    [[nodiscard]] std::string to_svg() const;

private:
    struct Pair {
        std::size_t a = 0;
        std::size_t b = 0;
        std::vector<Cell> cells;  // row by row of a
    };

    std::vector<Axis> axes_;
    std::vector<Pair> pairs_;
};

}  // namespace catalog::resolve
