#include "catalog/lifecycle/content_exporter.hpp"

#include <utility>

#include "catalog/internal/try.hpp"
#include "catalog/lifecycle/stored_tree.hpp"
#include "linked_files.hpp"
#include "tree_writer.hpp"

namespace catalog::lifecycle {

namespace {

constexpr std::size_t kNamedDigits = 16;

std::string without_slash(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

Result<void> check_options(const ExportOptions& options) {
    if (options.sharing == FileSharing::kNone || options.cache != nullptr) return {};
    return fail(Errc::kInvalidArgument, "files cannot be shared without a cache");
}

ExportReport report_of(const package::FileTable& table) {
    ExportReport report;
    report.bytes = table.total_bytes();
    for (const package::FileEntry& entry : table.entries()) {
        report.files += entry.kind == package::FileEntryKind::kRegular ? 1u : 0u;
        report.links += entry.kind == package::FileEntryKind::kSymlink ? 1u : 0u;
        report.folders += entry.kind == package::FileEntryKind::kDirectory ? 1u : 0u;
    }
    return report;
}

}  // namespace

// Returns the temporary name, after what an earlier attempt left there was removed.
Result<std::string> ContentExporter::make_room(const ContentHash& id,
                                               const std::string& out) const {
    // Folders above it are not made: who mistypes a path is told.
    CATALOG_TRY(const std::unique_ptr<io::SafeDirectory> above,
                services_.fs->open_directory(io::parent_path(out)));
    CATALOG_TRY(const bool there, io::exists(*services_.fs, out));
    if (there)
        return fail(Error(Errc::kFileExists, "the place to export to is taken")
                        .with_input(out)
                        .with_hint("name one that does not exist"));
    std::string partial = out + ".partial-" + to_hex(id.bytes()).substr(0, kNamedDigits);
    CATALOG_TRY_VOID(services_.fs->remove_tree(partial));
    return partial;
}

Result<void> ContentExporter::put_in_place(bool written, const std::string& partial,
                                           const std::string& out,
                                           const ExportOptions& options) const {
    const auto rename = [&]() -> Result<void> {
        // An empty folder that came meanwhile would be replaced without a word.
        CATALOG_TRY(const bool there, io::exists(*services_.fs, out));
        if (there)
            return fail(Error(Errc::kFileExists, "the place to export to was taken meanwhile")
                            .with_input(out));
        CATALOG_TRY_VOID(services_.fs->rename(partial, out));
        return options.durable ? services_.fs->sync_directory(io::parent_path(out))
                               : Result<void>();
    };
    const Result<void> renamed = written ? rename() : Result<void>();
    if (!written || !renamed) static_cast<void>(services_.fs->remove_tree(partial));
    return renamed;
}

Result<SharingReport> ContentExporter::write_tree(const package::FileTable& table,
                                                  const std::string& partial,
                                                  const ExportOptions& options,
                                                  const CallContext& context) const {
    CATALOG_TRY_VOID(services_.fs->make_directories(partial));
    CATALOG_TRY(const std::unique_ptr<io::SafeDirectory> root,
                services_.fs->open_directory(partial));
    std::uint64_t done = 0;
    const std::function<void(std::uint64_t)> written = [&](std::uint64_t bytes) {
        done += bytes;
        context.report({"export", "files", "bytes", done, table.total_bytes()});
    };
    if (options.sharing != FileSharing::kNone) {
        CATALOG_TRY(SharingReport shared,
                    write_shared(services_, options, *root, table.entries(), context, written));
        if (options.durable) CATALOG_TRY_VOID(sync_shared(*services_.fs, options, *root, partial));
        return shared;
    }
    const FileSync sync =
        options.durable ? file_sync_for(table.entries().size()) : FileSync::kTogether;
    CATALOG_TRY_VOID(write_package(services_, *root, "", table, sync, context, written));
    if (options.durable) CATALOG_TRY_VOID(sync_tree(*services_.fs, *root, partial, sync));
    return SharingReport();
}

Result<ExportReport> ContentExporter::export_tree(const ContentHash& tree, const std::string& out,
                                                  const ExportOptions& options,
                                                  const CallContext& context) const {
    CATALOG_TRY_VOID(context.check(*services_.clock));
    CATALOG_TRY_VOID(check_options(options));
    const std::string place = without_slash(out);
    CATALOG_TRY(const std::optional<package::FileTable> table,
                find_tree(*services_.content, tree, services_.limits, context));
    if (!table)
        return fail(Error(Errc::kFileKind, "this object is a file and no tree")
                        .with_input(tree.to_string()));
    CATALOG_TRY(const std::string partial, make_room(tree, place));
    const Result<SharingReport> written = write_tree(*table, partial, options, context);
    CATALOG_TRY_VOID(put_in_place(written.has_value(), partial, place, options));
    if (!written) return fail(written.error());
    ExportReport report = report_of(*table);
    report.sharing = *written;
    return report;
}

Result<ExportReport> ContentExporter::write_object(const ContentHash& id,
                                                   const std::string& partial,
                                                   const ExportOptions& options,
                                                   const CallContext& context) const {
    CATALOG_TRY(const content::ObjectInfo info, services_.content->info(id));
    if (options.sharing != FileSharing::kNone) return share_object(info, partial, options, context);
    CATALOG_TRY(const std::unique_ptr<io::WritableFile> file,
                services_.fs->open_write(partial, io::OpenMode::kCreateNew));
    const content::ByteSink sink = [&](ByteView bytes) -> Result<void> {
        CATALOG_TRY_VOID(file->append(bytes));
        context.report({"export", "files", "bytes", file->size(), info.size});
        return {};
    };
    CATALOG_TRY_VOID(services_.content->retrieve(id, sink, context));
    if (options.durable) CATALOG_TRY_VOID(file->sync());
    CATALOG_TRY_VOID(file->close());
    return ExportReport{1, 0, 0, info.size, {}};
}

// A tree of one file, whose root is the folder above: only the file itself is synced there.
Result<ExportReport> ContentExporter::share_object(const content::ObjectInfo& info,
                                                   const std::string& partial,
                                                   const ExportOptions& options,
                                                   const CallContext& context) const {
    CATALOG_TRY(const std::unique_ptr<io::SafeDirectory> root,
                services_.fs->open_directory(io::parent_path(partial)));
    package::FileEntry entry;
    entry.path = partial.substr(partial.rfind('/') + 1);
    entry.size = info.size;
    entry.tree = info.id;
    std::uint64_t done = 0;
    const std::function<void(std::uint64_t)> written = [&](std::uint64_t bytes) {
        done += bytes;
        context.report({"export", "files", "bytes", done, info.size});
    };
    CATALOG_TRY(SharingReport shared,
                write_shared(services_, options, *root, std::span(&entry, 1), context, written));
    return ExportReport{1, 0, 0, info.size, std::move(shared)};
}

Result<ExportReport> ContentExporter::export_object(const ContentHash& id, const std::string& out,
                                                    const ExportOptions& options,
                                                    const CallContext& context) const {
    CATALOG_TRY_VOID(context.check(*services_.clock));
    CATALOG_TRY_VOID(check_options(options));
    CATALOG_TRY(const std::string partial, make_room(id, out));
    Result<ExportReport> written = write_object(id, partial, options, context);
    CATALOG_TRY_VOID(put_in_place(written.has_value(), partial, out, options));
    return written;
}

}  // namespace catalog::lifecycle
