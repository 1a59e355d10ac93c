#include "catalog/lifecycle/stored_tree.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "catalog/internal/try.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::uint32_t kTreeSetIdBits = 06000;
constexpr std::uint32_t kTreeExecuteBit = 0100;

// What one commit on the way holds at most.
constexpr std::uint64_t kCheckpointBytes = 64u << 20;
constexpr std::size_t kCheckpointFiles = 10'000;

// What every file table begins with.
constexpr std::string_view kTreeMagic = "CATFTBL1";

class TreePut {
public:
    TreePut(const Services& services, const std::string& directory, const CallContext& context)
        : services_(services), directory_(directory), context_(context) {}

    Result<StoredTree> run(std::string_view owner) {
        CATALOG_TRY_VOID(scan());
        CATALOG_TRY(transaction_, services_.content->begin());
        for (package::FileEntry& entry : entries_) CATALOG_TRY_VOID(put(entry));
        CATALOG_TRY(const package::FileTable table,
                    package::FileTable::make(std::move(entries_), services_.limits));
        CATALOG_TRY(const content::ObjectInfo info, transaction_->put_list(owner, table.encode()));
        CATALOG_TRY_VOID(services_.content->commit(*transaction_));
        stored_.id = info.id;
        return stored_;
    }

private:
    Result<void> scan() {
        // A list, not recursion: depth is input.
        std::vector<std::string> pending{""};
        while (!pending.empty()) {
            CATALOG_TRY_VOID(context_.check(*services_.clock));
            const std::string folder = std::move(pending.back());
            pending.pop_back();
            CATALOG_TRY(const std::vector<io::DirectoryEntry> found,
                        services_.fs->list(outside(folder)));
            if (found.empty() && !folder.empty()) add_folder(folder);
            for (const io::DirectoryEntry& entry : found) {
                std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
                // Before it is gone into: what lies below such a name is refused as well.
                CATALOG_TRY_VOID(package::check_package_path(path, services_.limits));
                if (entry.kind == io::FileKind::kDirectory)
                    pending.push_back(std::move(path));
                else
                    CATALOG_TRY_VOID(add(std::move(path)));
            }
        }
        // In the order of the table, in which neighbours in the tree are neighbours in the store.
        std::ranges::sort(entries_, {}, &package::FileEntry::path);
        return {};
    }

    void add_folder(const std::string& path) {
        package::FileEntry entry;
        entry.path = path;
        entry.kind = package::FileEntryKind::kDirectory;
        entry.mode = 0755;
        entries_.push_back(std::move(entry));
        ++stored_.folders;
    }

    Result<void> add(std::string path) {
        CATALOG_TRY(const io::FileInfo info, services_.fs->info(outside(path)));
        package::FileEntry entry;
        if (info.kind == io::FileKind::kSymlink) {
            CATALOG_TRY(entry.target, services_.fs->read_symlink(outside(path)));
            entry.kind = package::FileEntryKind::kSymlink;
            entry.mode = 0777;
            ++stored_.links;
        } else if (info.kind != io::FileKind::kRegular) {
            return fail(Error(Errc::kFileKind, "this is neither a file, a folder nor a link")
                            .with_input(outside(path)));
        } else if ((info.mode & kTreeSetIdBits) != 0) {
            return fail(Error(Errc::kModeRefused,
                              "a set-user-id or set-group-id file cannot be part of a tree")
                            .with_input(outside(path))
                            .with_hint("clear the bit with: chmod ug-s"));
        } else {
            entry.mode = (info.mode & kTreeExecuteBit) != 0 ? 0755 : 0644;
            entry.size = info.size;
            stored_.bytes += info.size;
            ++stored_.files;
        }
        entry.path = std::move(path);
        entries_.push_back(std::move(entry));
        return {};
    }

    Result<void> put(package::FileEntry& entry) {
        if (entry.kind != package::FileEntryKind::kRegular) return {};
        CATALOG_TRY_VOID(context_.check(*services_.clock));
        CATALOG_TRY(const std::unique_ptr<io::ReadableFile> file,
                    services_.fs->open_read(outside(entry.path)));
        std::uint64_t offset = 0;
        const content::ByteSource source = [&](std::span<std::byte> out) -> Result<std::size_t> {
            // The size is known, so the end needs no call of its own.
            if (offset == entry.size) return std::size_t{0};
            CATALOG_TRY_VOID(context_.check(*services_.clock));
            CATALOG_TRY(const std::size_t got, file->read_at(offset, out));
            offset += got;
            done_ += got;
            context_.report({"put", "files", "bytes", done_, stored_.bytes});
            return got;
        };
        CATALOG_TRY(const content::ObjectInfo info, transaction_->put(source));
        if (info.size != entry.size)
            return fail(Error(Errc::kContentChanged, "the file changed while it was stored")
                            .with_input(outside(entry.path))
                            .with_hint("store the folder again when nothing writes to it"));
        entry.tree = info.id;
        if (++files_since_ < kCheckpointFiles && done_ - committed_ < kCheckpointBytes) return {};
        files_since_ = 0;
        committed_ = done_;
        return services_.content->checkpoint(*transaction_);
    }

    [[nodiscard]] std::string outside(const std::string& path) const {
        return path.empty() ? directory_ : io::join_path(directory_, path);
    }

    const Services& services_;
    const std::string& directory_;
    const CallContext& context_;
    std::vector<package::FileEntry> entries_;
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
