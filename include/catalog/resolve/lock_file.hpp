#pragma once
// Lock file: a solution written down so that the next resolution can repeat it. Format page:
// docs/formats/lock-file.md.

#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::resolve {

/// One locked package.
struct LockEntry {
    std::string name;
    version::SemVer version;
    std::string source_id;  ///< Empty for the registry.
    std::string digest;     ///< Package digest, `sha256:hex`; empty when unknown.
    std::vector<std::string> features;
    std::vector<std::string> dependencies;  ///< `name@version` of what it was resolved to.
};

/// A lock file's content. Written in one order, so that equal solutions give equal bytes.
struct LockFile {
    std::vector<std::string> roots;  ///< As written by the user.
    std::vector<LockEntry> packages;

    [[nodiscard]] static LockFile from(const Request& request, const Solution& solution);
    /// Errors: kLockFileInvalid, naming line and column.
    [[nodiscard]] static Result<LockFile> decode(std::string_view text);
    /// Returns the text: pretty JSON, one package after another, final newline.
    [[nodiscard]] std::string encode() const;
    [[nodiscard]] std::vector<Locked> locked() const;
};

}  // namespace catalog::resolve
