#pragma once
// Requirements: every demand on versions that a resolution has met, with the candidates that meet
// it in order of preference. Equal demands are one requirement, whoever makes them.

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "universe.hpp"

namespace catalog::resolve::engine {

/// A feature that a requirement asks of whatever meets it.
struct FeatureRequest {
    FeatureId feature = 0;
    FeatureId condition = kNone;  ///< Asked only while the owner has this feature on.
};

/// One demand. Either its candidates belong to one slot, or it is a choice among demands that do.
struct Demand {
    bool choice = false;
    bool peer = false;
    bool root = false;
    SlotId slot = kNone;           ///< Of a demand that is no choice; kNone without candidates.
    RequirementId parent = kNone;  ///< The choice that this one belongs to.
    PackageId32 owner = kNone;     ///< Set when the demand is one package's own.
    std::uint32_t first = 0;       ///< Into candidates, or into parts for a choice.
    std::uint32_t count = 0;
    std::uint32_t requests_first = 0;
    std::uint32_t requests_count = 0;
    std::uint32_t targets_first = 0;
    std::uint32_t targets_count = 0;
};

using ExclusionId = std::uint32_t;

/// One alternative as written.
struct DemandTarget {
    NameId name = kNone;
    const version::VersionConstraint* constraint = nullptr;  ///< Owned by a record or the request.
};

class Requirements {
public:
    explicit Requirements(Universe& universe) : universe_(universe) {}
    Requirements(const Requirements&) = delete;
    Requirements& operator=(const Requirements&) = delete;

    /// Returns the demand of a root. REQUIRES: the request outlives this object.
    [[nodiscard]] Result<RequirementId> root(const Root& root);
    /// Returns the demand of a dependency of a loaded package. REQUIRES: not supplied by the host.
    [[nodiscard]] Result<RequirementId> dependency(PackageId32 owner, std::uint32_t index);

    /// Returns the exclusion of what a conflict names, or for `outside` of the versions of a
    /// peer's name that do not satisfy the peer. Equal exclusions are one.
    [[nodiscard]] Result<ExclusionId> exclusion(const Target& target, bool outside);
    /// Returns what an exclusion excludes, ascending.
    [[nodiscard]] std::span<const PackageId32> excluded(ExclusionId id) const noexcept {
        return exclusions_[id];
    }

    [[nodiscard]] const Demand& demand(RequirementId id) const noexcept { return demands_[id]; }
    [[nodiscard]] std::size_t size() const noexcept { return demands_.size(); }
    /// Candidates of a demand that is no choice, most wanted first.
    [[nodiscard]] std::span<const PackageId32> candidates(RequirementId id) const noexcept;
    /// Demands that a choice is made among, most wanted first.
    [[nodiscard]] std::span<const RequirementId> parts(RequirementId id) const noexcept;
    [[nodiscard]] std::span<const FeatureRequest> requests(RequirementId id) const noexcept;
    [[nodiscard]] std::span<const DemandTarget> targets(RequirementId id) const noexcept;
    /// Tells whether `package` is a candidate of a demand that is no choice.
    [[nodiscard]] bool has_candidate(RequirementId id, PackageId32 package) const noexcept;
    /// Returns the name by which a candidate answers to a demand: the first alternative it meets.
    [[nodiscard]] NameId answers_as(RequirementId id, PackageId32 package) const;
    /// Returns the demand as people write it, for example `blas ^2 or atlas ^1`.
    [[nodiscard]] std::string text(RequirementId id) const;

    /// How wanted a part of a root's choice is, 0 most: it is locked, the name's own, what served
    /// an earlier root, any other.
    [[nodiscard]] int root_part_rank(RequirementId choice, RequirementId part,
                                     std::span<const SlotId> served) const;

private:
    struct Group {
        SlotId slot = kNone;
        bool locked = false;
        std::vector<PackageId32> candidates;
    };
    struct Draft {
        std::vector<const Target*> targets;
        std::vector<FeatureRequest> requests;
        bool peer = false;
        bool root = false;
        PackageId32 owner = kNone;
        PackageId32 except = kNone;
    };

    [[nodiscard]] Result<RequirementId> add(const Draft& draft);
    [[nodiscard]] std::string key_of(const Draft& draft);
    /// What meets a target, most wanted first; stays valid until the next call.
    [[nodiscard]] Result<std::span<const PackageId32>> matches(const Target& target);
    [[nodiscard]] Result<std::vector<PackageId32>> find_matches(NameId id, const Target& target);
    [[nodiscard]] Result<std::vector<PackageId32>> find_excluded(const Target& target,
                                                                 bool outside);
    [[nodiscard]] std::vector<PackageId32> virtual_matches(NameId id, const Target& target);
    [[nodiscard]] Result<std::vector<Group>> group(const Draft& draft);
    [[nodiscard]] RequirementId push(const Demand& demand, const Group& group);

    /// A stretch of `matched_`.
    struct Matches {
        std::uint32_t first = 0;
        std::uint32_t count = 0;
    };
    /// Texts and nodes share blocks of memory: there may be one for each dependency of a registry,
    /// and a caller who stopped the search waits until all are given back.
    template <class Value>
    using Index = std::pmr::unordered_map<std::string_view, Value>;
    /// Copies a key to where it stays.
    [[nodiscard]] std::string_view keep(std::string_view key);

    Universe& universe_;
    std::pmr::monotonic_buffer_resource memory_;
    std::vector<Demand> demands_;
    std::vector<PackageId32> candidates_;
    std::vector<RequirementId> parts_;
    std::vector<FeatureRequest> requests_;
    std::vector<DemandTarget> targets_;
    std::vector<PackageId32> matched_;
    Index<RequirementId> index_{&memory_};
    Index<Matches> matches_{&memory_};
    std::vector<std::vector<PackageId32>> exclusions_;
    Index<ExclusionId> exclusion_index_{&memory_};
};

}  // namespace catalog::resolve::engine
