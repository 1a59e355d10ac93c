#pragma once
// Agenda: which demands hold on the core's trail and are not met yet, and which one comes next.

#include <cstdint>
#include <span>
#include <vector>

#include "clauses.hpp"

namespace catalog::resolve::engine {

/// The order in which demands are served.
enum class Order : std::uint8_t {
    kBreadthFirst,  ///< Roots as given, then demands as they came up, choices after all others.
    kActivity,      ///< Names that conflicts were about first (Moskewicz et al. 2001, per name).
};

class Agenda {
public:
    Agenda(const Universe& universe, const Requirements& requirements, Clauses& clauses,
           const Cdcl& core)
        : universe_(universe), requirements_(requirements), clauses_(clauses), core_(core) {}

    void set_roots(std::vector<RequirementId> roots) { roots_ = std::move(roots); }
    [[nodiscard]] const std::vector<RequirementId>& roots() const noexcept { return roots_; }

    /// Takes note of a demand that holds, at its place on the trail.
    void note(RequirementId demand, std::uint32_t trail_position);
    /// To be called before a decision opens a level.
    void mark_level();
    /// To be called after a backjump.
    void forget(std::uint32_t level, std::uint32_t trail_size);

    /// Returns the next demand to decide, or kNone. Peer demands are not among them.
    [[nodiscard]] RequirementId next();
    /// Returns the part of a choice to try next.
    [[nodiscard]] RequirementId pick_part(RequirementId choice) const;
    /// Returns the parts of a root's demand in the order in which they are tried, given which slots
    /// the roots before it were served from.
    [[nodiscard]] std::vector<RequirementId> root_parts(std::size_t root) const;

    /// Peer demands that hold.
    [[nodiscard]] std::span<const RequirementId> peers() const noexcept { return peers_; }
    /// Returns the candidate that meets a demand, or kNone; for a choice the one of a true part.
    [[nodiscard]] PackageId32 met_by(RequirementId demand) const;

private:
    struct Entry {
        RequirementId demand;
        std::uint32_t trail_position;
    };
    struct Cursor {
        std::uint32_t roots = 0;
        std::uint32_t plain = 0;
        std::uint32_t choices = 0;
    };

    /// Tells whether something has to be chosen for a demand itself; a true part of a choice is a
    /// demand of its own.
    [[nodiscard]] bool is_open(RequirementId demand) const;
    [[nodiscard]] RequirementId true_part(RequirementId choice) const;
    [[nodiscard]] PackageId32 true_candidate(RequirementId id) const;

    const Universe& universe_;
    const Requirements& requirements_;
    Clauses& clauses_;
    const Cdcl& core_;
    std::vector<RequirementId> roots_;
    std::vector<Entry> entries_;
    std::vector<RequirementId> peers_;
    std::vector<std::uint32_t> peer_positions_;
    Cursor cursor_;
    std::vector<Cursor> marks_;  ///< By level.
};

}  // namespace catalog::resolve::engine
