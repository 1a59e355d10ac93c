#include "catalog/lifecycle/stored_tree.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "catalog/internal/try.hpp"
#include "catalog/package/file_table_writer.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::uint32_t kTreeSetIdBits = 06000;
constexpr std::uint32_t kTreeExecuteBit = 0100;

// What one commit on the way holds at most.
constexpr std::uint64_t kCheckpointBytes = 64u << 20;
constexpr std::size_t kCheckpointFiles = 10'000;

// Small files that are put together: enough to be hashed side by side.
constexpr std::size_t kTogetherBytes = 1u << 20;
constexpr std::size_t kTogetherFiles = 1024;
constexpr std::size_t kSmallBytes = 256u << 10;

// What every file table begins with.
constexpr std::string_view kTreeMagic = "CATFTBL1";

class TreePut {
public:
    TreePut(const Services& services, const std::string& directory, const CallContext& context)
        : services_(services), directory_(directory), context_(context) {}

    Result<StoredTree> run(std::string_view owner) {
        CATALOG_TRY_VOID(scan());
        CATALOG_TRY_VOID(begin_table());
        CATALOG_TRY(transaction_, services_.content->begin());
        CATALOG_TRY_VOID(put_all());
        CATALOG_TRY(const Bytes table, table_->finish());
        CATALOG_TRY(const content::ObjectInfo info, transaction_->put_list(owner, table));
        CATALOG_TRY_VOID(services_.content->commit(*transaction_));
        stored_.id = info.id;
        return stored_;
    }

private:
    using Entry = package::FileTableWriter::Added;

    /// What a scan found. A tree may have millions of them, so they are small.
    struct Found {
        std::uint64_t size = 0;
        std::uint32_t path_at = 0;  ///< In `paths_`.
        std::uint32_t path_bytes = 0;
        package::FileEntryKind kind = package::FileEntryKind::kRegular;
        bool executable = false;
    };

    Result<void> scan() {
        // A list, not recursion: depth is input.
        std::vector<std::string> pending{""};
        while (!pending.empty()) {
            CATALOG_TRY_VOID(context_.check(*services_.clock));
            const std::string folder = std::move(pending.back());
            pending.pop_back();
            CATALOG_TRY(const std::vector<io::DirectoryEntry> found,
                        services_.fs->list(outside(folder)));
            if (found.empty() && !folder.empty()) {
                CATALOG_TRY_VOID(note(folder, {.kind = package::FileEntryKind::kDirectory}));
                ++stored_.folders;
            }
            for (const io::DirectoryEntry& entry : found) {
                std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
                // Before it is gone into: what lies below such a name is refused as well.
                CATALOG_TRY_VOID(package::check_package_path(path, services_.limits));
                if (entry.kind == io::FileKind::kDirectory)
                    pending.push_back(std::move(path));
                else
                    CATALOG_TRY_VOID(add(path));
            }
        }
        // In the order of the table, in which neighbours in the tree are neighbours in the store.
        std::ranges::sort(found_, {}, [this](const Found& each) { return path_of(each); });
        return {};
    }

    Result<void> note(const std::string& path, Found found) {
        if (paths_.size() + path.size() > std::numeric_limits<std::uint32_t>::max())
            return fail(Errc::kLimitExceeded, "the paths of the folder take more than 4 GiB");
        found.path_at = static_cast<std::uint32_t>(paths_.size());
        found.path_bytes = static_cast<std::uint32_t>(path.size());
        paths_ += path;
        found_.push_back(found);
        table_bytes_ += package::FileTableWriter::entry_bytes_max(path);
        return {};
    }

    Result<void> add(const std::string& path) {
        CATALOG_TRY(const io::FileInfo info, services_.fs->info(outside(path)));
        if (info.kind == io::FileKind::kSymlink) {
            ++stored_.links;
            return note(path, {.kind = package::FileEntryKind::kSymlink});
        }
        if (info.kind != io::FileKind::kRegular)
            return fail(Error(Errc::kFileKind, "this is neither a file, a folder nor a link")
                            .with_input(outside(path)));
        if ((info.mode & kTreeSetIdBits) != 0)
            return fail(Error(Errc::kModeRefused,
                              "a set-user-id or set-group-id file cannot be part of a tree")
                            .with_input(outside(path))
                            .with_hint("clear the bit with: chmod ug-s"));
        stored_.bytes += info.size;
        ++stored_.files;
        return note(path, {.size = info.size, .executable = (info.mode & kTreeExecuteBit) != 0});
    }

    // Makes the file table, in which the files' trees are still to come, and forgets what the scan
    // found: while files are put, each is kept in memory in one form.
    Result<void> begin_table() {
        table_.emplace(services_.limits, table_bytes_);
        for (const Found& found : found_) {
            package::FileEntry entry;
            entry.path = path_of(found);
            entry.kind = found.kind;
            entry.size = found.size;
            entry.mode = mode_of(found);
            if (entry.kind == package::FileEntryKind::kSymlink) {
                CATALOG_TRY(entry.target, services_.fs->read_symlink(outside(entry.path)));
            }
            CATALOG_TRY_VOID(table_->add(entry));
        }
        std::vector<Found>().swap(found_);
        std::string().swap(paths_);
        return {};
    }

    // Small files are put together.
    Result<void> put_all() {
        std::size_t waiting = 0;
        for (std::size_t i = 0; i < table_->size(); ++i) {
            const Entry entry = table_->added(i);
            const bool is_small = entry.size <= kSmallBytes;
            if (!is_small || together_bytes_ + entry.size > kTogetherBytes ||
                i - waiting == kTogetherFiles) {
                CATALOG_TRY_VOID(put_together(waiting, i));
                waiting = i;
            }
            if (!is_small) {
                CATALOG_TRY_VOID(put(i, entry));
                waiting = i + 1;
            } else if (entry.kind == package::FileEntryKind::kRegular) {
                CATALOG_TRY_VOID(read_small(entry));
            }
        }
        return put_together(waiting, table_->size());
    }

    Result<void> read_small(const Entry& entry) {
        CATALOG_TRY_VOID(context_.check(*services_.clock));
        const std::string path = outside(entry.path);
        CATALOG_TRY(const std::unique_ptr<io::ReadableFile> file, services_.fs->open_read(path));
        if (!together_) together_ = std::make_unique_for_overwrite<std::byte[]>(kTogetherBytes);
        const std::span out(together_.get() + together_bytes_, entry.size);
        CATALOG_TRY(const std::size_t got, file->read_at(0, out));
        if (got != entry.size) return fail(changed(path));
        together_bytes_ += got;
        done_ += got;
        context_.report({"put", "files", "bytes", done_, stored_.bytes});
        return {};
    }

    // Puts what was read of the entries from `first` to `last`, and gives these their trees.
    Result<void> put_together(std::size_t first, std::size_t last) {
        std::vector<ByteView> objects;
        std::vector<std::size_t> numbers;
        ByteView rest(together_.get(), together_bytes_);
        for (std::size_t i = first; i < last; ++i) {
            const Entry entry = table_->added(i);
            if (entry.kind != package::FileEntryKind::kRegular) continue;
            objects.push_back(rest.first(entry.size));
            numbers.push_back(i);
            rest = rest.subspan(entry.size);
        }
        CATALOG_TRY(const std::vector<content::ObjectInfo> infos, transaction_->put_each(objects));
        for (std::size_t i = 0; i < numbers.size(); ++i) table_->set_tree(numbers[i], infos[i].id);
        together_bytes_ = 0;
        return checkpoint_now_and_then(infos.size());
    }

    static std::uint32_t mode_of(const Found& found) {
        if (found.kind == package::FileEntryKind::kSymlink) return 0777;
        return found.kind == package::FileEntryKind::kDirectory || found.executable ? 0755 : 0644;
    }

    Result<void> put(std::size_t number, const Entry& entry) {
        CATALOG_TRY_VOID(context_.check(*services_.clock));
        const std::string path = outside(entry.path);
        CATALOG_TRY(const std::unique_ptr<io::ReadableFile> file, services_.fs->open_read(path));
        const std::uint64_t done_before = done_;
        const content::RandomAccessSource source =
            [&](std::uint64_t offset, std::span<std::byte> out) -> Result<std::size_t> {
            // The size is known, so the end needs no call of its own.
            if (offset == entry.size) return std::size_t{0};
            CATALOG_TRY_VOID(context_.check(*services_.clock));
            CATALOG_TRY(const std::size_t got, file->read_at(offset, out));
            done_ = std::max(done_, done_before + offset + got);
            context_.report({"put", "files", "bytes", done_, stored_.bytes});
            return got;
        };
        CATALOG_TRY(const content::ObjectInfo info, transaction_->put_random_access(source));
        if (info.size != entry.size) return fail(changed(path));
        table_->set_tree(number, info.id);
        return checkpoint_now_and_then(1);
    }

    static Error changed(const std::string& path) {
        return Error(Errc::kContentChanged, "the file changed while it was stored")
            .with_input(path)
            .with_hint("store the folder again when nothing writes to it");
    }

    Result<void> checkpoint_now_and_then(std::size_t files) {
        files_since_ += files;
        if (files_since_ < kCheckpointFiles && done_ - committed_ < kCheckpointBytes) return {};
        files_since_ = 0;
        committed_ = done_;
        return services_.content->checkpoint(*transaction_);
    }

    [[nodiscard]] std::string_view path_of(const Found& found) const {
        return std::string_view(paths_).substr(found.path_at, found.path_bytes);
    }

    [[nodiscard]] std::string outside(std::string_view path) const {
        return path.empty() ? directory_ : io::join_path(directory_, path);
    }

    const Services& services_;
    const std::string& directory_;
    const CallContext& context_;
    // What was read of small files that are not put yet; kTogetherBytes long.
    std::unique_ptr<std::byte[]> together_;
    std::size_t together_bytes_ = 0;
    std::string paths_;
    std::vector<Found> found_;
    std::optional<package::FileTableWriter> table_;
    std::size_t table_bytes_ = 0;  // Of its file table, at most, but for targets of links.
    std::unique_ptr<content::ContentTransaction> transaction_;
    StoredTree stored_;
    std::uint64_t done_ = 0;       // Bytes.
    std::uint64_t committed_ = 0;  // Bytes.
    std::size_t files_since_ = 0;  // The last commit.
};

}  // namespace

Result<StoredTree> put_tree(const Services& services, const std::string& directory,
                            std::string_view owner, const CallContext& context) {
    CATALOG_TRY_VOID(context.check(*services.clock));
    return TreePut(services, directory, context).run(owner);
}

Result<std::optional<package::FileTable>> find_tree(content::ContentStorage& content,
                                                    const ContentHash& id, const Limits& limits,
                                                    const CallContext& context) {
    std::string head;
    const content::ByteSink keep_head = [&](ByteView bytes) -> Result<void> {
        head += as_text(bytes);
        return {};
    };
    CATALOG_TRY_VOID(content.retrieve(id, keep_head, context, {0, kTreeMagic.size()}));
    if (head != kTreeMagic) return std::nullopt;
    CATALOG_TRY(const Bytes bytes,
                content.retrieve_all(id, std::numeric_limits<std::uint32_t>::max(), context));
    CATALOG_TRY(package::FileTable table, package::FileTable::decode(bytes, limits));
    return table;
}

}  // namespace catalog::lifecycle
