#include "posix_error.hpp"

#include <cerrno>
#include <system_error>

namespace catalog::io::posix {

namespace {

struct ErrnoRow {
    int system_error;
    Errc code;
    std::string_view hint;
};

constexpr std::string_view kHintAccess = "check the owner and the mode of the file and its folders";
constexpr std::string_view kHintSpace = "free space or move the library to a larger disk";
constexpr std::string_view kHintFiles = "raise the limit on open files (ulimit -n)";
constexpr std::string_view kHintReadOnly = "mount the file system writable";
constexpr std::string_view kHintDevice = "keep both paths on one file system";

constexpr ErrnoRow kErrnoTable[] = {
    {ENOENT, Errc::kFileNotFound, ""},
    {EEXIST, Errc::kFileExists, ""},
    {ENOTDIR, Errc::kNotADirectory, ""},
    {EISDIR, Errc::kIsADirectory, ""},
    {ENOTEMPTY, Errc::kNotEmpty, ""},
    {EACCES, Errc::kAccessDenied, kHintAccess},
    {EPERM, Errc::kAccessDenied, kHintAccess},
    {ENOSPC, Errc::kStorageFull, kHintSpace},
    {EDQUOT, Errc::kStorageFull, kHintSpace},
    {EFBIG, Errc::kStorageFull, kHintSpace},
    {ELOOP, Errc::kPathUnsafe, ""},
    {ENXIO, Errc::kFileKind, ""},  // a pipe without a reader, a socket
    {EMFILE, Errc::kTooManyOpenFiles, kHintFiles},
    {ENFILE, Errc::kTooManyOpenFiles, kHintFiles},
    {EROFS, Errc::kReadOnlyFileSystem, kHintReadOnly},
    {EXDEV, Errc::kUnsupported, kHintDevice},
    {EOPNOTSUPP, Errc::kUnsupported, ""},
    {ENOSYS, Errc::kUnsupported, ""},
    {EMLINK, Errc::kUnsupported, ""},
    {ENAMETOOLONG, Errc::kInvalidArgument, ""},
    {EINVAL, Errc::kInvalidArgument, ""},
    {ENOMEM, Errc::kOutOfMemory, ""},
    {EBUSY, Errc::kBusy, ""},
    {EAGAIN, Errc::kBusy, ""},
    {ETXTBSY, Errc::kBusy, ""},
};

const ErrnoRow* find_errno_row(int system_error) noexcept {
    for (const ErrnoRow& row : kErrnoTable)
        if (row.system_error == system_error) return &row;
    return nullptr;
}

}  // namespace

Errc errc_of(int system_error) noexcept {
    const ErrnoRow* row = find_errno_row(system_error);
    return row != nullptr ? row->code : Errc::kIo;
}

tl::unexpected<Error> fail_call(std::string_view operation, std::string_view path,
                                int system_error) {
    return fail_call(errc_of(system_error), operation, path, system_error);
}

tl::unexpected<Error> fail_call(Errc code, std::string_view operation, std::string_view path,
                                int system_error) {
    // strerror() shares one buffer between threads; the category does not.
    std::string message(operation);
    message.append(" failed: ").append(std::generic_category().message(system_error));
    Error error(code, std::move(message),
                StorageDetail{std::string(path), std::string(operation), system_error});
    error = error.with_input(std::string(path));
    const ErrnoRow* row = find_errno_row(system_error);
    if (row != nullptr && !row->hint.empty()) error = error.with_hint(std::string(row->hint));
    return fail(error);
}

tl::unexpected<Error> fail_plain(Errc code, std::string message, std::string_view operation,
                                 std::string_view path) {
    return fail(
        Error(code, std::move(message), StorageDetail{std::string(path), std::string(operation), 0})
            .with_input(std::string(path)));
}

Result<void> check_path(std::string_view path, std::string_view operation) {
    if (path.find('\0') == std::string_view::npos) return {};
    return fail_plain(Errc::kInvalidArgument, "the path contains a zero byte", operation, path);
}

}  // namespace catalog::io::posix
