#include "linked_files.hpp"

#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog/internal/try.hpp"
#include "catalog/lifecycle/file_cache.hpp"
#include "files_writer.hpp"
#include "folder_stack.hpp"
#include "tree_writer.hpp"

namespace catalog::lifecycle {

namespace {

/// Tells whether a file can be copied where it could not be shared for that reason.
bool copying_helps(Errc code) noexcept {
    switch (code) {
        case Errc::kUnsupported:   // Another file system, or as many links as a file can have.
        case Errc::kFileNotFound:  // Another process made room.
        case Errc::kAccessDenied:
        case Errc::kReadOnlyFileSystem:
        case Errc::kBusy:
        case Errc::kTooManyOpenFiles:
        case Errc::kStorageFull:
            return true;
        default:
            return false;
    }
}

class SharedTree {
public:
    SharedTree(const Services& services, const ExportOptions& options,
               const io::SafeDirectory& root, const CallContext& context,
               const std::function<void(std::uint64_t)>& written)
        : services_(services),
          options_(options),
          cache_(*options.cache),
          root_(root),
          context_(context),
          written_(written) {}

    Result<SharingReport> write(std::span<const package::FileEntry> entries) {
        sync_clones_ = options_.durable && file_sync_for(entries.size()) == FileSync::kEach;
        CATALOG_TRY_VOID(check_reach(entries.size()));
        CATALOG_TRY_VOID(write_present(entries));
        CATALOG_TRY_VOID(fill());
        CATALOG_TRY_VOID(write_late());
        CATALOG_TRY_VOID(write_copies());
        return std::move(report_);
    }

private:
    /// A content that files of the tree have.
    struct Content {
        CachedFile file;
        CacheState state = CacheState::kMissing;
        bool counted = false;  // Its bytes were told when the cache got it.
    };
    /// A file whose content was not in the cache when its turn came.
    struct Late {
        const package::FileEntry* entry;
        std::size_t content;
    };

    // Nothing is put into a cache that cannot serve this tree.
    Result<void> check_reach(std::size_t files) {
        CATALOG_TRY(const io::FileInfo here, root_.info(""));
        const Result<std::uint64_t> device = cache_.device();
        if (device && *device != here.device)
            return give_up(Error(Errc::kUnsupported, "the cache is on another file system")
                               .with_input(cache_.directory()));
        // One file costs no more than the probe.
        if (options_.sharing != FileSharing::kClone || files == 1) return {};
        const std::string probe = ".clone-probe";
        const std::string copy = probe + "-2";
        CATALOG_TRY(const auto file, root_.create_file(probe, 0600));
        CATALOG_TRY_VOID(file->append(as_bytes(std::string_view("probe"))));
        const auto cloned = root_.clone_file(root_, probe, copy, 0600);
        CATALOG_TRY_VOID(root_.remove_file(probe));
        if (cloned) return root_.remove_file(copy);
        if (copying_helps(cloned.error().code())) return give_up(cloned.error());
        return fail(cloned.error());
    }

    Result<void> give_up(const Error& why) {
        if (!report_.why_copied) report_.why_copied = why;
        reachable_ = false;
        return {};
    }

    Result<void> write_present(std::span<const package::FileEntry> entries) {
        FolderStack folders(root_);
        for (const package::FileEntry& entry : entries) {
            CATALOG_TRY_VOID(context_.check(*services_.clock));
            CATALOG_TRY(const FolderStack::Place place, folders.place_of(entry.path));
            switch (entry.kind) {
                case package::FileEntryKind::kDirectory:
                    CATALOG_TRY_VOID(place.folder->make_directories(place.name));
                    break;
                case package::FileEntryKind::kSymlink:
                    CATALOG_TRY_VOID(place.folder->make_symlink(entry.target, place.name));
                    break;
                case package::FileEntryKind::kRegular:
                    CATALOG_TRY_VOID(write_file(entry, place));
                    break;
            }
        }
        return {};
    }

    Result<void> write_file(const package::FileEntry& entry, const FolderStack::Place& place) {
        if (!reachable_) {
            copies_.push_back(&entry);
            return {};
        }
        const std::size_t content = content_of(entry);
        if (contents_[content].state == CacheState::kReady)
            return share(entry, contents_[content], place);
        late_.push_back({&entry, content});
        return {};
    }

    std::size_t content_of(const package::FileEntry& entry) {
        const bool executable = entry.mode == 0755;
        std::string key(as_text(entry.tree.bytes()));
        key.push_back(executable ? 'x' : '-');
        const auto [at, is_new] = indexes_.try_emplace(std::move(key), contents_.size());
        if (is_new) {
            const CachedFile file{entry.tree, executable, entry.size};
            contents_.push_back({file, cache_.state(file)});
            report_.replaced += contents_.back().state == CacheState::kChanged ? 1u : 0u;
        }
        return at->second;
    }

    Result<void> share(const package::FileEntry& entry, Content& content,
                       const FolderStack::Place& place) {
        Result<void> shared =
            options_.sharing == FileSharing::kClone
                ? cache_.clone(content.file, *place.folder, place.name, sync_clones_)
                : cache_.link(content.file, *place.folder, place.name);
        if (!shared && !copying_helps(shared.error().code())) return shared;
        if (!shared) {
            if (!report_.why_copied) report_.why_copied = shared.error();
            copies_.push_back(&entry);
            return {};
        }
        ++report_.shared;
        if (!std::exchange(content.counted, false)) written_(entry.size);
        return {};
    }

    Result<void> fill() {
        std::vector<CachedFile> missing;
        for (const Content& content : contents_)
            if (content.state != CacheState::kReady) missing.push_back(content.file);
        if (missing.empty()) return {};
        const Result<FillReport> filled =
            cache_.fill(missing, *services_.content, context_, written_);
        if (!filled && !copying_helps(filled.error().code())) return fail(filled.error());
        if (!filled) report_.why_copied = filled.error();
        if (filled) report_.added = filled->added;
        if (filled && filled->added < missing.size())
            report_.why_copied = Error(Errc::kLimitExceeded, "the cache has no room for all files")
                                     .with_input(cache_.directory())
                                     .with_hint("allow it more bytes");
        for (Content& content : contents_) {
            if (content.state == CacheState::kReady) continue;
            content.state = filled ? cache_.state(content.file) : CacheState::kMissing;
            content.counted = content.state == CacheState::kReady;
        }
        return {};
    }

    Result<void> write_late() {
        FolderStack folders(root_);
        for (const Late& late : late_) {
            CATALOG_TRY_VOID(context_.check(*services_.clock));
            Content& content = contents_[late.content];
            if (content.state != CacheState::kReady) {
                copies_.push_back(late.entry);
                continue;
            }
            CATALOG_TRY(const FolderStack::Place place, folders.place_of(late.entry->path));
            CATALOG_TRY_VOID(share(*late.entry, content, place));
        }
        return {};
    }

    // Like what is shared, so that the tree does not depend on what the cache could give.
    Result<void> write_copies() {
        if (copies_.empty()) return {};
        FileStyle style;
        if (options_.sharing == FileSharing::kLink) {
            style.plain_mode = FileCache::kPlainMode;
            style.executable_mode = FileCache::kExecutableMode;
            style.modified_ns = FileCache::kModifiedNs;
        }
        FileSync sync = FileSync::kTogether;
        if (options_.durable) {
            CATALOG_TRY(sync, file_sync_in(root_, copies_.size()));
        }
        const std::string location;
        FilesWriter writer(root_, location, sync, style, written_);
        for (const package::FileEntry* entry : copies_) writer.add(*entry);
        report_.copied = copies_.size();
        return writer.run(*services_.content, context_);
    }

    const Services& services_;
    const ExportOptions& options_;
    FileCache& cache_;
    const io::SafeDirectory& root_;
    const CallContext& context_;
    const std::function<void(std::uint64_t)>& written_;

    SharingReport report_;
    bool reachable_ = true;
    bool sync_clones_ = false;
    std::vector<Content> contents_;
    std::unordered_map<std::string, std::size_t> indexes_;
    std::vector<Late> late_;
    std::vector<const package::FileEntry*> copies_;
};

}  // namespace

Result<SharingReport> write_shared(const Services& services, const ExportOptions& options,
                                   const io::SafeDirectory& root,
                                   std::span<const package::FileEntry> entries,
                                   const CallContext& context,
                                   const std::function<void(std::uint64_t)>& written) {
    return SharedTree(services, options, root, context, written).write(entries);
}

Result<void> sync_shared(io::FileSystem& fs, const ExportOptions& options,
                         const io::SafeDirectory& root, const std::string& path) {
    if (options.sharing == FileSharing::kClone)
        return sync_tree(fs, root, path, FileSync::kTogether);
    Result<void> synced = root.sync_file_system();
    if (synced || synced.error().code() != Errc::kUnsupported) return synced;
    // Cached files are durable, and copies were synced one by one.
    return sync_tree(fs, root, path, FileSync::kEach);
}

}  // namespace catalog::lifecycle
