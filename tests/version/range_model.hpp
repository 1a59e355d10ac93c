#pragma once
// Ranges as their documentation reads, without sets: regular expressions split the text, and every
// comparator is asked about every version. Slow, short, and sharing nothing with the library but
// SemVer.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/version/version_req.hpp"

namespace catalog::version {

/// Cargo: each comparator is a rule on the fields of a version (documentation of the semver crate).
class CargoModel {
public:
    explicit CargoModel(const std::string& text);
    [[nodiscard]] bool is_valid() const { return valid_; }
    [[nodiscard]] bool matches(const SemVer& version) const;

private:
    struct Comparator {
        std::string op;
        std::uint64_t major = 0;
        std::optional<std::uint64_t> minor;
        std::optional<std::uint64_t> patch;
        std::string prerelease;
    };
    static bool is_exact(const Comparator& comparator, const SemVer& version);
    static bool is_greater(const Comparator& comparator, const SemVer& version);
    static bool is_less(const Comparator& comparator, const SemVer& version);
    static bool holds(const Comparator& comparator, const SemVer& version);

    bool valid_ = true;
    std::vector<Comparator> comparators_;
};

/// npm: each comparator is rewritten into primitive ones (README of node-semver, "Advanced Range
/// Syntax"), which are then compared one by one. Reads well-formed text only.
class NpmModel {
public:
    NpmModel(const std::string& text, bool include_prerelease);
    [[nodiscard]] bool matches(const SemVer& version) const;

private:
    struct Primitive {
        std::string op;
        SemVer version;
    };
    using Alternative = std::vector<Primitive>;
    void add(Alternative& alternative, const std::string& op, std::uint64_t major,
             std::uint64_t minor, std::uint64_t patch, const std::string& prerelease) const;
    void add_comparator(Alternative& alternative, const std::string& text) const;
    void add_hyphen(Alternative& alternative, const std::string& low,
                    const std::string& high) const;
    [[nodiscard]] bool holds(const Alternative& alternative, const SemVer& version) const;

    bool include_prerelease_;
    std::vector<Alternative> alternatives_;
};

}  // namespace catalog::version
