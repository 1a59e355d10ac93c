#include "catalog/library/publish_batch.hpp"

#include "catalog/internal/try.hpp"
#include "catalog/library/constraint_remarks.hpp"
#include "catalog/lifecycle/npm_import.hpp"

namespace catalog::library {

namespace {

/// One batch under way.
class Batch {
public:
    Batch(AssetLibrary& library, const BatchOptions& options, const CallContext& context)
        : library_(library), options_(options), context_(context) {}

    Result<void> add(const lifecycle::PackageDraft& draft) {
        const Clock& clock = *library_.environment().clock;
        CATALOG_TRY_VOID(context_.check(clock));
        const Result<lifecycle::PublishReceipt> receipt =
            options_.dry_run ? lifecycle::hash_draft(draft, clock, options_.limits, context_)
                             : library_.publish(draft, context_);
        if (!receipt) return failed(receipt.error().with_input(draft.metadata.id().to_string()));
        ++(receipt->already_published ? counts_.already_there : counts_.published);
        counts_.bytes += receipt->file_bytes;
        if (options_.published) options_.published(draft, *receipt);
        return {};
    }

    /// Tells of an error and goes on, or returns it.
    Result<void> failed(const Error& error) {
        const bool interrupted = errc_category(error.code()) == ErrorCategory::kInterrupted;
        if (!options_.keep_going || interrupted) return fail(error);
        ++counts_.failed;
        if (options_.failed) options_.failed(error);
        return {};
    }

    [[nodiscard]] const BatchCounts& counts() const noexcept { return counts_; }

private:
    AssetLibrary& library_;
    const BatchOptions& options_;
    const CallContext& context_;
    BatchCounts counts_;
};

}  // namespace

Result<BatchCounts> publish_projects(AssetLibrary& library, const std::vector<std::string>& folders,
                                     const BatchOptions& options, const CallContext& context) {
    Batch batch(library, options, context);
    for (const std::string& folder : folders) {
        Result<lifecycle::PackageDraft> draft = lifecycle::draft_from_directory(
            library.environment().file_system, folder, options.limits);
        if (draft) add_constraint_remarks(library, folder, *draft, context);
        CATALOG_TRY_VOID(draft ? batch.add(*draft) : batch.failed(draft.error()));
    }
    return batch.counts();
}

Result<BatchCounts> publish_npm(AssetLibrary& library, const std::vector<std::string>& paths,
                                const BatchOptions& options, const CallContext& context) {
    Batch batch(library, options, context);
    for (const std::string& path : paths) {
        const Result<std::vector<lifecycle::PackageDraft>> drafts =
            lifecycle::drafts_from_npm(library.environment().file_system, path, options.limits);
        if (!drafts) {
            CATALOG_TRY_VOID(batch.failed(drafts.error()));
            continue;
        }
        for (const lifecycle::PackageDraft& draft : *drafts) CATALOG_TRY_VOID(batch.add(draft));
    }
    return batch.counts();
}

}  // namespace catalog::library
