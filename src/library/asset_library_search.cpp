// Searches, near names and dependents in a library.

#include "catalog/internal/try.hpp"
#include "library_impl.hpp"

namespace catalog::library {

Result<std::vector<index::SearchHit>> AssetLibrary::search(std::string_view words,
                                                           const index::Filter& filter,
                                                           std::size_t limit,
                                                           const CallContext& context) {
    return impl_->metrics.measure(
        Operation::kSearch, [&]() -> Result<std::vector<index::SearchHit>> {
            CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, ""));
            return impl_->index->search(words, filter, limit);
        });
}

Result<index::SearchPage> AssetLibrary::search(const index::Query& query,
                                               const CallContext& context) {
    return impl_->metrics.measure(Operation::kSearch, [&]() -> Result<index::SearchPage> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, ""));
        return impl_->index->search(query);
    });
}

Result<index::HitCounts> AssetLibrary::count_hits(const index::Query& query,
                                                  std::span<const index::CountedField> fields,
                                                  std::size_t values_max,
                                                  const CallContext& context) {
    return impl_->metrics.measure(Operation::kCountHits, [&]() -> Result<index::HitCounts> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, ""));
        return impl_->index->count(query, fields, values_max);
    });
}

Result<std::vector<index::DependencyEdge>> AssetLibrary::dependents(const PackageName& name,
                                                                    bool all_versions,
                                                                    const CallContext& context) {
    return impl_->metrics.measure(
        Operation::kDependents, [&]() -> Result<std::vector<index::DependencyEdge>> {
            CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, name.view()));
            return impl_->index->dependents(name, all_versions);
        });
}

Result<index::Dependents> AssetLibrary::all_dependents(const PackageName& name, std::size_t limit,
                                                       const CallContext& context) {
    return impl_->metrics.measure(Operation::kDependents, [&]() -> Result<index::Dependents> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, name.view()));
        return impl_->index->all_dependents(name, limit);
    });
}

Result<std::vector<std::string>> AssetLibrary::suggest(std::string_view name, std::size_t limit,
                                                       const CallContext& context) {
    return impl_->metrics.measure(Operation::kSuggest, [&]() -> Result<std::vector<std::string>> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, ""));
        return impl_->index->suggest(name, limit);
    });
}

Result<std::vector<std::string>> AssetLibrary::complete(std::string_view prefix, std::size_t limit,
                                                        const CallContext& context) {
    return impl_->metrics.measure(Operation::kComplete, [&]() -> Result<std::vector<std::string>> {
        CATALOG_TRY_VOID(impl_->enter(context, package::Verb::kList, ""));
        return impl_->index->complete(prefix, limit);
    });
}

}  // namespace catalog::library
