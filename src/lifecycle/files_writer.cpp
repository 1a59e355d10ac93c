#include "files_writer.hpp"

#include <utility>

#include "catalog/internal/try.hpp"

namespace catalog::lifecycle {

std::string path_below(const std::string& location, const std::string& path) {
    if (location.empty()) return path;
    return path.empty() ? location : location + "/" + path;
}

void FilesWriter::add(const package::FileEntry& entry) {
    ids_.push_back(entry.tree);
    files_.emplace_back(&entry, nullptr);
}

Result<void> FilesWriter::run(content::ContentStorage& content, const CallContext& context) {
    for (std::size_t i = 0; i < files_.size(); ++i)
        if (files_[i].entry->size == 0) CATALOG_TRY_VOID(write_empty(i));
    CATALOG_TRY_VOID(content.retrieve_each(
        ids_, [this](std::size_t index, ByteView bytes) { return take(index, bytes); }, context));
    for (const File& file : files_)
        if (!file.done) return fail(other_size(*file.entry));
    return {};
}

Error FilesWriter::other_size(const package::FileEntry& entry) const {
    return Error(Errc::kContentCorrupted, "the content has another size than the file table says",
                 CorruptionDetail{entry.tree.to_string(), "", {}})
        .with_input(path_below(location_, entry.path));
}

Result<void> FilesWriter::write_empty(std::size_t index) {
    CATALOG_TRY_VOID(create(index));
    return finish(index);
}

Result<void> FilesWriter::create(std::size_t index) {
    File& file = files_[index];
    const std::string path = path_below(location_, file.entry->path);
    const std::uint32_t mode = style_.mode_of(*file.entry);
    CATALOG_TRY(const OpenFolders::Place place, folders_.place_of(path));
    auto made = place.folder->create_file(place.name, mode);
    if (!made && made.error().code() == Errc::kTooManyOpenFiles) {
        folders_.close();
        made = root_.create_file(path, mode);
    }
    if (!made) return fail(made.error());
    file.open = *std::move(made);
    return {};
}

Result<void> FilesWriter::take(std::size_t index, ByteView bytes) {
    File& file = files_[index];
    if (file.done) return fail(other_size(*file.entry));
    if (!file.open) CATALOG_TRY_VOID(create(index));
    if (bytes.size() > file.entry->size - file.open->size()) return fail(other_size(*file.entry));
    CATALOG_TRY_VOID(file.open->append(bytes));
    if (file.open->size() == file.entry->size) CATALOG_TRY_VOID(finish(index));
    const internal::MutexLock lock(mutex_);
    written_(bytes.size());
    return {};
}

Result<void> FilesWriter::finish(std::size_t index) {
    File& file = files_[index];
    CATALOG_TRY_VOID(set_mode(file));
    if (style_.modified_ns) CATALOG_TRY_VOID(file.open->set_modified(*style_.modified_ns));
    if (sync_ == FileSync::kEach) CATALOG_TRY_VOID(file.open->sync());
    file.done = true;
    const auto closing = std::exchange(file.open, nullptr);
    return closing->close();
}

Result<void> FilesWriter::set_mode(File& file) {
    const std::uint32_t mode = style_.mode_of(*file.entry);
    std::atomic<Kept>& kept = file.entry->mode == 0755 ? executables_kept_ : plain_kept_;
    if (kept.load(std::memory_order_relaxed) == Kept::kUnknown) {
        CATALOG_TRY(const io::FileInfo info, root_.info(path_below(location_, file.entry->path)));
        kept.store(info.mode == mode ? Kept::kYes : Kept::kNo, std::memory_order_relaxed);
    }
    if (kept.load(std::memory_order_relaxed) == Kept::kYes) return {};
    return file.open->set_mode(mode);
}

}  // namespace catalog::lifecycle
