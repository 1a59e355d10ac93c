#pragma once
// Phrases: nogoods and what they were written for, as sentences.

#include <string>
#include <string_view>
#include <vector>

#include "nogoods.hpp"
#include "requirements.hpp"

namespace catalog::resolve::engine {

class Phrases {
public:
    Phrases(const Universe& universe, const Requirements& requirements)
        : universe_(universe), requirements_(requirements) {}

    /// Says a nogood that was given, in terms of what it was written for.
    [[nodiscard]] std::string given(const Nogood& nogood) const;
    /// Says a nogood that follows from others.
    [[nodiscard]] std::string derived(const Nogood& nogood) const;
    /// Says one fact by itself; empty for facts that say nothing alone.
    [[nodiscard]] std::string fact(const Fact& fact) const;

private:
    struct Sorted;

    [[nodiscard]] std::string versions(SlotId slot, const Mask& mask,
                                       std::string_view all = "every version of ") const;
    [[nodiscard]] std::string subjects(const Nogood& nogood) const;
    [[nodiscard]] std::string objects(const Nogood& nogood) const;
    [[nodiscard]] std::string demands_text(const Sorted& sorted) const;
    [[nodiscard]] std::string why_nothing(RequirementId id) const;
    [[nodiscard]] std::string why_nothing(const DemandTarget& target) const;
    [[nodiscard]] std::string list_versions(NameId name, Refusal refusal,
                                            const version::VersionConstraint* constraint) const;
    [[nodiscard]] std::string missing_feature(const Nogood& nogood, const Fact& fact) const;
    [[nodiscard]] std::string exclusion(const Nogood& nogood, const Sorted& sorted) const;
    [[nodiscard]] std::string misfits(RequirementId peer) const;
    [[nodiscard]] std::string needing(const Nogood& nogood, const Sorted& sorted) const;
    [[nodiscard]] std::string owner_text(const Nogood& nogood, const Sorted& sorted) const;
    [[nodiscard]] std::string features_text(const Sorted& sorted) const;

    const Universe& universe_;
    const Requirements& requirements_;
};

}  // namespace catalog::resolve::engine
