#include "catalog/internal/try.hpp"
#include "universe_writer.hpp"

namespace catalog::resolve {

struct UniverseBuilder::Impl {
    frozen::UniverseDraft draft;
};

UniverseBuilder::UniverseBuilder() : impl_(std::make_unique<Impl>()) {}
UniverseBuilder::~UniverseBuilder() = default;
UniverseBuilder::UniverseBuilder(UniverseBuilder&&) noexcept = default;
UniverseBuilder& UniverseBuilder::operator=(UniverseBuilder&&) noexcept = default;

Result<void> UniverseBuilder::add(std::string_view name, const Candidate& candidate,
                                  const PackageRecord& record) {
    return impl_->draft.add(name, candidate, record);
}

Result<void> UniverseBuilder::add(bool yanked, const RecordText& record) {
    return impl_->draft.add(yanked, record);
}

Result<void> UniverseBuilder::add_unchanged(const UniverseChanges& changes) {
    return impl_->draft.add_unchanged(changes);
}

Result<void> UniverseBuilder::add_all(DependencyProvider& provider,
                                      std::span<const std::string> names) {
    for (const std::string& name : names) {
        CATALOG_TRY(const std::vector<Candidate> candidates, provider.versions(name));
        for (const Candidate& candidate : candidates) {
            CATALOG_TRY(const PackageRecord record, provider.record(name, candidate));
            CATALOG_TRY_VOID(add(name, candidate, record));
        }
    }
    return {};
}

Result<Bytes> UniverseBuilder::finish(std::size_t front,
                                      const std::function<Result<void>()>& proceed) {
    return frozen::UniverseWriter(std::exchange(impl_->draft, {}), proceed).write(front);
}

}  // namespace catalog::resolve
