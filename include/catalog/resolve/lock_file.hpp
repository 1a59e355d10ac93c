#pragma once
// Lock file: a solution written down so that the next resolution can repeat it. Format page:
// docs/formats/lock-file.md.

#include <map>
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
    /// Members that the format does not know, each as JSON text: comments and other tools' notes.
    std::map<std::string, std::string> other;
};

/// A lock file's content. Written in one order, so that equal solutions give equal bytes.
///
/// Survives editing by hand: order and layout do not matter, a byte order mark is passed over, and
/// members that the format does not know are kept, of which names that begin with `//` are the way
/// to comment. What cannot be right (a package twice, a dependency that is not there, the marks of
/// a merge that was not finished) is an error that names its line and column.
struct LockFile {
    std::vector<std::string> roots;  ///< As written by the user.
    std::vector<LockEntry> packages;
    std::map<std::string, std::string> other;  ///< As LockEntry::other, of the document.

    [[nodiscard]] static LockFile from(const Request& request, const Solution& solution);
    /// Errors: kLockFileInvalid, naming line and column.
    [[nodiscard]] static Result<LockFile> decode(std::string_view text);
    /// Returns the text: pretty JSON, one package after another, final newline.
    [[nodiscard]] std::string encode() const;
    [[nodiscard]] std::vector<Locked> locked() const;
    /// Takes over the unknown members of an older file: the document's, and those of packages whose
    /// name and source are still there.
    void keep_other(const LockFile& older);
};

}  // namespace catalog::resolve
