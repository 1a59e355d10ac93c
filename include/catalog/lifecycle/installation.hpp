#pragma once
// Installation, update and rollback: what stands in a prefix, generation by generation. Format
// page: docs/formats/prefix.md.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/core/result.hpp"
#include "catalog/lifecycle/services.hpp"
#include "catalog/package/manifest.hpp"
#include "catalog/resolve/lock_file.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::lifecycle {

/// How packages stand below `PREFIX/current`. Values are stored by name.
enum class Layout : std::uint8_t {
    kIsolated,     ///< `pkgs/NAME/VERSION/`.
    kMerged,       ///< All in one tree; conflicts are found before anything is written.
    kNodeModules,  ///< `node_modules/NAME/`, nested where two versions of a name meet.
};

[[nodiscard]] std::string_view layout_name(
    Layout layout) noexcept;  ///< "isolated", "merged", "node_modules"
[[nodiscard]] Result<Layout> parse_layout(std::string_view text);  ///< Errors: kInvalidArgument.

/// A package as it stands in a generation.
struct InstalledPackage {
    explicit InstalledPackage(PackageId package_id) : id(std::move(package_id)) {}
    PackageId id;
    package::PackageDigest digest;
    bool root = false;  ///< Asked for by the user, not only needed by others.
    std::vector<std::string>
        locations;  ///< Folders below the generation where it stands; merged: "".
    std::vector<std::string> dependencies;  ///< `name@version`.
    /// Links to its programs in the node_modules layout: path below the generation -> target.
    std::map<std::string, std::string> programs;
    friend bool operator==(const InstalledPackage&, const InstalledPackage&) = default;
};

/// One generation of a prefix.
struct Generation {
    std::uint64_t number = 0;  ///< From 1, never reused.
    bool current = false;
    std::string operation;  ///< "install", "uninstall", "update", "rollback".
    WallTime created;
    Layout layout = Layout::kIsolated;
    std::vector<std::string> roots;  ///< The user's requests, `NAME` or `NAME@REQ`, in order.
    std::vector<InstalledPackage> packages;
    std::uint64_t file_bytes = 0;
};

/// How to install.
class InstallOptions {
public:
    InstallOptions() = default;
    std::optional<Layout> layout;  ///< Default: the prefix's, for a new prefix kIsolated.
    bool development = false;
    bool build = false;
    std::vector<std::string> optional;
    version::Dialect dialect = version::Dialect::kCargo;  ///< Of requirement text in requests.
    std::optional<resolve::LockFile> lock;                ///< Preferred versions.
    /// Which of the answers is installed. kMinChange counts what differs from the lock and from
    /// what is installed; packages that an update names may change.
    resolve::Optimality optimality = resolve::Optimality::kLexRoots;
    bool dry_run = false;  ///< Resolve and check only.
};

/// What an operation did, or would do.
struct InstallReceipt {
    std::uint64_t generation = 0;    ///< The current one afterwards; 0 after a dry run.
    std::vector<std::string> added;  ///< `name@version`, sorted.
    std::vector<std::string> removed;
    std::vector<std::string> kept;
    std::uint64_t file_count = 0;  ///< Written.
    std::uint64_t file_bytes = 0;  ///< Written.
    bool unchanged = false;  ///< The prefix already stood like this; no new generation was made.
    bool proven = true;      ///< As resolve::Solution::proven; of a rollback always.
};

/// Damage in a prefix.
struct PrefixDamage {
    std::string package;  ///< `name@version`.
    std::string path;     ///< Below the generation.
    std::string what;     ///< "missing", "changed", "mode", "kind", "extra".
};

/// Installs, uninstalls, updates and rolls back in prefixes. A prefix is switched by one rename; a
/// crash anywhere leaves the old or the new generation current, and the next operation or
/// `reconcile` removes what is left over.
///
/// Thread safety: any thread; operations on one prefix exclude each other across processes (a lock
/// in the prefix, kBusy names the holder). The library itself is only read, apart from its note of
/// the prefix.
class InstallationManager {
public:
    explicit InstallationManager(Services services) : services_(std::move(services)) {}

    /// Installs requests (`NAME` or `NAME@REQ`) with their closure, beside what is installed.
    /// Where the policy says so the host's consensus is asked about each requested package that is
    /// added, before anything is written; `update` does the same. Errors: kConsensusRejected,
    /// kConsensusUnavailable, kInvalidArgument, kUnsatisfiable, kUnknownPackage, kInstallConflict
    /// (merged: two packages own a path), kContentNotFound (metadata only), kContentCorrupted,
    /// kSignatureInvalid, kUntrustedKey, kPrefixInvalid, kBusy, kStorageFull, kCancelled ...
    [[nodiscard]] Result<InstallReceipt> install(const std::string& prefix,
                                                 const std::vector<std::string>& requests,
                                                 const InstallOptions& options,
                                                 const CallContext& context);

    /// Takes roots away, and what only they needed. Errors: kNotInstalled, kStillRequired (a name
    /// that is no root, naming who needs it), kPrefixInvalid, kBusy ...
    [[nodiscard]] Result<InstallReceipt> uninstall(const std::string& prefix,
                                                   const std::vector<std::string>& names,
                                                   const InstallOptions& options,
                                                   const CallContext& context);

    /// Moves to the newest versions that the roots' requests allow; with names only those, the rest
    /// stays where it can. Errors: kNotInstalled, kInvalidArgument (kMinChange with neither names
    /// nor a lock: there is nothing to stay near to), as `install`.
    [[nodiscard]] Result<InstallReceipt> update(const std::string& prefix,
                                                const std::vector<std::string>& names,
                                                const InstallOptions& options,
                                                const CallContext& context);

    /// Makes `generation` current again, by default the one before the current one. Its files are
    /// checked first. Errors: kGenerationNotFound, kPrefixDamaged, kPrefixInvalid, kBusy.
    [[nodiscard]] Result<InstallReceipt> rollback(const std::string& prefix,
                                                  std::optional<std::uint64_t> generation,
                                                  const CallContext& context);

    /// Returns the generations, oldest first. Errors: kPrefixInvalid (no Catalog prefix).
    [[nodiscard]] Result<std::vector<Generation>> history(const std::string& prefix);
    [[nodiscard]] Result<Generation> current(const std::string& prefix);

    /// Compares every file of the current generation with the packages' file tables. Errors:
    /// kPrefixInvalid, kCancelled.
    [[nodiscard]] Result<std::vector<PrefixDamage>> verify(const std::string& prefix,
                                                           const CallContext& context);

    /// Finishes or takes back what a crash left in every prefix that the library has a note of.
    /// Returns how many were touched.
    [[nodiscard]] Result<std::uint64_t> reconcile(const CallContext& context);

    /// Returns the prefixes that the library has a note of.
    [[nodiscard]] Result<std::vector<std::string>> prefixes();

private:
    [[nodiscard]] Result<std::vector<PrefixDamage>> verify_generation(const std::string& prefix,
                                                                      const Generation& generation,
                                                                      const CallContext& context);

    Services services_;
};

}  // namespace catalog::lifecycle
