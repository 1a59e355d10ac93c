#pragma once
// SatResolver: a complete resolver. Finds a solution whenever there is one, newest versions first.

#include <chrono>
#include <cstdint>
#include <memory>

#include "catalog/core/clock.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::resolve {

/// Which search is used.
enum class Engine : std::uint8_t {
    kAutomatic,  ///< Domains first; clauses after `domain_conflicts_max` conflicts, or
                 ///< `domain_time_max`.
    kDomains,    ///< Domains only, however many conflicts; clauses only for what they do not cover.
    kBoolean,    ///< Clauses only.
};

/// How to search.
class SatOptions {
public:
    SatOptions() = default;

    Engine engine = Engine::kAutomatic;
    /// Conflicts that take back just the last decision, though others would do, do not count.
    std::uint64_t domain_conflicts_max = 500;
    /// Time after which clauses take over as well; 0: time does not count. With a bound, what a
    /// request with conflicts is answered below its roots may depend on the machine.
    std::chrono::nanoseconds domain_time_max{0};
    /// Whether kUnsatisfiable says why. Without, it has no detail: for callers that only want the
    /// verdict, as who tries many requests does. An explanation costs as much as a few answers.
    bool explain = true;
};

/// Two engines: search over packages' domains (lazy clause generation, Ohrimenko, Stuckey and
/// Codish 2009), and for what is hard, conflict-driven clause learning (Marques-Silva and Sakallah
/// 1996; watched literals and first-UIP as in Een and Sorensson, "An Extensible SAT-solver", 2003)
/// over lazily generated clauses. Deterministic: same request, same packages, same answer.
///
/// Roots get the lexicographically best versions: the first as wanted as possible, then the second,
/// and so on. What exactly a request means and which answer is given: docs/resolution.md. Blocking:
/// as long as the provider does. Cost: exponential at worst, bounded by Request::conflicts_max;
/// memory grows with the packages that are considered.
class SatResolver final : public Resolver {
public:
    explicit SatResolver(std::shared_ptr<Clock> clock = make_system_clock(),
                         SatOptions options = SatOptions());
    ~SatResolver() override;

    [[nodiscard]] Result<Solution> resolve(const Request& request, DependencyProvider& provider,
                                           const CallContext& context) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::resolve
