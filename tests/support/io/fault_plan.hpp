#pragma once
// Which call fails, and how: shared by the simulated file system and the wrapper around real ones.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"

namespace catalog::io::testing {

/// What a call does to a file system. The second group changes it.
enum class FileOperation : std::uint8_t {
    kAny,  ///< Only in fault rules: matches every call.

    kOpenRead,
    kOpenWrite,  ///< An existing file, without changing it.
    kOpenDirectory,
    kRead,
    kMap,
    kInfo,
    kList,
    kReadSymlink,
    kFreeSpace,
    kLock,
    kClose,

    kCreate,  ///< A file, by open_write, create_file or try_lock.
    kAppend,
    kWriteAt,
    kTruncate,  ///< Also an open with OpenMode::kTruncate, and try_lock of a file with text.
    kAllocate,
    kSetMode,
    kSetModified,
    kSync,
    kMakeDirectory,  ///< One for each folder that make_directories makes.
    kRename,
    kRemoveFile,  ///< Also one for each file that remove_tree removes.
    kRemoveDirectory,
    kMakeSymlink,
    kHardLink,
    kCloneFile,
    kSyncDirectory,
    kSyncFileSystem,
};

[[nodiscard]] std::string_view operation_name(FileOperation operation) noexcept;

/// Tells whether such a call changes the file system, and so is counted by crash_at.
[[nodiscard]] constexpr bool is_mutation(FileOperation operation) noexcept {
    return operation >= FileOperation::kCreate;
}

/// One call, as logs show it.
struct FileCall {
    std::uint64_t number = 0;  ///< 1-based; 0 for a call that is not counted.
    FileOperation operation = FileOperation::kAny;
    std::string path;
    std::string detail;  ///< "offset 0, 12 bytes", "to b", or empty.
};

/// Returns "   17 append       db/000004.log (offset 0, 12 bytes)".
[[nodiscard]] std::string to_text(const FileCall& call);

/// How a call fails.
class Fault {
public:
    Fault() = default;
    Fault(Errc code) : error(code) {}  // NOLINT(google-explicit-constructor): reads as its code

    Errc error = Errc::kIo;
    std::uint64_t bytes_kept = 0;    ///< A write that fails: that many bytes arrive first.
    std::uint64_t calls_spared = 0;  ///< So many calls that it could fail succeed before.
};

/// Rules that say which calls fail. Not thread-safe: its owner locks.
class FaultPlan {
public:
    /// The next call of that kind whose path contains `path_part` fails, once.
    void fail_next(FileOperation operation, std::string path_part, Fault fault);
    /// Every such call fails until clear().
    void fail_always(FileOperation operation, std::string path_part, Fault fault);
    /// The call with that number fails.
    void fail_nth(std::uint64_t number, Fault fault);
    void clear() { rules_.clear(); }

    /// Returns how this call fails, if it does, and uses up a rule that holds once.
    [[nodiscard]] std::optional<Fault> take(FileOperation operation, std::string_view path,
                                            std::uint64_t number);

private:
    struct Rule {
        FileOperation operation;
        std::string path_part;
        std::uint64_t number;  // 0: any
        bool once;
        Fault fault;
    };
    std::vector<Rule> rules_;
};

/// Makes the error of an injected fault or of a simulated call, shaped like a real one.
[[nodiscard]] tl::unexpected<Error> fail_file(Errc code, std::string message,
                                              FileOperation operation, std::string_view path);

}  // namespace catalog::io::testing
