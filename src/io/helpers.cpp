#include <algorithm>
#include <charconv>

#include "catalog/internal/try.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::io {

namespace {

constexpr std::string_view kTemporaryMark = ".tmp-";
constexpr unsigned kTemporarySlots = 1000;
constexpr std::size_t kReadStepBytes = 64u << 10;

struct TemporaryFile {
    std::string path;
    std::unique_ptr<WritableFile> file;
};

// Numbered names instead of random ones: a simulated run is then the same every time, and a slot
// that a crash left behind is only skipped.
Result<TemporaryFile> create_temporary(FileSystem& fs, const std::string& path,
                                       std::uint32_t mode) {
    for (unsigned slot = 0; slot < kTemporarySlots; ++slot) {
        std::string candidate = path;
        candidate.append(kTemporaryMark).append(std::to_string(slot));
        auto file = fs.open_write(candidate, OpenMode::kCreateNew, mode);
        if (file) return TemporaryFile{std::move(candidate), *std::move(file)};
        if (file.error().code() != Errc::kFileExists) return fail(std::move(file).error());
    }
    return fail(Error(Errc::kBusy, "every name for a temporary file is taken",
                      BusyDetail{path, std::string()})
                    .with_input(path)
                    .with_hint("remove the files beside it whose names end in `.tmp-` and a "
                               "number, when nothing is writing"));
}

Result<void> fill_and_rename(FileSystem& fs, TemporaryFile& temporary, const std::string& path,
                             ByteView bytes) {
    CATALOG_TRY_VOID(temporary.file->append(bytes));
    CATALOG_TRY_VOID(temporary.file->sync());
    CATALOG_TRY_VOID(temporary.file->close());
    return fs.rename(temporary.path, path);
}

Result<std::string> read_to_end(const ReadableFile& file, const std::string& path,
                                std::uint64_t size_hint, std::uint64_t bytes_max) {
    std::string text;
    // One byte more than the file has, so that the end is seen without a second step.
    std::size_t step = std::max<std::size_t>(static_cast<std::size_t>(size_hint) + 1, 256);
    for (;;) {
        const std::size_t before = text.size();
        text.resize(before + step);
        const auto out = std::as_writable_bytes(std::span(text.data() + before, step));
        CATALOG_TRY(const std::size_t count, file.read_at(before, out));
        text.resize(before + count);
        if (text.size() > bytes_max)
            return fail(Error(Errc::kLimitExceeded, "the file is longer than the limit",
                              LimitDetail{"bytes_max", bytes_max, text.size()})
                            .with_input(path));
        if (count < step) return text;
        step = kReadStepBytes;
    }
}

}  // namespace

Result<std::string> read_file(FileSystem& fs, const std::string& path, std::uint64_t bytes_max) {
    CATALOG_TRY(const auto file, fs.open_read(path));
    CATALOG_TRY(const FileInfo info, file->info());
    if (info.size > bytes_max)
        return fail(Error(Errc::kLimitExceeded, "the file is longer than the limit",
                          LimitDetail{"bytes_max", bytes_max, info.size})
                        .with_input(path));
    return read_to_end(*file, path, info.size, bytes_max);
}

Result<void> write_file_durably(FileSystem& fs, const std::string& path, ByteView bytes,
                                std::uint32_t mode) {
    CATALOG_TRY(TemporaryFile temporary, create_temporary(fs, path, mode));
    if (auto written = fill_and_rename(fs, temporary, path, bytes); !written) {
        temporary.file.reset();
        // The first error is the one to report; what stays behind has a temporary name.
        static_cast<void>(fs.remove_file(temporary.path));
        return written;
    }
    return fs.sync_directory(parent_path(path));
}

bool is_temporary_name(std::string_view name) noexcept {
    const std::size_t mark = name.rfind(kTemporaryMark);
    if (mark == std::string_view::npos || mark == 0) return false;
    const std::string_view digits = name.substr(mark + kTemporaryMark.size());
    unsigned slot = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), slot);
    return error == std::errc() && end == digits.data() + digits.size() && slot < kTemporarySlots &&
           (digits.size() == 1 || digits.front() != '0');
}

Result<void> make_directories_durably(FileSystem& fs, const std::string& path) {
    // Nearest first; every folder in the list is new, so its parent has a name to make durable.
    std::vector<std::string> missing;
    for (std::string folder = path;; folder = parent_path(folder)) {
        CATALOG_TRY(const bool present, exists(fs, folder));
        if (present) break;
        missing.push_back(folder);
        if (parent_path(folder) == folder) break;
    }
    CATALOG_TRY_VOID(fs.make_directories(path));
    for (const std::string& folder : missing)
        CATALOG_TRY_VOID(fs.sync_directory(parent_path(folder)));
    return {};
}

Result<bool> exists(FileSystem& fs, const std::string& path) {
    const auto info = fs.info(path);
    if (info) return true;
    if (info.error().code() == Errc::kFileNotFound) return false;
    // A file where a folder was expected: there is nothing beneath it.
    if (info.error().code() == Errc::kNotADirectory) return false;
    return fail(info.error());
}

}  // namespace catalog::io
