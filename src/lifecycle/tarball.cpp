#include "tarball.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "catalog/internal/try.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::uint64_t kUnpackedBytesMax = std::uint64_t{1} << 30;
constexpr std::size_t kReadBytes = 256u << 10;

/// Feeds libarchive from a file of our file system.
struct ArchiveInput {
    std::unique_ptr<io::ReadableFile> file;
    std::uint64_t offset = 0;
    std::vector<std::byte> buffer = std::vector<std::byte>(kReadBytes);
    std::optional<Error> error;
};

la_ssize_t read_archive_input(archive* handle, void* data, const void** out) {
    auto& input = *static_cast<ArchiveInput*>(data);
    const Result<std::size_t> got = input.file->read_at(input.offset, input.buffer);
    if (!got) {
        input.error = got.error();
        ::archive_set_error(handle, EIO, "read error");
        return -1;
    }
    input.offset += *got;
    *out = input.buffer.data();
    return static_cast<la_ssize_t>(*got);
}

Error refused_archive(const std::string& path, std::string message) {
    return Error(Errc::kImportRefused, std::move(message)).with_input(path);
}

Result<Bytes> read_entry_bytes(archive* handle, const std::string& path, std::uint64_t& unpacked) {
    Bytes bytes;
    for (;;) {
        const void* block = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int status = ::archive_read_data_block(handle, &block, &size, &offset);
        if (status == ARCHIVE_EOF) return bytes;
        if (status != ARCHIVE_OK) return fail(refused_archive(path, "the archive is damaged"));
        unpacked += size;
        if (unpacked > kUnpackedBytesMax || static_cast<std::uint64_t>(offset) > kUnpackedBytesMax)
            return fail(Error(Errc::kLimitExceeded, "the archive holds more than 1 GiB",
                              LimitDetail{"tarball_bytes", kUnpackedBytesMax, unpacked})
                            .with_input(path)
                            .with_hint("unpack it and import the folder"));
        const auto* begin = static_cast<const std::byte*>(block);
        bytes.resize(static_cast<std::size_t>(offset));  // a hole in a sparse file reads as zeros
        bytes.insert(bytes.end(), begin, begin + size);
    }
}

Result<TarballEntry> read_entry(archive* handle, archive_entry* entry, const std::string& path,
                                std::uint64_t& unpacked) {
    TarballEntry result;
    const char* name = ::archive_entry_pathname(entry);
    if (name == nullptr)
        return fail(refused_archive(path, "the archive has an entry without a name"));
    result.path = name;
    const auto mode = ::archive_entry_perm(entry);
    result.executable = (mode & 0100) != 0;
    result.set_id = (mode & 06000) != 0;
    if (::archive_entry_hardlink(entry) != nullptr)
        return fail(refused_archive(path, "the archive has a hard link: " + result.path));
    if (::archive_entry_filetype(entry) == AE_IFLNK) {
        const char* target = ::archive_entry_symlink(entry);
        result.is_link = true;
        result.target = target != nullptr ? target : "";
        return result;
    }
    if (::archive_entry_filetype(entry) != AE_IFREG)
        return fail(refused_archive(
            path,
            "the archive holds something that is neither file, folder nor link: " + result.path));
    CATALOG_TRY(result.bytes, read_entry_bytes(handle, path, unpacked));
    return result;
}

}  // namespace

Result<std::vector<TarballEntry>> read_tarball(io::FileSystem& fs, const std::string& path,
                                               const Limits& limits) {
    ArchiveInput input;
    CATALOG_TRY(input.file, fs.open_read(path));
    const std::unique_ptr<archive, decltype(&::archive_read_free)> handle(::archive_read_new(),
                                                                          ::archive_read_free);
    if (handle == nullptr) return fail(Errc::kOutOfMemory, "no memory to read an archive");
    ::archive_read_support_filter_gzip(handle.get());
    ::archive_read_support_format_tar(handle.get());
    if (::archive_read_open(handle.get(), &input, nullptr, read_archive_input, nullptr) !=
        ARCHIVE_OK)
        return fail(input.error
                        ? *input.error
                        : refused_archive(path, "this is not a gzip-compressed tar archive"));
    std::vector<TarballEntry> entries;
    std::uint64_t unpacked = 0;
    for (;;) {
        archive_entry* entry = nullptr;
        const int status = ::archive_read_next_header(handle.get(), &entry);
        if (status == ARCHIVE_EOF) break;
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
            return fail(input.error ? *input.error
                                    : refused_archive(
                                          path, entries.empty()
                                                    ? "this is not a gzip-compressed tar archive"
                                                    : "the archive is damaged"));
        if (::archive_entry_filetype(entry) == AE_IFDIR) continue;
        if (entries.size() == limits.package_files_max)
            return fail(
                Error(
                    Errc::kLimitExceeded, "the archive has more entries than a package may have",
                    LimitDetail{"package_files_max", limits.package_files_max, entries.size() + 1})
                    .with_input(path));
        CATALOG_TRY(TarballEntry read, read_entry(handle.get(), entry, path, unpacked));
        entries.push_back(std::move(read));
    }
    if (entries.empty()) return fail(refused_archive(path, "the archive is empty"));
    return entries;
}

}  // namespace catalog::lifecycle
