#pragma once
// ConstraintValidator: what is wrong with constraints before anything is resolved.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resolve/request.hpp"

namespace catalog::resolve {

/// One thing found. Where it stands: the constraint's place in the list that was given, and the
/// part of its text.
struct ConstraintFinding {
    enum class Kind : std::uint8_t {
        kUnknownPackage,   ///< Nothing has or provides the name. Nothing can meet it.
        kUnsatisfiable,    ///< No version matches, or the bounds exclude everything.
        kOnlyYanked,       ///< Only yanked versions match: only a lock could select one.
        kOnlyPrereleases,  ///< Only pre-releases lie within the bounds, and they are not admitted.
        kContradiction,    ///< Two constraints on one name have no version in common.
        kRedundant,        ///< Another constraint on the name implies it.
        kShadowed,         ///< An alternative of a range that an earlier one takes in altogether.
    };

    Kind kind = Kind::kUnknownPackage;
    std::size_t index = 0;   ///< In the list that was given.
    std::size_t other = 0;   ///< kContradiction, kRedundant: the other constraint; else `index`.
    std::size_t offset = 0;  ///< Of the part at fault in the constraint's text, bytes.
    std::size_t length = 0;  ///< Of that part, bytes.
    std::string message;     ///< One sentence.

    /// Whether nothing can meet the constraint as it stands; otherwise it is a remark.
    [[nodiscard]] bool is_error() const noexcept {
        return kind != Kind::kRedundant && kind != Kind::kShadowed;
    }
};

[[nodiscard]] std::string_view finding_kind_name(ConstraintFinding::Kind kind) noexcept;

/// Looks at constraints one by one and in pairs, without resolving. Thread safety: one object from
/// one thread at a time.
class ConstraintValidator {
public:
    explicit ConstraintValidator(DependencyProvider& provider) : provider_(provider) {}

    /// Returns what is wrong, in order of index. Constraints on one name are taken to hold
    /// together, as those of one package do under VersionPolicy::kSingle. Git and Local constraints
    /// are only compared with each other. Errors: kProviderFailed. Cost: linear in the versions of
    /// the named packages, quadratic in the constraints on one name.
    [[nodiscard]] Result<std::vector<ConstraintFinding>> validate(
        const std::vector<Target>& constraints);

    /// Returns what is wrong with the roots and the constraints of a request; indexes count roots
    /// first.
    [[nodiscard]] Result<std::vector<ConstraintFinding>> validate(const Request& request);

private:
    [[nodiscard]] Result<void> check_alone(const Target& target, std::size_t index,
                                           std::vector<ConstraintFinding>& findings);

    DependencyProvider& provider_;
};

}  // namespace catalog::resolve
