// The content of a library: reading files, mending the store, and which files its objects are.

#include <set>

#include "catalog/content/key_use.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/lifecycle/package_reader.hpp"
#include "library_impl.hpp"

namespace catalog::library {

Result<content::RepairReport> AssetLibrary::repair_content(const content::RepairOptions& options,
                                                           const CallContext& context) {
    return impl_->metrics.measure(
        Operation::kRepairContent, [&]() -> Result<content::RepairReport> {
            CATALOG_TRY_VOID(impl_->enter_writing(context, package::Verb::kAdmin, ""));
            return impl_->content->repair(options, context);
        });
}

const content::AdoptionReport& AssetLibrary::adopted_packs() const noexcept {
    return impl_->adopted;
}

Result<ContentRepack> AssetLibrary::repack_content(const content::RepackOptions& options,
                                                   const CallContext& context) {
    return impl_->metrics.measure(Operation::kRepackContent, [&]() -> Result<ContentRepack> {
        CATALOG_TRY_VOID(impl_->enter_writing(context, package::Verb::kAdmin, ""));
        ContentRepack done;
        CATALOG_TRY(done.report, impl_->content->repack(options, context));
        if (options.rekey) {
            CATALOG_TRY(done.generations_dropped, impl_->drop_unused_keys());
        }
        return done;
    });
}

Result<std::vector<content::KeyGeneration>> AssetLibrary::Impl::drop_unused_keys() {
    std::vector<content::KeyGeneration> dropped;
    // What a host's own backend keeps where, and under which keys, is not known here.
    if (!keys || environment.storage_backend) return dropped;
    CATALOG_TRY(content::KeySlots slots, open_key_slots(environment.file_system, path));
    CATALOG_TRY(const auto use, content::find_key_use(*environment.file_system, path));
    for (const content::KeyGeneration each :
         content::unused_generations(slots.generations(), use)) {
        CATALOG_TRY(keys, slots.drop_generation(*keys, each, *environment.random));
        dropped.push_back(each);
    }
    return dropped;
}

Result<std::vector<ObjectUser>> AssetLibrary::users_of(std::span<const ContentHash> objects,
                                                       const CallContext& context) {
    CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, ""));
    const std::set<ContentHash> wanted(objects.begin(), objects.end());
    std::vector<ObjectUser> users;
    if (wanted.empty()) return users;
    const lifecycle::Services& services = impl_->services;
    const auto look_at = [&](const index::IndexEntry& entry) -> Result<void> {
        CATALOG_TRY_VOID(context.check(*services.clock));
        const std::string id = entry.id.to_string();
        const auto manifest = services.index->manifest(entry.digest);
        if (!manifest) return {};
        const auto object = services.store->get(services.families.file_tables,
                                                std::string(as_text(entry.digest.hash.bytes())));
        if (object && *object) {
            const auto table_id =
                ContentHash::from_digest(HashAlgorithm::kSha256, as_bytes(**object));
            if (table_id && wanted.contains(*table_id)) users.push_back({*table_id, id, ""});
        }
        const auto table = lifecycle::load_file_table(services, entry.digest, *manifest, context);
        if (!table) {
            const bool interrupted =
                errc_category(table.error().code()) == ErrorCategory::kInterrupted;
            return interrupted ? Result<void>(fail(table.error())) : Result<void>();
        }
        for (const package::FileEntry& file : table->entries())
            if (file.kind == package::FileEntryKind::kRegular && wanted.contains(file.tree))
                users.push_back({file.tree, id, file.path});
        return {};
    };
    CATALOG_TRY_VOID(services.index->for_each(look_at));
    return users;
}

Result<package::FileTable> AssetLibrary::file_table(const package::PackageDigest& digest,
                                                    const CallContext& context) {
    return impl_->metrics.measure(Operation::kFileTable, [&]() -> Result<package::FileTable> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, ""));
        CATALOG_TRY(const package::Manifest manifest, impl_->index->manifest(digest));
        return lifecycle::load_file_table(impl_->services, digest, manifest, context);
    });
}

Result<std::string> AssetLibrary::envelope(const package::PackageDigest& digest,
                                           const CallContext& context) {
    CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, ""));
    return lifecycle::load_envelope(impl_->services, digest);
}

Result<package::FileEntry> AssetLibrary::Impl::find_file(const PackageId& id,
                                                         std::string_view file_path,
                                                         const CallContext& context) {
    CATALOG_TRY_VOID(enter(context, package::Verb::kRead, id.name().view()));
    CATALOG_TRY(const index::IndexEntry entry, index->find(id));
    CATALOG_TRY(const package::Manifest manifest, index->manifest(entry.digest));
    CATALOG_TRY(const package::FileTable table,
                lifecycle::load_file_table(services, entry.digest, manifest, context));
    const package::FileEntry* found = table.find(file_path);
    if (found == nullptr || found->kind != package::FileEntryKind::kRegular)
        return fail(
            Error(Errc::kNotFound,
                  found == nullptr ? "the package has no such file" : "this is not a regular file",
                  NotFoundDetail{"file", std::string(file_path)})
                .with_input(id.to_string() + ":" + std::string(file_path)));
    return *found;
}

Result<void> AssetLibrary::read_file(const PackageId& id, std::string_view path,
                                     const content::ByteSink& sink, const CallContext& context) {
    return impl_->metrics.measure(Operation::kReadFile, [&]() -> Result<void> {
        CATALOG_TRY(const package::FileEntry file, impl_->find_file(id, path, context));
        const auto counted = [&](ByteView bytes) -> Result<void> {
            impl_->metrics.read_bytes.add(bytes.size());
            return sink(bytes);
        };
        return impl_->content->retrieve(file.tree, counted, context);
    });
}

Result<std::unique_ptr<OpenFile>> AssetLibrary::open_file(const PackageId& id,
                                                          std::string_view path,
                                                          const CallContext& context) {
    return impl_->metrics.measure(Operation::kOpenFile, [&]() -> Result<std::unique_ptr<OpenFile>> {
        CATALOG_TRY(const package::FileEntry file, impl_->find_file(id, path, context));
        CATALOG_TRY(auto object, impl_->content->open_object(file.tree));
        if (object->info().size != file.size)
            return fail(Error(Errc::kContentCorrupted,
                              "the stored file is not as long as the file table says",
                              CorruptionDetail{file.tree.to_string(), {}, {id.to_string()}})
                            .with_input(id.to_string() + ":" + file.path));
        return std::make_unique<OpenFile>(file.mode, std::move(object));
    });
}

}  // namespace catalog::library
