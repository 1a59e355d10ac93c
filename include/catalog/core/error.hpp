#pragma once
// Error: the one value in which every failure of the library travels.
//
// An error is a single pointer to shared immutable data, so that success costs nothing and copies
// are cheap. It says what was wrong (message), where (input), what to do (hint), carries typed
// detail for programs, and may name its cause.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "catalog/core/errc.hpp"

namespace catalog {

/// Something that was asked for is not there.
struct NotFoundDetail {
    std::string kind;  ///< "package", "version", "file", "content", "key", "generation", ...
    std::string id;    ///< The id as the caller wrote it.
};

/// Two demands on one package's version cannot both hold.
struct VersionConflictDetail {
    std::string package;   ///< Name of the package.
    std::string required;  ///< The requirement, as written.
    std::string found;     ///< The version or the competing requirement that was found.
};

/// No set of packages satisfies a request.
struct ResolutionDetail {
    std::vector<std::string> roots;  ///< The requests that cannot stand together, as written.
    std::vector<std::string> steps;  ///< Readable derivation, one fact a line, in order.
};

/// A chain of packages that need each other, first name repeated at the end.
struct CycleDetail {
    std::vector<std::string> path;
};

/// A consensus proof was refused or could not be obtained.
struct ConsensusDetail {
    std::string
        proof;  ///< "stake", "time", "space" or "work"; empty when the provider does not say.
    std::string reason;  ///< Why, in the provider's words.
};

/// A security check said no.
struct SecurityDetail {
    std::string check;    ///< "signature", "trust", "policy", "access", "scan", ...
    std::string subject;  ///< Package, key or file that was refused.
};

/// A peer or a network operation failed.
struct NetworkDetail {
    std::string endpoint;
    std::string operation;
};

/// A file-system or database operation failed.
struct StorageDetail {
    std::string path;       ///< File or folder concerned.
    std::string operation;  ///< "open", "read", "fsync", "rename", ...
    int system_error = 0;   ///< errno, 0 when there is none.
};

/// Where in a text the error is.
struct LocationDetail {
    std::uint64_t line = 0;    ///< 1-based; 0 when unknown.
    std::uint64_t column = 0;  ///< 1-based, in bytes; 0 when unknown.
    std::uint64_t offset = 0;  ///< 0-based byte offset.
};

/// A bound of `Limits` was passed.
struct LimitDetail {
    std::string limit;          ///< Name of the field of `Limits`.
    std::uint64_t allowed = 0;  ///< In the field's unit.
    std::uint64_t actual = 0;   ///< In the field's unit; at least this much.
};

/// A state machine does not have that transition.
struct StateDetail {
    std::string from;
    std::string to;
};

/// Content does not match its digest.
struct CorruptionDetail {
    std::string expected;  ///< Digest that was expected, `sha256:hex`; may be empty.
    std::string actual;    ///< Digest that was found; may be empty.
    std::vector<std::string>
        affected;  ///< Packages and files that contain the damaged bytes, `name@version:path`.
};

/// Somebody else holds what is needed.
struct BusyDetail {
    std::string resource;  ///< What is held.
    std::string holder;    ///< Who holds it, for example "pid 4711 (catalog publish)".
};

/// Typed detail of an error; monostate when code and message say it all.
using ErrorDetail =
    std::variant<std::monostate, NotFoundDetail, VersionConflictDetail, ResolutionDetail,
                 CycleDetail, ConsensusDetail, SecurityDetail, NetworkDetail, StorageDetail,
                 LocationDetail, LimitDetail, StateDetail, CorruptionDetail, BusyDetail>;

/// One failure: code, message, input at fault, hint, typed detail and cause.
///
/// Thread safety: immutable and reference counted; copies may be used from different threads.
/// Cost: one allocation when made; a copy is one atomic increment.
class Error {
public:
    /// Makes an error. `message` is one sentence without a full stop that says what was wrong.
    Error(Errc code, std::string message);

    /// Makes an error with typed detail.
    Error(Errc code, std::string message, ErrorDetail detail);

    Error(const Error& other) noexcept;
    Error& operator=(const Error& other) noexcept;
    ~Error();

    /// Returns the stable code.
    [[nodiscard]] Errc code() const noexcept;

    /// Returns what was wrong, one sentence.
    [[nodiscard]] std::string_view message() const noexcept;

    /// Returns the input that is at fault (path, package id, option, line), or an empty view.
    [[nodiscard]] std::string_view input() const noexcept;

    /// Returns what the user can do, or an empty view.
    [[nodiscard]] std::string_view hint() const noexcept;

    /// Returns the typed detail.
    [[nodiscard]] const ErrorDetail& detail() const noexcept;

    /// Returns the detail as `T`, or null when it is of another type. Valid as long as this error
    /// or a copy lives.
    template <class T>
    [[nodiscard]] const T* detail_as() const noexcept {
        return std::get_if<T>(&detail());
    }

    /// Returns the error that led to this one, or null.
    [[nodiscard]] const Error* cause() const noexcept;

    /// Returns a copy that names the input at fault; a name that is already set is kept (the
    /// innermost knows best).
    [[nodiscard]] Error with_input(std::string input) const;

    /// Returns a copy with advice for the user; replaces earlier advice.
    [[nodiscard]] Error with_hint(std::string hint) const;

    /// Returns a copy with typed detail; replaces earlier detail.
    [[nodiscard]] Error with_detail(ErrorDetail detail) const;

    /// Returns a copy whose innermost cause is `cause`.
    [[nodiscard]] Error with_cause(const Error& cause) const;

    /// Returns "input: message: cause's message ..." on one line, without the hint.
    [[nodiscard]] std::string to_string() const;

private:
    struct Data;
    explicit Error(Data* data) noexcept : data_(data) {}
    [[nodiscard]] Data* clone() const;

    Data* data_;
};

}  // namespace catalog
