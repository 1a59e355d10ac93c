#pragma once
// KnownFailures: what failed requests teach about later ones. Roots that cannot stand together
// cannot do so beside others either: what a package needs does not change by who else is there.
// Peer dependencies are the exception, because another root may bring in what supplies them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resolve/request.hpp"
#include "catalog/resolve/resolution_cache.hpp"

namespace catalog::resolve {

/// The failures of one universe that hold for requests like `request`, in a store.
///
/// All that is borrowed outlives it. Thread safety: one thread at a time; of two that add at the
/// same time one may be forgotten.
class KnownFailures {
public:
    KnownFailures(SolutionCache& store, std::string_view universe, std::string_view solver,
                  const Request& request);

    /// Returns a failure of some of the request's roots, when `provider` has versions of the
    /// others.
    [[nodiscard]] std::optional<Error> find(DependencyProvider& provider);
    /// Returns how many stored texts were not what they should be.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    /// Remembers a failure of the request (kUnsatisfiable with ResolutionDetail, others are left).
    void add(const Error& failure);

private:
    struct Failure {
        std::vector<std::string> roots;  ///< Canonical JSON of each, sorted.
        Error error;
    };

    [[nodiscard]] std::vector<Failure> load();
    [[nodiscard]] bool others_exist(const Failure& failure, DependencyProvider& provider) const;

    SolutionCache& store_;
    const Request& request_;
    std::string question_;
    std::string key_;
    std::vector<std::string> roots_;  ///< Of the request, as in Failure, in its order.
    std::uint64_t refused_ = 0;
};

}  // namespace catalog::resolve
