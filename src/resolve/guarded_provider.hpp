#pragma once
// GuardedProvider: a host's provider whose exceptions become errors. The resolver has none of its
// own, and what it has half done when one passes through is not made for that.

#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resolve/provider.hpp"

namespace catalog::resolve {

/// Asks the provider beneath, which must outlive it. Errors: as the provider's, and kProviderFailed
/// for an exception, with what it says.
class GuardedProvider final : public DependencyProvider {
public:
    explicit GuardedProvider(DependencyProvider& base) noexcept : base_(base) {}

    [[nodiscard]] Result<std::vector<Candidate>> versions(std::string_view name) override {
        return guarded([&] { return base_.versions(name); });
    }
    [[nodiscard]] Result<PackageRecord> record(std::string_view name,
                                               const Candidate& candidate) override {
        return guarded([&] { return base_.record(name, candidate); });
    }
    [[nodiscard]] Result<std::vector<VirtualProvider>> providers(std::string_view name) override {
        return guarded([&] { return base_.providers(name); });
    }
    /// A hint that could not be followed is no error.
    void prefetch(std::span<const std::string> names) override {
        static_cast<void>(guarded([&]() -> Result<void> {
            base_.prefetch(names);
            return {};
        }));
    }
    [[nodiscard]] const FrozenUniverse* universe() const noexcept override {
        return base_.universe();
    }

private:
    template <class Ask>
    static auto guarded(const Ask& ask) -> decltype(ask()) {
        try {
            return ask();
        } catch (const std::exception& thrown) {
            return threw(thrown.what());
        } catch (...) {
            return threw("something that is not a std::exception");
        }
    }
    static tl::unexpected<Error> threw(const char* what) {
        return fail(Error(Errc::kProviderFailed, std::string("the provider threw ") + what)
                        .with_hint("a provider returns its errors as values"));
    }

    DependencyProvider& base_;
};

}  // namespace catalog::resolve
