#pragma once
// ResolutionCache: answers that were given before, positive and negative, for the same request over
// the same packages.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/resolve/request.hpp"

namespace catalog::resolve {

/// A store of texts under keys. It may forget at any time; what it returns is verified by who asks.
/// Thread safety: any thread.
class SolutionCache {
public:
    virtual ~SolutionCache() = default;

    /// Returns what was stored last under `key`, or nullopt.
    [[nodiscard]] virtual std::optional<std::string> get(std::string_view key) = 0;
    /// Stores, or does not: a store that is full or failing drops what it likes.
    virtual void put(std::string_view key, std::string value) = 0;
    virtual void erase(std::string_view key) = 0;
};

/// A store in memory: what was not used for longest goes first.
class MemorySolutionCache final : public SolutionCache {
public:
    /// Bounds: entries, and bytes of keys and values together.
    explicit MemorySolutionCache(std::size_t entries_max = 1'024,
                                 std::size_t bytes_max = std::size_t{16} << 20);
    ~MemorySolutionCache() override;

    [[nodiscard]] std::optional<std::string> get(std::string_view key) override;
    void put(std::string_view key, std::string value) override;
    void erase(std::string_view key) override;

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::size_t bytes() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// A resolver that remembers.
///
/// An answer is found again only for the same content of the request and the same `universe`: both
/// stand in the stored text in full and are compared, so that neither a collision of keys nor a
/// store that mixes its entries up gives the answer of another. A stored text carries its SHA-256;
/// one that was damaged is erased and resolved anew. That is no proof against who may write to the
/// store: keep it where the packages are kept. kUnsatisfiable, kUnknownPackage and kDependencyCycle
/// are remembered too; failures of the provider, of time or of budget are not, nor is an answer
/// that a budget left unproven. SolveStats of a remembered answer are zero.
///
/// A failure answers later requests too: roots that cannot stand together are looked for among the
/// roots of every request over the same universe that differs in nothing else that matters, and the
/// explanation is the one that was given first. Where peer dependencies may have had a part in it,
/// it is not used so, because another root may supply them. Thread safety: as Resolver.
class ResolutionCache final : public Resolver {
public:
    struct Stats {
        std::uint64_t hits = 0;
        std::uint64_t implied = 0;  ///< Failures that followed from those of other requests.
        std::uint64_t misses = 0;
        std::uint64_t refused = 0;  ///< Stored texts that were not what they should be.
    };

    /// `inner` is borrowed. `solver` names the engine and its settings, `universe` the content of
    /// the provider that `resolve` will be given: it must change whenever a version, a record or a
    /// flag does (a library's log size and root, the digest of a frozen universe). Without a
    /// universe nothing is remembered.
    ResolutionCache(Resolver& inner, std::shared_ptr<SolutionCache> store, std::string solver,
                    std::string universe);

    [[nodiscard]] Result<Solution> resolve(const Request& request, DependencyProvider& provider,
                                           const CallContext& context) override;

    /// Sets the identity of what is resolved from now on.
    void set_universe(std::string universe) { universe_ = std::move(universe); }
    [[nodiscard]] const Stats& stats() const noexcept { return stats_; }

private:
    Resolver& inner_;
    std::shared_ptr<SolutionCache> store_;
    std::string solver_;
    std::string universe_;
    Stats stats_;
};

/// Returns text that is equal for requests that mean the same to every resolver, and different for
/// all others: canonical JSON of every field but `clause_bytes_max` and `time_max`, which do not
/// change what a proven answer is.
[[nodiscard]] std::string request_text(const Request& request);

}  // namespace catalog::resolve
