#pragma once
// VersionConstraint: the five ways in which a dependency can say which version it wants.

#include <string>
#include <string_view>
#include <variant>

#include "catalog/version/semver.hpp"
#include "catalog/version/version_req.hpp"

namespace catalog::version {

/// Exactly this version; a pre-release is admitted.
struct Exact {
    SemVer version;
    friend bool operator==(const Exact&, const Exact&) = default;
};

/// Any version of a range.
struct Range {
    VersionReq req;
    friend bool operator==(const Range&, const Range&) = default;
};

/// One revision of a Git repository: pins one version of one source id.
struct Git {
    std::string url;  ///< Not empty; no `#`, no control character.
    std::string rev;  ///< Commit, tag or branch as written, not empty; a lock holds the commit.
    friend bool operator==(const Git&, const Git&) = default;
};

/// A folder on this machine: pins one version of one source id. Never accepted in a published
/// package.
struct Local {
    std::string path;
    friend bool operator==(const Local&, const Local&) = default;
};

/// The newest version that is neither a pre-release nor yanked.
struct Latest {
    friend bool operator==(const Latest&, const Latest&) = default;
};

/// A version constraint. A value type. Thread safety: as `int`.
class VersionConstraint {
public:
    using Kind = std::variant<Exact, Range, Git, Local, Latest>;

    /// `*`
    VersionConstraint() : kind_(Range{}) {}
    // Each kind is a constraint: NOLINTNEXTLINE(google-explicit-constructor)
    VersionConstraint(Kind kind) : kind_(std::move(kind)) {}

    /// Reads `latest`, `git+URL#REV`, `path:PATH`, or a range in `dialect`; a range that names one
    /// version exactly (`=1.2.3`, npm `1.2.3`) becomes Exact. Text is at most
    /// VersionReq::kBytesMax long. Errors: kRequirementSyntax with LocationDetail::offset.
    [[nodiscard]] static Result<VersionConstraint> parse(std::string_view text, Dialect dialect);

    [[nodiscard]] const Kind& kind() const noexcept { return kind_; }
    /// Returns "exact", "range", "git", "local" or "latest".
    [[nodiscard]] std::string_view kind_name() const noexcept;
    template <class T>
    [[nodiscard]] const T* get_if() const noexcept {
        return std::get_if<T>(&kind_);
    }

    /// Tells whether a registry version satisfies the constraint as far as one version alone can
    /// tell: Latest accepts every release (which one is newest is the resolver's matter), Git and
    /// Local accept none.
    [[nodiscard]] bool matches(const SemVer& version) const noexcept;

    /// Returns the set of versions within the bounds: all for Latest, none for Git and Local.
    [[nodiscard]] VersionSet set() const;

    /// Returns text that `parse` reads back to an equal constraint in `dialect()`.
    [[nodiscard]] std::string to_string() const;
    /// Dialect of the range; kCargo for kinds that have none.
    [[nodiscard]] Dialect dialect() const noexcept;

    /// For Git and Local: the identity of the source, for example "git+https://example.org/tip#v1";
    /// else empty.
    [[nodiscard]] std::string source_id() const;

    friend bool operator==(const VersionConstraint&, const VersionConstraint&) = default;

private:
    Kind kind_;
};

}  // namespace catalog::version
