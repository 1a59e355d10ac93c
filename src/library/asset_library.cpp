// Opening, closing and the calls that the facade hands on.

#include "catalog/library/asset_library.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "catalog/content/full_disk.hpp"
#include "catalog/index/index_provider.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/write.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/security/ed25519.hpp"
#include "catalog/security/file_key_store.hpp"
#include "library_impl.hpp"

namespace catalog::library {

namespace {

constexpr std::chrono::milliseconds kSettleAtOpen{2'000};

}  // namespace

std::vector<std::string> family_names() {
    return {"manifests", "packages",  "postings",   "log",     "envelopes",     "file_tables",
            "chunks",    "objects",   "references", "packs",   "installations", "audit",
            "assets",    "preparing", "changes",    "segments"};
}

Environment Environment::with_defaults() const {
    Environment filled = *this;
    if (!filled.file_system) filled.file_system = io::make_posix_file_system();
    if (!filled.clock) filled.clock = make_system_clock();
    if (!filled.executor) filled.executor = make_thread_pool();
    if (!filled.random) filled.random = make_system_random();
    if (!filled.log_sink) filled.log_sink = make_null_log_sink();
    if (!filled.monitor)
        // Its options have their defaults, which cannot be refused.
        if (auto made = monitor::PerformanceMonitor::make(); made) filled.monitor = *made;
    return filled;
}

AssetLibrary::AssetLibrary(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

AssetLibrary::~AssetLibrary() {
    if (impl_->queue) impl_->queue->close();
    // Lazy packages may hold the index, and must not keep the database open and locked.
    if (impl_->index) impl_->index->release();
}

Result<std::unique_ptr<AssetLibrary>> AssetLibrary::open(const std::string& path,
                                                         const LibraryOptions& options,
                                                         const Environment& environment) {
    auto impl = std::make_unique<Impl>();
    impl->path = path;
    impl->options = options;
    impl->environment = environment.with_defaults();
    Result<LibraryFile> file = read_library_file(*impl->environment.file_system, path);
    if (!file && file.error().code() == Errc::kLibraryNotFound && options.create_if_missing &&
        !options.read_only) {
        CATALOG_TRY_VOID(create(path, options, impl->environment));
        file = read_library_file(*impl->environment.file_system, path);
    }
    if (!file) return fail(file.error());
    impl->file = *std::move(file);
    if (!options.read_only) {
        CATALOG_TRY(impl->lock, take_library_lock(impl->environment, path, options));
    }
    CATALOG_TRY_VOID(impl->unlock());
    CATALOG_TRY_VOID(impl->wire());
    if (!options.read_only) {
        // What a crash may have left: files of the index that no commit names, a log head without
        // signature, a prefix half way through a switch.
        if (!options.salvage) static_cast<void>(impl->index->sweep());
        lifecycle::PublishingPipeline publishing(impl->services);
        // A log that cannot be read is what a salvage is there to report.
        if (const Result<void> head = publishing.sign_head(); !head && !options.salvage)
            return fail(head.error());
        lifecycle::InstallationManager installations(impl->services);
        if (const Result<std::uint64_t> touched = installations.reconcile({}); !touched) {
            // A prefix on a disk that is not there now must not keep the library from opening.
            const std::string text = touched.error().to_string();
            const LogField field{"error", text};
            impl->environment.log_sink->write(
                {LogLevel::kWarning, "library", "a prefix could not be reconciled", {&field, 1}});
        }
        CallContext settling;  // a host that does not answer must not keep it from opening either
        settling.deadline = impl->environment.clock->now_monotonic() + kSettleAtOpen;
        impl->settle_assets("", settling);
    }
    return std::unique_ptr<AssetLibrary>(new AssetLibrary(std::move(impl)));
}

Result<void> AssetLibrary::Impl::unlock() {
    const auto given = std::exchange(options.key, std::nullopt);
    if (!file.encrypted) {
        if (!given) return {};
        return fail(Error(Errc::kFailedPrecondition, "the library is not encrypted")
                        .with_input(path)
                        .with_hint("open it without a key"));
    }
    if (!given)
        return fail(Error(Errc::kKeyNotFound, "the library is encrypted, and no key was given",
                          NotFoundDetail{"key", path})
                        .with_input(path)
                        .with_hint("give the passphrase or another key of one of its slots"));
    CATALOG_TRY(const content::KeySlots slots, open_key_slots(environment.file_system, path));
    const auto unlocked = slots.unlock(*given);
    if (!unlocked) return fail(Error(unlocked.error()).with_input(path));
    auto made = std::make_shared<content::StoreEncryption>();
    made->store = slots.store();
    made->keys = (*unlocked)->ring();
    made->random = environment.random;
    encryption = std::move(made);
    keys = *unlocked;
    return {};
}

Result<void> AssetLibrary::Impl::wire() {
    metrics = LibraryMetrics(environment.monitor, environment.clock, *environment.log_sink);
    if (!environment.key_store)
        environment.key_store = std::make_shared<security::FileKeyStore>(
            environment.file_system, io::join_path(path, "keys"));
    CATALOG_TRY_VOID(wire_store());
    CATALOG_TRY_VOID(wire_content());
    wire_packages();
    log = std::make_unique<security::TransparencyLog>(*store, family(FamilyNumber::kLog),
                                                      "catalog/" + file.id.to_string());
    wire_services();
    wire_upkeep();
    return {};
}

Result<void> AssetLibrary::Impl::wire_store() {
    kv::OpenOptions database;
    database.families = family_names();
    database.read_only = options.read_only;
    database.memory_bytes = options.memory_bytes;
    database.open_files_max = options.open_files_max - options.open_files_max / 5;
    if (options.salvage) salvage = std::make_shared<kv::Salvage>();
    database.salvage = salvage;
    database.random = environment.random;
    std::shared_ptr<const content::StoreKey> key;  // Outlives the opening.
    if (encryption) {
        CATALOG_TRY(key, database_key(encryption->keys));
        database.encryption_key = key->database_key();
    }
    const auto open_database = [&] {
        return kv::open_rocksdb(environment.file_system, io::join_path(path, "db"), database);
    };
    auto opened = open_database();
    if (!opened && opened.error().code() == Errc::kStorageFull && !options.read_only) {
        CATALOG_TRY_VOID(content::release_space_reserve(*environment.file_system, path));
        opened = open_database();
    }
    CATALOG_TRY(store, std::move(opened));
    queue = std::make_unique<kv::CommitQueue>(*store);
    queue->observe(metrics.commits());
    return {};
}

Result<void> AssetLibrary::Impl::wire_content() {
    content::ContentOptions content_options;
    content_options.file_system = environment.file_system;
    content_options.directory = path;
    content_options.backend = environment.storage_backend;
    content_options.store = store.get();
    content_options.queue = queue.get();
    content_options.families = {family(FamilyNumber::kChunks), family(FamilyNumber::kObjects),
                                family(FamilyNumber::kReferences), family(FamilyNumber::kPacks)};
    content_options.clock = environment.clock;
    content_options.executor = environment.executor;
    content_options.random = environment.random;
    content_options.read_only = options.read_only;
    content_options.lists = package::for_each_tree;
    content_options.profile.bytes_avg = file.chunk_bytes_average;
    content_options.profile.bytes_min = file.chunk_bytes_average / 4;
    content_options.profile.bytes_max = file.chunk_bytes_average * 4;
    content_options.compression_level = file.compression_level;
    content_options.packs.open_packs_max = std::max(options.open_files_max / 5, 1u);
    content_options.packs.encryption = encryption;
    // Opening drops what no record names.
    if ((options.salvage || options.adopt_packs) && !options.read_only) {
        CATALOG_TRY(adopted, content::adopt_packs(content_options));
    }
    CATALOG_TRY(content, content::ContentAddressedStorage::open(std::move(content_options)));
    queue->add_group_hook([this](kv::WriteBatch& batch) { return content->before_commit(batch); });
    return {};
}

void AssetLibrary::Impl::wire_packages() {
    index::IndexFamilies families{family(FamilyNumber::kManifests), family(FamilyNumber::kPackages),
                                  family(FamilyNumber::kPostings), family(FamilyNumber::kChanges)};
    // Segments are in the clear.
    if (!encryption) {
        families.segments = family(FamilyNumber::kSegments);
        segments = std::make_shared<index::SegmentFolder>(environment.file_system,
                                                          io::join_path(path, "segments"));
    }
    index = std::make_shared<index::PackageIndex>(*store, families, segments);
    UniversePlace frozen;
    frozen.path = path;
    frozen.id = file.id;
    frozen.fs = environment.file_system.get();
    frozen.store = store.get();
    if (!options.read_only) frozen.queue = queue.get();
    frozen.families = families;
    frozen.segments = segments;
    frozen.clock = environment.clock.get();
    frozen.log = environment.log_sink.get();
    if (options.frozen_in_background) frozen.executor = environment.executor.get();
    frozen.versions_min = options.frozen_versions_min;
    // What was lost with damage may be in the file.
    if (options.salvage) frozen.versions_min = std::numeric_limits<std::uint64_t>::max();
    // It names all packages. Where it is not kept, to make one for a single resolution is no gain.
    if (encryption) {
        frozen.on_disk = false;
        if (!options.frozen_in_background)
            frozen.versions_min = std::numeric_limits<std::uint64_t>::max();
    }
    universe = std::make_unique<LiveUniverse>(std::move(frozen));
}

void AssetLibrary::Impl::wire_upkeep() {
    if (options.read_only || options.salvage || segments == nullptr ||
        options.upkeep.seal_versions_min == 0)
        return;
    UpkeepPlace place;
    place.index = index.get();
    place.queue = queue.get();
    place.random = environment.random.get();
    place.log = environment.log_sink.get();
    place.clock = environment.clock.get();
    if (options.upkeep.in_background) place.executor = environment.executor.get();
    place.options = options.upkeep;
    upkeep = std::make_unique<IndexUpkeep>(place);
}

void AssetLibrary::Impl::wire_services() {
    services.fs = environment.file_system;
    services.clock = environment.clock;
    services.executor = environment.executor;
    services.random = environment.random;
    services.log_sink = environment.log_sink;
    services.store = store.get();
    services.queue = queue.get();
    services.content = content.get();
    services.index = index.get();
    services.log = log.get();
    services.keys = environment.key_store.get();
    services.trusted = file.publishers;
    services.families = {family(FamilyNumber::kEnvelopes), family(FamilyNumber::kFileTables),
                         family(FamilyNumber::kInstallations), family(FamilyNumber::kPreparing)};
    if (!options.read_only) {
        AssetPlace place;
        place.store = store.get();
        place.queue = queue.get();
        place.family = family(FamilyNumber::kAssets);
        place.clock = environment.clock.get();
        place.random = environment.random.get();
        assets = std::make_unique<AssetBook>(place, *index, environment.assets);
        services.assets = assets.get();
    }
    services.resolve = [this](const resolve::Request& request, const CallContext& context) {
        resolve::SatResolver resolver(environment.clock);
        return universe->resolve(resolver, request, context);
    };
    services.consensus_policy = options.consensus;
    services.consensus = environment.consensus;
    services.read_only = options.read_only;
    services.limits = options.limits;
    if (environment.monitor)
        collector =
            environment.monitor->add_collector([this](auto& collected) { collect(collected); });
}

void AssetLibrary::Impl::audit_denial(const CallContext& context, package::Verb verb,
                                      std::string_view package) {
    const LogField fields[] = {{"principal", context.principal.id},
                               {"verb", package::verb_name(verb)},
                               {"package", package}};
    environment.log_sink->write({LogLevel::kWarning, "library", "access denied", fields});
    if (options.read_only) return;
    // The time makes keys sort by it, the random part keeps two denials of one microsecond apart.
    std::string key;
    append_be(key,
              static_cast<std::uint64_t>(environment.clock->now_wall().time_since_epoch().count()));
    std::array<std::byte, 8> random{};
    static_cast<void>(environment.random->fill(random));
    key += as_text(random);
    kv::Commit commit;
    commit.batch.put(family(FamilyNumber::kAudit), key,
                     json::write_canonical(json::Object{{"event", "denied"},
                                                        {"principal", context.principal.id},
                                                        {"verb", package::verb_name(verb)},
                                                        {"package", package}}));
    static_cast<void>(queue->submit(
        std::move(commit)));  // the caller is told of the denial, not of the audit's trouble
}

Result<void> AssetLibrary::Impl::admit(const CallContext& context, package::Verb verb,
                                       std::string_view package) {
    if (Result<void> allowed = options.access.check(context.principal, verb, package); !allowed) {
        audit_denial(context, verb, package);
        return allowed;
    }
    return context.check(*environment.clock);
}

Result<void> AssetLibrary::Impl::enter(const CallContext& context, package::Verb verb,
                                       std::string_view package) {
    CATALOG_TRY_VOID(admit(context, verb, package));
    return store->refresh();
}

Result<void> AssetLibrary::Impl::enter_writing(const CallContext& context, package::Verb verb,
                                               std::string_view package) {
    CATALOG_TRY_VOID(enter(context, verb, package));
    if (options.read_only)
        return fail(
            Error(Errc::kLibraryReadOnly, "the library is open for reading only").with_input(path));
    return {};
}

LibraryMetadata AssetLibrary::metadata() const {
    LibraryMetadata metadata;
    metadata.id = impl_->file.id;
    metadata.format = impl_->file.format;
    metadata.path = impl_->path;
    metadata.read_only = impl_->options.read_only;
    metadata.created = impl_->file.created;
    metadata.chunk_bytes_average = impl_->file.chunk_bytes_average;
    metadata.compression_level = impl_->file.compression_level;
    metadata.keys.push_back(
        {security::key_id(impl_->file.library_key), KeyPurpose::kLibrary, impl_->file.library_key});
    for (const PublicKey& key : impl_->file.publishers)
        metadata.keys.push_back({security::key_id(key), KeyPurpose::kPublisher, key});
    metadata.encrypted = impl_->file.encrypted;
    return metadata;
}

const Environment& AssetLibrary::environment() const noexcept { return impl_->environment; }

Result<LibraryStats> AssetLibrary::stats(const CallContext& context) {
    CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, ""));
    return impl_->read_stats();
}

void AssetLibrary::Impl::collect(std::vector<monitor::MetricFamily>& families) const {
    // What cannot be read is told by the calls that fail for the same reason.
    if (!store->refresh()) return;
    if (const Result<LibraryStats> stats = read_stats(); stats)
        append_library_families(*stats, file.id.to_string(), families);
}

Result<LibraryStats> AssetLibrary::Impl::read_stats() const {
    LibraryStats stats;
    CATALOG_TRY(stats.packages, index->counts());
    CATALOG_TRY(stats.content, content->stats());
    CATALOG_TRY(stats.database_bytes, store->disk_bytes());
    CATALOG_TRY(stats.log_size, log->size());
    const std::unique_ptr<kv::Iterator> waiting = store->iterate(family(FamilyNumber::kPreparing));
    for (waiting->seek(""); waiting->valid(); waiting->next()) ++stats.preparing;
    CATALOG_TRY_VOID(waiting->status());
    stats.commits = queue->stats();
    const FrozenStats frozen = universe->stats();
    stats.frozen_versions = frozen.versions;
    stats.frozen_bytes = frozen.bytes;
    stats.frozen_changes = frozen.changed;
    stats.freezing = frozen.making;
    CATALOG_TRY(stats.shape, index->shape());
    return stats;
}

LibraryUsage AssetLibrary::usage() const noexcept {
    const kv::StoreUsage store = impl_->store->usage();
    return {store.memory_bytes, store.threads};
}

Result<void> AssetLibrary::refresh() { return impl_->store->refresh(); }

Result<std::uint64_t> AssetLibrary::revision() {
    if (impl_->options.read_only) CATALOG_TRY_VOID(impl_->store->refresh());
    return impl_->store->revision();
}

Result<void> AssetLibrary::check_access(const CallContext& context, package::Verb verb,
                                        std::string_view package) {
    return impl_->admit(context, verb, package);
}

bool AssetLibrary::allows(const CallContext& context, package::Verb verb,
                          std::string_view package) const {
    return impl_->options.access.check(context.principal, verb, package).has_value();
}

Result<lifecycle::PublishReceipt> AssetLibrary::publish(const lifecycle::PackageDraft& draft,
                                                        const CallContext& context) {
    return impl_->metrics.measure(Operation::kPublish, [&]() -> Result<lifecycle::PublishReceipt> {
        CATALOG_TRY_VOID(
            impl_->enter_writing(context, package::Verb::kPublish, draft.metadata.name.view()));
        Result<lifecycle::PublishReceipt> receipt =
            lifecycle::PublishingPipeline(impl_->services).publish(draft, context);
        if (receipt) {
            impl_->metrics.published_bytes.add(receipt->already_published ? 0
                                                                          : receipt->file_bytes);
            impl_->settle_assets(package_asset_key(receipt->id), context);
            if (impl_->upkeep) impl_->upkeep->note_added(1, context);
        }
        return receipt;
    });
}

Result<lifecycle::PreparingPage> AssetLibrary::preparing(std::size_t limit, std::string_view cursor,
                                                         const CallContext& context) {
    CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, ""));
    return lifecycle::PublishingPipeline(impl_->services).preparing(limit, cursor);
}

Result<lifecycle::PublishReceipt> AssetLibrary::resume_publishing(const PackageId& id,
                                                                  const CallContext& context) {
    return impl_->metrics.measure(Operation::kPublish, [&]() -> Result<lifecycle::PublishReceipt> {
        CATALOG_TRY_VOID(impl_->enter_writing(context, package::Verb::kPublish, id.name().view()));
        Result<lifecycle::PublishReceipt> receipt =
            lifecycle::PublishingPipeline(impl_->services).resume(id, context);
        if (receipt) {
            impl_->metrics.published_bytes.add(receipt->already_published ? 0
                                                                          : receipt->file_bytes);
            impl_->settle_assets(package_asset_key(receipt->id), context);
            if (impl_->upkeep) impl_->upkeep->note_added(1, context);
        }
        return receipt;
    });
}

Result<void> AssetLibrary::abandon_publishing(const PackageId& id, const CallContext& context) {
    CATALOG_TRY_VOID(impl_->enter_writing(context, package::Verb::kPublish, id.name().view()));
    return lifecycle::PublishingPipeline(impl_->services).abandon(id);
}

Result<lifecycle::ImportReport> AssetLibrary::import_metadata(const content::ByteSource& source,
                                                              bool strict,
                                                              const CallContext& context) {
    return impl_->metrics.measure(Operation::kImport, [&]() -> Result<lifecycle::ImportReport> {
        CATALOG_TRY_VOID(impl_->enter_writing(context, package::Verb::kPublish, ""));
        lifecycle::ImportOptions options = impl_->options.imports;
        options.strict = options.strict || strict;
        std::optional<IndexUpkeep::Pause> pause;
        if (impl_->upkeep) pause.emplace(impl_->upkeep->pause());
        Result<lifecycle::ImportReport> report = lifecycle::PublishingPipeline(impl_->services)
                                                     .import_metadata(source, options, context);
        pause.reset();
        // So that it need not be done by the first who asks. What came of the import stands.
        if (report && impl_->upkeep) static_cast<void>(impl_->upkeep->look(context));
        if (report) static_cast<void>(impl_->universe->prepare(context));
        return report;
    });
}

Result<void> AssetLibrary::change_state(const PackageId& id, std::string_view event,
                                        std::string_view reason, const CallContext& context) {
    return impl_->metrics.measure(Operation::kChangeState, [&]() -> Result<void> {
        CATALOG_TRY_VOID(impl_->enter_writing(context, package::Verb::kYank, id.name().view()));
        return lifecycle::PublishingPipeline(impl_->services)
            .change_state(id, event, reason, context);
    });
}

Result<index::LazyPackage> AssetLibrary::find(std::string_view name_and_requirement,
                                              const CallContext& context) {
    return impl_->metrics.measure(Operation::kFind, [&]() -> Result<index::LazyPackage> {
        const std::size_t at = name_and_requirement.rfind('@');
        const bool versioned = at != std::string_view::npos && at > 0;
        CATALOG_TRY(const PackageName name, PackageName::parse(name_and_requirement.substr(
                                                0, versioned ? at : name_and_requirement.size())));
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, name.view()));
        if (!versioned) {
            CATALOG_TRY(index::IndexEntry entry,
                        impl_->index->best(name, version::VersionConstraint()));
            return index::LazyPackage(impl_->index, std::move(entry));
        }
        const std::string_view requirement = name_and_requirement.substr(at + 1);
        // A whole version means exactly that one, whatever its state; anything else is a
        // requirement.
        if (version::SemVer::parse(requirement)) {
            CATALOG_TRY(const PackageId id, PackageId::make(name, requirement));
            CATALOG_TRY(index::IndexEntry entry, impl_->index->find(id));
            return index::LazyPackage(impl_->index, std::move(entry));
        }
        const Result<version::VersionConstraint> constraint =
            version::VersionConstraint::parse(requirement, version::Dialect::kCargo);
        if (!constraint)
            return fail(Error(constraint.error()).with_input(std::string(name_and_requirement)));
        CATALOG_TRY(index::IndexEntry entry, impl_->index->best(name, *constraint));
        return index::LazyPackage(impl_->index, std::move(entry));
    });
}

Result<index::LazyPackage> AssetLibrary::package_of(index::IndexEntry entry,
                                                    const CallContext& context) {
    CATALOG_TRY_VOID(impl_->admit(context, package::Verb::kRead, entry.id.name().view()));
    return index::LazyPackage(impl_->index, std::move(entry));
}

Result<std::vector<index::IndexEntry>> AssetLibrary::versions(const PackageName& name,
                                                              const CallContext& context) {
    return impl_->metrics.measure(
        Operation::kVersions, [&]() -> Result<std::vector<index::IndexEntry>> {
            CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, name.view()));
            return impl_->index->versions(name);
        });
}

Result<index::Page> AssetLibrary::list(const index::Filter& filter, std::size_t limit,
                                       std::string_view cursor, const CallContext& context) {
    return impl_->metrics.measure(Operation::kList, [&]() -> Result<index::Page> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, ""));
        return impl_->index->list(filter, limit, cursor);
    });
}

Result<std::vector<resolve::ConstraintFinding>> AssetLibrary::check_constraints(
    const std::vector<resolve::Target>& constraints, const CallContext& context) {
    return impl_->metrics.measure(
        Operation::kCheckConstraints, [&]() -> Result<std::vector<resolve::ConstraintFinding>> {
            CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, ""));
            index::IndexProvider provider(*impl_->index, {});
            return resolve::ConstraintValidator(provider).validate(constraints);
        });
}

Result<resolve::Solution> AssetLibrary::resolve(resolve::Resolver& resolver,
                                                const resolve::Request& request,
                                                const CallContext& context) {
    return impl_->metrics.measure(Operation::kResolve, [&]() -> Result<resolve::Solution> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, ""));
        return impl_->universe->resolve(resolver, request, context);
    });
}

content::ContentStorage& AssetLibrary::content() { return *impl_->content; }

Result<lifecycle::FileCache> AssetLibrary::file_cache(
    const lifecycle::FileCacheOptions& options) const {
    if (impl_->file.encrypted && !options.plain_files_of_encrypted)
        return fail(Error(Errc::kFailedPrecondition,
                          "this library is encrypted, and cached files would not be")
                        .with_input(impl_->path)
                        .with_hint("export without a cache, or permit plain files in it"));
    return lifecycle::FileCache(impl_->services.fs, io::join_path(impl_->path, "files"), options);
}

Result<void> AssetLibrary::remove_content(const ContentHash& id, std::string_view owner) {
    kv::Commit commit;
    CATALOG_TRY_VOID(impl_->content->remove(id, owner, commit.batch));
    return impl_->queue->submit(std::move(commit));
}

}  // namespace catalog::library
