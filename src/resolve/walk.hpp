#pragma once
// Walk: follows demands from the roots through packages that somebody has chosen, and collects what
// is reached: packages, the features that are on, and the edges. Nothing else gets into an answer.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

#include "requirements.hpp"

namespace catalog::resolve::engine {

/// A package that was reached.
struct Member {
    PackageId32 package = kNone;
    std::vector<FeatureId> features;  ///< Sorted.
};

/// A demand of one member (or of root `dependency`, when `from` is kNone) and who meets it.
struct Link {
    std::uint32_t from = kNone;  ///< Into members.
    std::uint32_t dependency = 0;
    std::uint32_t to = kNone;
    RequirementId demand = kNone;
};

/// Chooses who meets a demand.
class Chooser {
public:
    virtual ~Chooser() = default;
    /// Appends the candidates that meet a demand when these features are asked of them: one, or
    /// more when a choice is met several times, or none.
    virtual void choose(RequirementId demand, std::span<const FeatureId> features,
                        std::vector<PackageId32>& chosen) = 0;
    /// Returns who supplies a peer, or kNone; `is_in` tells which packages have been reached.
    [[nodiscard]] virtual PackageId32 choose_peer(
        RequirementId demand, std::span<const FeatureId> features,
        const std::function<bool(PackageId32)>& is_in) = 0;
};

/// Result of a walk.
struct Reached {
    std::vector<Member> members;  ///< In the order in which they were reached.
    std::vector<Link> links;
    std::vector<std::uint32_t> roots;  ///< Members that serve the roots.
    std::vector<Link> unmet;           ///< Demands that the chooser had nobody for.
};

class Walk {
public:
    Walk(Universe& universe, Requirements& requirements, Chooser& chooser)
        : universe_(universe), requirements_(requirements), chooser_(chooser) {}

    /// Walks. Errors: as Universe.
    [[nodiscard]] Result<Reached> run(std::span<const RequirementId> roots);

private:
    [[nodiscard]] Result<std::uint32_t> reach(PackageId32 package);
    [[nodiscard]] Result<void> drain();
    [[nodiscard]] Result<void> serve(std::uint32_t member);
    [[nodiscard]] Result<void> serve_root(std::uint32_t index, RequirementId demand);
    [[nodiscard]] Result<void> serve_dependency(const Link& wanted);
    [[nodiscard]] Result<void> serve_peer(const Link& wanted);
    [[nodiscard]] Result<bool> serve_peers();
    [[nodiscard]] Result<void> connect(const Link& wanted, std::span<const PackageId32> chosen,
                                       std::span<const FeatureId> features);
    [[nodiscard]] std::vector<FeatureId> asked(std::uint32_t member, RequirementId demand) const;
    [[nodiscard]] bool is_on(std::uint32_t member, const Dependency& dependency,
                             std::uint32_t index) const;
    /// Switches features on; false when one cannot be.
    bool ask(std::uint32_t member, std::span<const FeatureId> features);
    void queue(std::uint32_t member);

    Universe& universe_;
    Requirements& requirements_;
    Chooser& chooser_;
    Reached reached_;
    std::unordered_map<PackageId32, std::uint32_t> index_;
    /// By (member, dependency): the members that meet it.
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> served_;
    std::vector<Link> unmet_peers_;
    std::vector<std::uint32_t> queue_;
    std::size_t queue_head_ = 0;
    std::vector<std::uint8_t> queued_;
};

}  // namespace catalog::resolve::engine
