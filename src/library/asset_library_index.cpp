// The index of a library: what of it is sealed.

#include <optional>

#include "catalog/internal/try.hpp"
#include "library_impl.hpp"

namespace catalog::library {

Result<IndexSealing> AssetLibrary::seal_index(std::uint64_t versions_min,
                                              const CallContext& context) {
    CATALOG_TRY_VOID(impl_->enter_writing(context, package::Verb::kAdmin, ""));
    IndexSealing done;
    if (impl_->segments == nullptr) return done;
    std::optional<IndexUpkeep::Pause> pause;
    if (impl_->upkeep) pause.emplace(impl_->upkeep->pause());
    const auto progress_of = [&](std::string_view phase) {
        return [this, phase, &context](std::uint64_t count, std::uint64_t total) {
            context.report({"seal", phase, "packages", count, total});
            return context.check(*impl_->environment.clock);
        };
    };
    index::SealOptions options;
    options.versions_min = versions_min;
    for (;;) {
        CATALOG_TRY(const index::SealReport sealed,
                    impl_->index->seal(*impl_->queue, *impl_->environment.random, options,
                                       progress_of("seal")));
        if (sealed.versions == 0) return done;
        ++done.segments_sealed;
        done.versions_sealed += sealed.versions;
        for (;;) {
            CATALOG_TRY(const index::SealReport merged,
                        impl_->index->merge(*impl_->queue, {}, progress_of("merge")));
            if (merged.merged == 0) break;
            done.segments_merged += merged.merged;
        }
    }
}

}  // namespace catalog::library
