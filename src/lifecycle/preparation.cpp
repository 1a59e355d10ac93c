#include "preparation.hpp"

#include "catalog/internal/try.hpp"
#include "consensus_gate.hpp"

namespace catalog::lifecycle {

namespace {

/// Tells whether the host may still say yes when it is asked again.
bool may_be_asked_again(Errc code) noexcept {
    switch (errc_category(code)) {
        case ErrorCategory::kEnvironment:  // kConsensusUnavailable among them
        case ErrorCategory::kRefused:
        case ErrorCategory::kInterrupted:
            return true;
        case ErrorCategory::kAnswer:
        case ErrorCategory::kUsage:
        case ErrorCategory::kInput:
        case ErrorCategory::kInternal:
            return false;
    }
    return false;
}

/// The error of a package that goes on waiting.
Error still_preparing(const Error& error, const PackageId& id) {
    if (!error.hint().empty()) return error;
    return error.with_hint(id.to_string() +
                           " stays in preparing: publish it again, resume or abandon it");
}

/// Ends a preparation for good; the reason is what the caller is told.
Result<PublishReceipt> refuse(const Services& services, const Preparation& preparation,
                              const Error& reason) {
    if (const Result<void> dropped = drop_preparation(services, preparation); !dropped)
        return fail(reason.with_cause(dropped.error()));
    return fail(reason);
}

}  // namespace

Error prepared_otherwise(const PackageId& id) {
    return Error(Errc::kPackageExists,
                 "the same version waits for the consensus with other content")
        .with_input(id.to_string())
        .with_hint("abandon the one that waits, or publish another version");
}

Result<std::optional<Preparation>> find_preparation(const Services& services, const PackageId& id) {
    const std::string key = preparing_key(id);
    CATALOG_TRY(std::optional<std::string> value,
                services.store->get(services.families.preparing, key));
    if (!value) return std::nullopt;
    CATALOG_TRY(PreparingRecord record, decode_preparing(key, *value, services.limits));
    return Preparation{std::move(record), *std::move(value)};
}

Result<Preparation> commit_preparation(const Services& services, Publication publication,
                                       kv::WriteBatch batch) {
    Preparation preparation{PreparingRecord(std::move(publication)), {}};
    preparation.record.since = services.clock->now_wall();
    preparation.stored = encode_preparing(preparation.record);
    const Publication& wanted = preparation.record.publication;
    const PackageId id = wanted.manifest.metadata.id();
    const std::string key = preparing_key(id);
    std::optional<Preparation> earlier;
    kv::Commit commit;
    commit.batch = std::move(batch);
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& changes) -> Result<void> {
        CATALOG_TRY_VOID(check_publishable(services, view, wanted));
        CATALOG_TRY(std::optional<std::string> there, view.get(services.families.preparing, key));
        if (there) {
            CATALOG_TRY(PreparingRecord record, decode_preparing(key, *there, services.limits));
            if (record.publication.digest != wanted.digest) return fail(prepared_otherwise(id));
            earlier = Preparation{std::move(record), *std::move(there)};
            return {};
        }
        changes.put(services.families.preparing, key, preparation.stored);
        return {};
    };
    CATALOG_TRY_VOID(services.queue->submit(std::move(commit)));
    if (earlier) return *std::move(earlier);
    return preparation;
}

Result<void> drop_preparation(const Services& services, const Preparation& preparation) {
    const Publication& publication = preparation.record.publication;
    const std::string key = preparing_key(publication.manifest.metadata.id());
    const std::string owner = publication.digest.to_string();
    kv::Commit commit;
    CATALOG_TRY_VOID(services.content->for_each_of(owner, [&](const ContentHash& object) {
        return services.content->remove(object, owner, commit.batch);
    }));
    commit.batch.remove(services.families.preparing, key);
    bool gone = false;
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch&) -> Result<void> {
        CATALOG_TRY(const auto now, view.get(services.families.preparing, key));
        gone = now != preparation.stored;
        // Published meanwhile, the references are the published package's.
        if (gone) return fail(Errc::kFailedPrecondition, "the preparation is another one by now");
        return {};
    };
    Result<void> dropped = services.queue->submit(std::move(commit));
    if (gone) return {};
    return dropped;
}

Result<PublishReceipt> finish_preparation(const Services& services, const Preparation& preparation,
                                          const CallContext& context) {
    const Publication& publication = preparation.record.publication;
    const PackageId id = publication.manifest.metadata.id();
    if (const Result<void> asked = ask_consensus(services, "publish", id, publication.digest,
                                                 publication.manifest.metadata.consensus, context);
        !asked) {
        if (may_be_asked_again(asked.error().code()))
            return fail(still_preparing(asked.error(), id));
        return refuse(services, preparation, asked.error());
    }
    const std::string key = preparing_key(id);
    kv::WriteBatch batch;
    batch.remove(services.families.preparing, key);
    const LedgerStep still_there = [&](const kv::CommitView& view,
                                       kv::WriteBatch&) -> Result<void> {
        CATALOG_TRY(const auto now, view.get(services.families.preparing, key));
        if (now == preparation.stored) return {};
        return fail(Error(Errc::kFailedPrecondition,
                          "the package was abandoned while the consensus was asked")
                        .with_input(id.to_string())
                        .with_hint("publish it again"));
    };
    Result<PublishReceipt> receipt =
        commit_publication(services, publication, std::move(batch), still_there);
    if (!receipt && receipt.error().code() == Errc::kPackageExists)
        return refuse(services, preparation, receipt.error());
    return receipt;
}

Result<void> check_unprepared(const Services& services, const kv::CommitView& view,
                              const PackageId& id) {
    CATALOG_TRY(const auto waiting, view.get(services.families.preparing, preparing_key(id)));
    if (waiting) return fail(prepared_otherwise(id));
    return {};
}

}  // namespace catalog::lifecycle
