#include "quarantine.hpp"

#include <catalog/internal/try.hpp>

namespace catalog::content {
namespace {

constexpr std::size_t kCopyBytes = 1u << 20;
// How often one number of a pack may have been put aside.
constexpr int kNamesMax = 1000;

Result<void> copy_file(io::FileSystem& fs, const std::string& from, const std::string& to) {
    CATALOG_TRY(const auto source, fs.open_read(from));
    CATALOG_TRY(const auto file, fs.open_write(to, io::OpenMode::kCreateNew));
    Bytes buffer(kCopyBytes);
    for (std::uint64_t offset = 0;;) {
        CATALOG_TRY(const std::size_t count, source->read_at(offset, buffer));
        if (count == 0) break;
        CATALOG_TRY_VOID(file->append(ByteView(buffer).first(count)));
        offset += count;
    }
    CATALOG_TRY_VOID(file->sync());
    return file->close();
}

// Tells whether `to` is that file already: an earlier attempt was interrupted behind this step.
Result<bool> is_same_file(io::FileSystem& fs, const io::FileInfo& from, const std::string& to) {
    CATALOG_TRY(const io::FileInfo info, fs.info(to));
    return info.device == from.device && info.inode == from.inode;
}

}  // namespace

Result<void> keep_aside(const ContentOptions& options, PackId pack) {
    if (options.backend || !options.file_system) return {};
    io::FileSystem& fs = *options.file_system;
    const std::string from =
        io::join_path(io::join_path(options.directory, "packs"), pack_file_name(pack));
    const auto info = fs.info(from);
    if (!info && info.error().code() == Errc::kFileNotFound) return {};
    if (!info) return fail(info.error());
    const std::string folder = io::join_path(options.directory, "quarantine");
    CATALOG_TRY_VOID(io::make_directories_durably(fs, folder));
    const std::string name = io::join_path(folder, pack_file_name(pack));
    for (int number = 0; number < kNamesMax; ++number) {
        const std::string to = number == 0 ? name : name + "." + std::to_string(number);
        auto linked = fs.hard_link(from, to);
        if (!linked && linked.error().code() == Errc::kUnsupported)
            linked = copy_file(fs, from, to);
        if (linked) return fs.sync_directory(folder);
        if (linked.error().code() != Errc::kFileExists) return linked;
        CATALOG_TRY(const bool same, is_same_file(fs, *info, to));
        if (same) return fs.sync_directory(folder);
    }
    return fail(
        Error(Errc::kFileExists, "a damaged pack was put aside too often").with_input(name));
}

}  // namespace catalog::content
