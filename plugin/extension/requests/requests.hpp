#pragma once
// Requests: the methods that a host calls by name with parameters in JSON. docs/requests.md lists
// them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "catalog/core/call_context.hpp"
#include "catalog/core/error.hpp"
#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"
#include "catalog/library/asset_library.hpp"
#include "requests/parameters.hpp"

namespace catalog::extension {

/// What requests may touch.
class RequestSettings {
public:
    RequestSettings() = default;

    std::string data_dir;  ///< Absolute. Paths below it need no capability; empty: there is none.
    std::uint64_t granted = 0;  ///< Bits 1 << HMX_CAP_*: what the host has granted.
};

struct RequestCall;

/// One method. Methods live as long as the program.
struct Method {
    std::string_view name;
    /// Other names, separated by spaces. Each name may also be written with `catalog.` before it.
    std::string_view aliases = {};   // NOLINT(readability-redundant-member-init): as in Parameter
    std::uint64_t capabilities = 0;  ///< Bits that every call of it needs.
    bool writes = false;             ///< Changes the library or a prefix.
    // NOLINTBEGIN(readability-redundant-member-init): as in Parameter
    std::string_view help = {};    ///< One line.
    std::string_view result = {};  ///< Members of the answer, one line.
    std::span<const Parameter> parameters = {};
    // NOLINTEND(readability-redundant-member-init)
    /// Null for a method that hosts know and this library does not have: `help` says why.
    Result<json::Object> (*handler)(const RequestCall& call) = nullptr;
};

/// Answers requests from a library. Immutable.
///
/// Thread safety: any thread. Lifetime: the library must outlive it. Blocking: as the library's
/// calls; long ones watch the context's stop token and deadline and report progress through it.
class Requests {
public:
    Requests(library::AssetLibrary& library, RequestSettings settings);

    /// Returns the method of that name or alias, null when there is none.
    [[nodiscard]] static const Method* find(std::string_view name) noexcept;
    /// Returns all methods, in the order of docs/requests.md.
    [[nodiscard]] static std::span<const Method> methods() noexcept;
    /// Returns the error for a name that `find` does not know: kUnsupported, with near names as
    /// hint.
    [[nodiscard]] static Error unknown_method(std::string_view name);

    /// Answers one request: the `data` of its envelope. With `dry_run` nothing is changed. Errors:
    /// those of Arguments::read; kPermissionDenied (a path outside the data folder without
    /// HMX_CAP_FILESYSTEM_ACCESS); kPathUnsafe (a path in the library's own folder); kUnsupported
    /// (a dry run of a method that changes something and has none; a method of hosts that this
    /// library does not have); those of the library.
    [[nodiscard]] Result<json::Object> call(const Method& method, const json::Object& params,
                                            const CallContext& context, bool dry_run = false) const;

private:
    library::AssetLibrary& library_;
    RequestSettings settings_;
    std::string library_folder_;
};

/// Returns what is to be told of a failed request beside its message: `code`, `message`, `input`,
/// `hint` as the command line's `--json` has them, and for a resolution that cannot be `roots` and
/// `steps`.
[[nodiscard]] json::Object failure_data(const Error& error);

}  // namespace catalog::extension
