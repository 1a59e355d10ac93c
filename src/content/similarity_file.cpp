#include "similarity_file.hpp"

#include <catalog/internal/try.hpp>

namespace catalog::content {
namespace {

// A table of the greatest size that SimilarityOptions allow, and its header.
constexpr std::uint64_t kSimilarityFileBytesMax = (std::uint64_t{1} << 30) + 4096;

}  // namespace

void load_similarity(io::FileSystem& fs, const std::string& path, SimilarityTable& table) {
    const auto bytes = io::read_file(fs, path, kSimilarityFileBytesMax);
    if (bytes) (void)table.load(as_bytes(*bytes));
}

Result<void> save_similarity(io::FileSystem& fs, const std::string& path,
                             const SimilarityTable& table) {
    const std::string temporary = path + ".new";
    CATALOG_TRY(const auto file, fs.open_write(temporary, io::OpenMode::kTruncate));
    auto saved = table.save([&](ByteView bytes) { return file->append(bytes); });
    if (saved) saved = file->close();
    if (saved) saved = fs.rename(temporary, path);
    if (!saved) (void)fs.remove_file(temporary);
    return saved;
}

}  // namespace catalog::content
