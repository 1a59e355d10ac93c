// Archives of npm pack, compressed or not: what is accepted has safe paths only, every link stays
// inside the package, and nothing is larger than the limits say.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "catalog/io/file_system.hpp"
#include "catalog/lifecycle/npm_import.hpp"
#include "catalog/package/file_table.hpp"
#include "support/io/simulated_file_system.hpp"
#include "tarball.hpp"

using namespace catalog;             // NOLINT: one file, one program
using namespace catalog::lifecycle;  // NOLINT

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

/// Tells whether a link at `path` with that target leads out of the package.
bool escapes(std::string_view path, std::string_view target) {
    if (target.starts_with('/')) return true;
    int depth = -1;  // of the link's folder
    for (const char c : path) depth += c == '/' ? 1 : 0;
    ++depth;
    while (!target.empty()) {
        const std::size_t slash = std::min(target.find('/'), target.size());
        const std::string_view part = target.substr(0, slash);
        if (part == "..")
            --depth;
        else if (!part.empty() && part != ".")
            ++depth;
        if (depth < 0) return true;
        target.remove_prefix(std::min(slash + 1, target.size()));
    }
    return false;
}

void check_draft(const PackageDraft& draft, const Limits& limits) {
    require(draft.files.size() <= limits.package_files_max);
    std::set<std::string> paths;
    for (const DraftFile& file : draft.files) {
        require(io::check_relative_path(file.path).has_value());
        require(file.path.size() <= limits.path_bytes_max);
        require(paths.insert(file.path).second);
        if (file.kind == package::FileEntryKind::kSymlink)
            require(!escapes(file.path, file.target));
        if (file.kind != package::FileEntryKind::kRegular) continue;
        require(file.mode == 0644 || file.mode == 0755);
        Result<content::ByteSource> source = file.open();
        require(source.has_value());
        Bytes buffer(4096);
        std::uint64_t bytes = 0;
        for (;;) {
            const Result<std::size_t> got = (*source)(buffer);
            require(got.has_value());
            if (*got == 0) break;
            bytes += *got;
        }
        require(bytes == file.size_hint);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto fs = io::testing::SimulatedFileSystem::make();
    const auto file = fs->open_write("/in.tgz", io::OpenMode::kCreateNew);
    require(file.has_value());
    require((*file)->append({reinterpret_cast<const std::byte*>(data), size}).has_value());
    require((*file)->close().has_value());
    Limits limits;
    limits.package_files_max = 1000;
    const auto entries = read_tarball(*fs, "/in.tgz", limits);
    if (entries) {
        require(entries->size() <= limits.package_files_max);
        std::uint64_t bytes = 0;
        for (const TarballEntry& entry : *entries) bytes += entry.bytes.size();
        require(bytes <= std::uint64_t{1} << 30);
    } else {
        require(!entries.error().input().empty());
    }
    const auto drafts = drafts_from_npm(fs, "/in.tgz", limits);
    if (!drafts) return 0;
    require(entries.has_value() && drafts->size() == 1);
    check_draft(drafts->front(), limits);
    return 0;
}
