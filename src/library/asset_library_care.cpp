// verify and repair: what is stored against what it was when it was published.

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/lifecycle/package_reader.hpp"
#include "catalog/merkle/tree.hpp"
#include "library_impl.hpp"

namespace catalog::library {

namespace {

/// Which files consist of an object.
using ObjectUsers = std::map<ContentHash, std::vector<std::string>>;

/// Returns the `name@version` whose publication or import was lost with damaged commits.
std::vector<std::string> lost_packages(const kv::Salvage& salvage) {
    std::set<std::string> certain;
    std::set<std::string> doubtful;
    for (const kv::LostChange& change : salvage.changes) {
        if (change.family == family(FamilyNumber::kManifests)) {
            const auto manifest = package::Manifest::decode(change.value);
            if (!manifest) continue;
            const package::PackageDigest digest = package::digest_of_manifest(change.value);
            const bool is_right = change.intact || as_text(digest.hash.bytes()) == change.key;
            (is_right ? certain : doubtful).insert(manifest->metadata.id().to_string());
        } else if (change.family == family(FamilyNumber::kPreparing)) {
            // Without a value it was the waiting's end, which the publication's other changes tell.
            if (!change.value.empty()) (change.intact ? certain : doubtful).insert(change.key);
        } else if (change.family == family(FamilyNumber::kLog)) {
            if (const auto entry = security::LogEntry::decode(change.value); entry)
                (change.intact ? certain : doubtful).insert(entry->id);
        }
    }
    // A damaged commit is one package, or one batch of imports: two spellings of an id are one that
    // is damaged.
    certain.merge(doubtful);
    return {certain.begin(), certain.end()};
}

/// One verification under way. Damage becomes a finding and never stops it.
class LibraryCheck {
public:
    LibraryCheck(const lifecycle::Services& services, const LibraryFile& file,
                 const kv::Salvage* salvage, const CallContext& context)
        : services_(services), file_(file), salvage_(salvage), context_(context) {}

    Result<VerifyResult> run(bool deep) {
        if (salvage_ != nullptr) check_salvage();
        if (deep) check_database();
        check_log();
        check_checkpoint();
        check_index();
        check_assets();
        CATALOG_TRY_VOID(check_packages());
        CATALOG_TRY_VOID(check_preparing());
        CATALOG_TRY_VOID(check_content(deep));
        return std::move(result_);
    }

    Result<PackageCheck> run_for(const index::IndexEntry& entry) {
        PackageCheck check(entry);
        check_package(entry);
        CATALOG_TRY_VOID(read_files(check));
        const auto is_signature = [](const Finding& finding) {
            return finding.where == "envelope";
        };
        if (entry.origin == index::Origin::kPublished)
            check.signature_valid = std::ranges::none_of(result_.findings, is_signature);
        check.integrity_valid = std::ranges::all_of(result_.findings, is_signature);
        check.findings = std::move(result_.findings);
        return check;
    }

private:
    /// Reads what check_package has found to belong to the package, each object once.
    Result<void> read_files(PackageCheck& check) {
        const auto take = [&check](ByteView bytes) -> Result<void> {
            check.bytes += bytes.size();
            return {};
        };
        for (const auto& [tree, files] : users_) {
            if (is_told(files.front())) continue;
            const Result<void> read = services_.content->retrieve(tree, take, context_);
            check.files += files.size();
            context_.report({"verify", "content", "files", check.files, check.entry.file_count});
            if (read) continue;
            if (errc_category(read.error().code()) == ErrorCategory::kInterrupted) return read;
            add("content", read.error().to_string(), {check.entry.id.to_string()}, files);
        }
        return {};
    }

    /// Tells whether a finding names the file already.
    bool is_told(const std::string& file) const {
        return std::ranges::any_of(result_.findings, [&file](const Finding& finding) {
            return std::ranges::find(finding.files, file) != finding.files.end();
        });
    }

    void add(std::string where, std::string what, std::vector<std::string> packages = {},
             std::vector<std::string> files = {}) {
        result_.findings.push_back(
            {std::move(where), std::move(what), std::move(packages), std::move(files)});
    }

    void check_salvage() {
        std::vector<std::string> packages = lost_packages(*salvage_);
        for (const std::string& damage : salvage_->damages)
            add("database", damage, std::exchange(packages, {}));
    }

    void check_database() {
        const Result<std::vector<std::string>> problems = services_.store->verify();
        if (!problems) {
            add("database", problems.error().to_string());
            return;
        }
        for (const std::string& problem : *problems) add("database", problem);
    }

    void check_log() {
        const Result<std::vector<std::string>> problems = services_.log->verify();
        if (!problems) {
            add("log", problems.error().to_string());
            return;
        }
        for (const std::string& problem : *problems) add("log", problem);
    }

    void check_checkpoint() {
        const Result<security::Checkpoint> head = services_.log->head();
        const Result<std::optional<std::string>> note = services_.log->signed_checkpoint();
        if (!head) {
            add("log", head.error().to_string());
            return;
        }
        if (!note) {
            add("checkpoint", note.error().to_string());
            return;
        }
        const std::string signed_note = note->value_or("");
        if (signed_note.empty()) {
            if (head->size > 0) add("checkpoint", "the log's head has never been signed");
            return;
        }
        const Result<security::Checkpoint> signed_head =
            security::open_checkpoint(signed_note, head->origin, file_.library_key);
        if (!signed_head) {
            add("checkpoint", signed_head.error().to_string());
            return;
        }
        if (signed_head->size > head->size) {
            add("checkpoint", "the signed checkpoint has " + std::to_string(signed_head->size) +
                                  " entries, the log only " + std::to_string(head->size));
            return;
        }
        const Result<std::vector<merkle::TreeHash>> proof =
            services_.log->consistency_proof(signed_head->size, head->size);
        if (!proof) {
            add("log", proof.error().to_string());
            return;
        }
        if (const Result<void> consistent = merkle::verify_consistency(
                signed_head->size, signed_head->root, head->size, head->root, *proof);
            !consistent)
            add("checkpoint", "the log does not contain what the signed checkpoint promises");
    }

    void check_index() {
        const Result<std::vector<std::string>> problems = services_.index->verify();
        if (!problems) {
            add("index", problems.error().to_string());
            return;
        }
        for (const std::string& problem : *problems) add("index", problem);
    }

    void check_assets() {
        const std::unique_ptr<kv::Iterator> walk =
            services_.store->iterate(family(FamilyNumber::kAssets));
        for (walk->seek(""); walk->valid(); walk->next()) {
            const std::string_view key = walk->key().substr(1);
            if (walk->key().starts_with('w')) {
                if (const auto mark = decode_pending(key, walk->value()); !mark)
                    add("assets", mark.error().to_string());
                continue;
            }
            const Result<RegisteredAsset> asset = decode_asset(key, walk->value());
            if (!asset) {
                add("assets", asset.error().to_string());
                continue;
            }
            const AssetRecord& record = asset->record;
            if (asset->local &&
                record.chain_hash != asset_chain_hash(record.type, record.uuid, record.created))
                add("assets", std::string(key) + ": the chain hash is not that of the asset");
        }
        if (const Result<void> read = walk->status(); !read)
            add("assets", read.error().to_string());
    }

    Result<void> check_packages() {
        Result<index::PackageIndex::Counts> counts = services_.index->counts();
        const std::uint64_t total = counts ? counts->versions : 0;
        const Result<void> walked =
            services_.index->for_each([&](const index::IndexEntry& entry) -> Result<void> {
                CATALOG_TRY_VOID(context_.check(*services_.clock));
                check_package(entry);
                context_.report({"verify", "packages", "packages", ++result_.packages, total});
                return {};
            });
        if (walked) return {};
        if (errc_category(walked.error().code()) == ErrorCategory::kInterrupted)
            return fail(walked.error());
        return check_unreached(walked.error());
    }

    /// A walk of the index ends at a block that cannot be read. Which packages stand in it and
    /// behind it, log and manifests tell; those behind it are found one by one.
    Result<void> check_unreached(const Error& cause) {
        std::set<std::string> unreached;
        if (const Result<std::uint64_t> size = services_.log->size(); size)
            for (std::uint64_t i = 0; i < *size; ++i)
                if (const auto entry = services_.log->entry(i); entry) unreached.insert(entry->id);
        const auto manifests = services_.store->iterate(family(FamilyNumber::kManifests));
        for (manifests->seek(""); manifests->valid(); manifests->next())
            if (const auto manifest = package::Manifest::decode(manifests->value()); manifest)
                unreached.insert(manifest->metadata.id().to_string());
        (void)services_.index->for_each([&](const index::IndexEntry& entry) -> Result<void> {
            unreached.erase(entry.id.to_string());
            return {};
        });
        std::vector<std::string> hurt;
        for (const std::string& text : unreached) {
            CATALOG_TRY_VOID(context_.check(*services_.clock));
            const Result<PackageId> id = PackageId::parse(text);
            if (!id) continue;
            const Result<index::IndexEntry> entry = services_.index->find(*id);
            if (!entry) {
                hurt.push_back(text);
                continue;
            }
            check_package(*entry);
            ++result_.packages;
        }
        add("index", cause.to_string(), std::move(hurt));
        return {};
    }

    void check_package(const index::IndexEntry& entry) {
        const std::string id = entry.id.to_string();
        const Result<package::Manifest> manifest = services_.index->manifest(entry.digest);
        if (!manifest) {
            add("manifest", manifest.error().to_string(), {id});
            return;
        }
        if (entry.origin == index::Origin::kImported) return;
        if (const Result<void> signature = lifecycle::check_envelope(services_, entry.digest);
            !signature)
            add("envelope", signature.error().to_string(), {id});
        const Result<security::LogEntry> leaf = services_.log->entry(entry.log_index);
        if (!leaf)
            add("log", leaf.error().to_string(), {id});
        else if (leaf->event != "publish" || leaf->digest != entry.digest.to_string() ||
                 leaf->id != id)
            add("log", "the log entry that the package names is of something else", {id});
        const Result<package::FileTable> table =
            lifecycle::load_file_table(services_, entry.digest, *manifest, context_);
        if (!table) {
            add("content", "the file table cannot be read: " + table.error().to_string(), {id});
            return;
        }
        check_files(id, *table);
    }

    /// A package that waits is stored like a published one; only log and index do not know it.
    Result<void> check_preparing() {
        const auto check = [this](std::string_view id,
                                  const Result<lifecycle::VerifiedPackage>& package) {
            if (package)
                check_files(std::string(id), package->files);
            else if (errc_category(package.error().code()) == ErrorCategory::kInterrupted)
                return Result<void>(fail(package.error()));
            else
                add("preparing", package.error().to_string(), {std::string(id)});
            return Result<void>();
        };
        const Result<void> walked = lifecycle::for_each_preparing(services_, context_, check);
        if (walked) return {};
        if (errc_category(walked.error().code()) == ErrorCategory::kInterrupted)
            return fail(walked.error());
        add("preparing", walked.error().to_string());
        return {};
    }

    void check_files(const std::string& id, const package::FileTable& table) {
        for (const package::FileEntry& file : table.entries()) {
            if (file.kind != package::FileEntryKind::kRegular) continue;
            const std::string name = id + ":" + file.path;
            users_[file.tree].push_back(name);
            const Result<content::ObjectInfo> info = services_.content->info(file.tree);
            if (!info || info->size != file.size)
                add("content",
                    info ? "the stored object has another size" : info.error().to_string(), {id},
                    {name});
        }
    }

    Result<void> check_content(bool deep) {
        const Result<content::VerifyReport> report = services_.content->verify(
            deep ? content::VerifyDepth::kFull : content::VerifyDepth::kStructure, context_);
        if (!report) {
            if (errc_category(report.error().code()) == ErrorCategory::kInterrupted)
                return fail(report.error());
            add("content", report.error().to_string());
            return {};
        }
        result_.objects = report->objects;
        result_.bytes = report->bytes;
        for (const content::Damage& damage : report->damages) {
            std::set<std::string> packages;
            std::set<std::string> files;
            for (const ContentHash& object : damage.objects) {
                const auto users = users_.find(object);
                if (users == users_.end()) continue;
                for (const std::string& file : users->second) {
                    files.insert(file);
                    packages.insert(file.substr(0, file.find(':', file.rfind('@'))));
                }
            }
            add("content", damage.where + ": " + damage.what, {packages.begin(), packages.end()},
                {files.begin(), files.end()});
        }
        return {};
    }

    const lifecycle::Services& services_;
    const LibraryFile& file_;
    const kv::Salvage* salvage_;
    const CallContext& context_;
    VerifyResult result_;
    ObjectUsers users_;
};

/// What the log says has become of a package.
struct Logged {
    std::uint64_t index = 0;
    WallTime time;
    package::PackageState state = package::PackageState::kPublished;
    bool yanked = false;
};

Result<std::map<std::string, Logged>> read_log(const security::TransparencyLog& log) {
    std::map<std::string, Logged> logged;
    CATALOG_TRY(const std::uint64_t size, log.size());
    for (std::uint64_t index = 0; index < size; ++index) {
        CATALOG_TRY(const security::LogEntry entry, log.entry(index));
        Logged& package = logged[entry.digest];
        if (entry.event == "publish")
            package = {index, entry.time, package::PackageState::kPublished, false};
        if (entry.event == "deprecate") package.state = package::PackageState::kDeprecated;
        if (entry.event == "restore") package.state = package::PackageState::kPublished;
        if (entry.event == "archive") package.state = package::PackageState::kArchived;
        if (entry.event == "yank") package.yanked = true;
        if (entry.event == "unyank") package.yanked = false;
    }
    return logged;
}

/// What the index still knows of imported versions, where it is not what they begin with.
using KeptFlags = std::map<ContentHash, Logged>;

Result<KeptFlags> read_kept_flags(const index::PackageIndex& index) {
    KeptFlags kept;
    CATALOG_TRY_VOID(index.for_each_readable([&kept](const index::IndexEntry& entry) {
        if (entry.origin == index::Origin::kImported &&
            (entry.yanked || entry.state != package::PackageState::kPublished)) {
            Logged& flags = kept[entry.digest.hash];
            flags.state = entry.state;
            flags.yanked = entry.yanked;
        }
        return Result<void>();
    }));
    return kept;
}

index::IndexEntry entry_from(const package::Manifest& manifest,
                             const package::PackageDigest& digest, const Logged* logged,
                             const KeptFlags& kept) {
    const package::PackageMetadata& metadata = manifest.metadata;
    index::IndexEntry entry(metadata.id(), metadata.version);
    entry.digest = digest;
    entry.type = metadata.type;
    entry.file_count = manifest.file_count;
    entry.file_bytes = manifest.file_bytes;
    entry.description = metadata.description;
    entry.license = metadata.license;
    if (logged != nullptr) {
        entry.state = logged->state;
        entry.yanked = logged->yanked;
        entry.published = logged->time;
        entry.log_index = logged->index;
        return entry;
    }
    entry.origin = index::Origin::kImported;
    // The log does not speak of imported metadata: what the old index still knows is all there is.
    if (const auto flags = kept.find(digest.hash); flags != kept.end()) {
        entry.yanked = flags->second.yanked;
        entry.state = flags->second.state;
    }
    return entry;
}

/// Rebuilds the index from manifests and log. Stops before it changes anything when one of them
/// cannot be read to its end: what is not seen would be taken for superfluous.
Result<void> rebuild_index(const lifecycle::Services& services, const CallContext& context,
                           RepairResult& result) {
    CATALOG_TRY(const auto logged, read_log(*services.log));
    CATALOG_TRY(const KeptFlags kept, read_kept_flags(*services.index));
    std::vector<index::IndexEntry> entries;
    const std::unique_ptr<kv::Iterator> manifests =
        services.store->iterate(family(FamilyNumber::kManifests));
    for (manifests->seek(""); manifests->valid(); manifests->next()) {
        CATALOG_TRY_VOID(context.check(*services.clock));
        package::PackageDigest digest;
        const Result<ContentHash> key =
            ContentHash::from_digest(HashAlgorithm::kSha256, as_bytes(manifests->key()));
        if (key) digest.hash = *key;
        const Result<package::Manifest> manifest = services.index->manifest(digest);
        if (!key || !manifest) {
            const std::string what = key ? manifest.error().to_string()
                                         : std::string("a manifest stands under a malformed key");
            result.remaining.push_back({"manifest", what, {}, {}});
            continue;
        }
        const auto found = logged.find(digest.to_string());
        entries.push_back(
            entry_from(*manifest, digest, found == logged.end() ? nullptr : &found->second, kept));
        context.report({"repair", "index", "packages", entries.size(), 0});
    }
    CATALOG_TRY_VOID(manifests->status());

    kv::Commit commit;
    CATALOG_TRY(result.index_entries_rebuilt, services.index->stage_rebuild(commit.batch, entries));
    if (result.index_entries_rebuilt == 0) return {};
    commit.prepare = [&services](const kv::CommitView& view, kv::WriteBatch& batch) {
        return services.index->stage_break(view, batch);
    };
    CATALOG_TRY_VOID(services.queue->submit(std::move(commit)));
    result.actions.push_back("rebuilt " + std::to_string(result.index_entries_rebuilt) +
                             " records of the index");
    return {};
}

/// Removes records of waiting packages that cannot be read: nothing can be made of them, and they
/// would keep their packages from being published.
Result<void> remove_unreadable_preparing(const lifecycle::Services& services,
                                         const CallContext& context, RepairResult& result) {
    std::vector<PackageId> unreadable;
    const auto look_at = [&](std::string_view text,
                             const Result<lifecycle::VerifiedPackage>& package) -> Result<void> {
        if (package || package.error().code() != Errc::kDatabaseCorrupt) return {};
        if (Result<PackageId> id = PackageId::parse(text); id) unreadable.push_back(*std::move(id));
        return {};
    };
    CATALOG_TRY_VOID(lifecycle::for_each_preparing(services, context, look_at));
    for (const PackageId& id : unreadable) {
        CATALOG_TRY_VOID(lifecycle::PublishingPipeline(services).abandon(id));
        result.actions.push_back("removed the unreadable record of " + id.to_string() +
                                 ", which waited for the consensus: publish it again");
    }
    return {};
}

/// Signs the log's head if that is not signed yet.
Result<void> sign_head(const lifecycle::Services& services, RepairResult& result) {
    CATALOG_TRY(const std::optional<std::string> before, services.log->signed_checkpoint());
    CATALOG_TRY_VOID(lifecycle::PublishingPipeline(services).sign_head());
    CATALOG_TRY(const std::optional<std::string> after, services.log->signed_checkpoint());
    if (before != after) result.actions.emplace_back("signed the log's head");
    return {};
}

void note_adopted(const content::AdoptionReport& adopted, RepairResult& result) {
    if (!adopted.packs.empty())
        result.actions.push_back("took " + std::to_string(adopted.chunks) + " chunks of " +
                                 std::to_string(adopted.packs.size()) +
                                 " packs in again, which no record named");
    if (adopted.records_replaced != 0)
        result.actions.push_back("replaced " + std::to_string(adopted.records_replaced) +
                                 " unreadable records of packs");
    if (adopted.format_restored)
        result.actions.emplace_back("wrote the record of the content store's format again");
    for (const content::RefusedPack& refused : adopted.refused)
        result.actions.push_back("put " + refused.file + " aside: " + refused.why);
}

/// Mends content from what the library itself has. What stays hurt is told by the check at the end.
Result<void> mend_content(content::ContentAddressedStorage& content, const CallContext& context,
                          RepairResult& result) {
    CATALOG_TRY(const content::RepairReport report,
                content.repair(content::RepairOptions(), context));
    const auto note = [&](std::uint64_t count, const char* before, const char* after) {
        if (count != 0) result.actions.push_back(before + std::to_string(count) + after);
    };
    note(report.packs_rewritten.size(), "wrote ", " packs anew without what is damaged in them");
    note(report.indexes_dropped, "dropped ", " index files, of which one was damaged");
    note(report.references_mended, "completed ", " references");
    note(report.restored.size(), "restored ", " objects");
    return {};
}

/// A step of a repair that failed does not stop the others; an interruption does.
Result<void> note_unmended(std::string_view where, const Error& error, RepairResult& result) {
    if (errc_category(error.code()) == ErrorCategory::kInterrupted) return fail(error);
    result.remaining.push_back(
        {std::string(where), "cannot be rebuilt: " + error.to_string(), {}, {}});
    return {};
}

}  // namespace

Result<VerifyResult> AssetLibrary::verify(bool deep, const CallContext& context) {
    return impl_->metrics.measure(Operation::kVerify, [&]() -> Result<VerifyResult> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, ""));
        CATALOG_TRY(
            VerifyResult result,
            LibraryCheck(impl_->services, impl_->file, impl_->salvage.get(), context).run(deep));
        if (std::optional<std::string> what = impl_->universe->check())
            result.findings.push_back({"universe", *std::move(what), {}, {}});
        return result;
    });
}

Result<PackageCheck> AssetLibrary::verify_package(const PackageId& id, const CallContext& context) {
    return impl_->metrics.measure(Operation::kVerifyPackage, [&]() -> Result<PackageCheck> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kRead, id.name().view()));
        CATALOG_TRY(const index::IndexEntry entry, impl_->index->find(id));
        return LibraryCheck(impl_->services, impl_->file, nullptr, context).run_for(entry);
    });
}

Result<RepairResult> AssetLibrary::repair(const CallContext& context) {
    return impl_->metrics.measure(Operation::kRepair, [&]() -> Result<RepairResult> {
        CATALOG_TRY_VOID(impl_->enter_writing(context, package::Verb::kAdmin, ""));
        RepairResult result;
        if (impl_->salvage && !impl_->salvage->damages.empty())
            result.actions.emplace_back("went back to the state before the damaged commits");
        note_adopted(impl_->adopted, result);
        // It can be made from the index at any time, and may hold what damage has taken.
        if (const Result<bool> dropped = impl_->universe->drop(); !dropped)
            CATALOG_TRY_VOID(note_unmended("universe", dropped.error(), result));
        // Each step mends what it can; what it cannot read is told by the check at the end.
        const std::pair<std::string_view, Result<void>> steps[] = {
            {"content", mend_content(*impl_->content, context, result)},
            {"index", rebuild_index(impl_->services, context, result)},
            {"log", sign_head(impl_->services, result)},
            {"preparing", remove_unreadable_preparing(impl_->services, context, result)}};
        for (const auto& [where, done] : steps)
            if (!done) CATALOG_TRY_VOID(note_unmended(where, done.error(), result));
        CATALOG_TRY(const std::uint64_t prefixes,
                    lifecycle::InstallationManager(impl_->services).reconcile(context));
        if (prefixes > 0)
            result.actions.push_back("reconciled " + std::to_string(prefixes) + " prefixes");
        // Marks first: one that cannot be read would hide what is missing. A host's failure is told
        // of by the second time.
        static_cast<void>(
            impl_->assets->settle("", std::numeric_limits<std::size_t>::max(), context));
        if (const Result<std::uint64_t> assets = impl_->assets->complete(context); !assets) {
            CATALOG_TRY_VOID(note_unmended("assets", assets.error(), result));
        } else if (*assets > 0) {
            result.actions.push_back("registered " + std::to_string(*assets) +
                                     " packages as assets");
        }
        impl_->settle_assets("", context);
        CATALOG_TRY(
            VerifyResult check,
            LibraryCheck(impl_->services, impl_->file, impl_->salvage.get(), context).run(false));
        std::ranges::move(check.findings, std::back_inserter(result.remaining));
        return result;
    });
}

}  // namespace catalog::library
