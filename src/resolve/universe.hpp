#pragma once
// Universe: what a resolution has learnt from its provider, interned to dense numbers.
//
// Everything above this file works on 32-bit numbers; strings are touched here, when a name, a
// version list or a record is met for the first time, and again when an answer is written down.

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "catalog/resolve/request.hpp"
#include "guarded_provider.hpp"
#include "steady_progress.hpp"
#include "time_budget.hpp"

namespace catalog::resolve::engine {

using NameId = std::uint32_t;
using PackageId32 = std::uint32_t;  ///< One candidate of one name.
using SlotId = std::uint32_t;       ///< A set of candidates of which at most one may be in.
using FeatureId = std::uint32_t;
using RequirementId = std::uint32_t;

inline constexpr std::uint32_t kNone = 0xffff'ffff;

// Features that every version answers to without listing them. The last two are how development
// and build dependencies of roots are switched on: roots ask for them as for any feature.
inline constexpr FeatureId kDefaultFeature = 0;
inline constexpr FeatureId kDevelopmentFeature = 1;
inline constexpr FeatureId kBuildFeature = 2;

/// A dependency that counts on the request's platform, for the kinds that were asked for.
struct Dependency {
    const Requirement* source = nullptr;
    NameId name = kNone;                ///< Of `source->target`.
    bool switched = false;              ///< In only while a feature switches it on.
    bool host_supplied = false;         ///< Peer that the host supplies.
    RequirementId requirement = kNone;  ///< Set by `Requirements` on first use.
};

/// `x/feature` in a feature's list: asks the dependency for a feature.
struct DependencyFeature {
    std::uint32_t dependency = 0;
    FeatureId feature = 0;
};

/// A feature of one version.
struct Feature {
    FeatureId id = 0;
    bool broken = false;  ///< Names something that the version does not have: cannot be on.
    std::vector<FeatureId> features;
    std::vector<std::uint32_t> switches;  ///< Dependencies that it switches on.
    std::vector<DependencyFeature> dependency_features;
};

/// What asking a version for a feature does.
enum class FeatureEffect : std::uint8_t {
    kNothing,  ///< `default` of a version that has none.
    kOn,       ///< The feature is switched on.
    kRefused,  ///< The version does not have it.
};

/// A version's record with its names resolved.
struct Record {
    PackageRecord source;
    std::vector<Dependency> dependencies;
    std::vector<Feature> features;  ///< Sorted by id.

    [[nodiscard]] const Feature* find(FeatureId id) const noexcept;
    [[nodiscard]] FeatureEffect effect_of(FeatureId id) const noexcept;
};

enum class Refusal : std::uint8_t { kNo, kYanked, kConstrained };

/// One candidate.
struct Package {
    Candidate candidate;
    NameId name = kNone;
    SlotId slot = kNone;  ///< kNone when it may not be selected at all.
    Refusal refusal = Refusal::kNo;
    bool locked = false;
    bool latest = false;  ///< The newest release that is not yanked.
    std::unique_ptr<Record> record;
};

/// Candidates `first` to `first + count - 1`, newest first: versions of one name, of one line under
/// kPerMajor.
struct Slot {
    PackageId32 first = 0;
    std::uint32_t count = 0;
    NameId name = kNone;
};

/// A candidate that provides a virtual name.
struct VirtualCandidate {
    PackageId32 package = kNone;
    version::SemVer provided;
};

/// A name and what the provider says of it.
struct Name {
    std::string text;
    bool versions_loaded = false;
    bool providers_loaded = false;
    PackageId32 first = 0;  ///< Candidates that may be selected, newest first, then the others.
    std::uint32_t count = 0;
    std::uint32_t selectable = 0;
    bool has_latest = false;  ///< One of them is what Latest means.
    std::vector<VirtualCandidate> providers;
};

/// Facts about packages, loaded once each and only when asked for.
///
/// Every load may call the provider. Errors of every load: kProviderFailed; kCancelled and
/// kDeadlineExceeded from the call's context, kBudgetExhausted from the request's time. Numbers
/// stay valid; references to names and packages stay valid until the next load.
class Universe {
public:
    Universe(const Request& request, DependencyProvider& provider, const CallContext& context,
             const Clock& clock);

    [[nodiscard]] NameId intern(std::string_view text);
    [[nodiscard]] FeatureId intern_feature(std::string_view text);
    [[nodiscard]] Result<void> load_versions(NameId name);
    [[nodiscard]] Result<void> load_providers(NameId name);
    /// Returns the record; stays valid.
    [[nodiscard]] Result<Record*> load_record(PackageId32 package);
    /// Passes on which names a record will ask for.
    void prefetch(const Record& record);

    [[nodiscard]] const Request& request() const noexcept { return request_; }
    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
    [[nodiscard]] const Name& name(NameId id) const noexcept { return names_[id]; }
    [[nodiscard]] const Package& package(PackageId32 id) const noexcept { return packages_[id]; }
    [[nodiscard]] const Slot& slot(SlotId id) const noexcept { return slots_[id]; }
    [[nodiscard]] const std::string& feature_text(FeatureId id) const { return features_[id]; }
    [[nodiscard]] std::size_t package_count() const noexcept { return packages_.size(); }
    [[nodiscard]] std::size_t slot_count() const noexcept { return slots_.size(); }
    /// Returns `name version`, for messages.
    [[nodiscard]] std::string label(PackageId32 id) const;

    /// Tells whether the candidate, as a version of its own name, satisfies the constraint.
    [[nodiscard]] bool satisfies(PackageId32 package,
                                 const version::VersionConstraint& constraint) const;
    /// Tells whether the virtual version satisfies the constraint. `latest` is the newest virtual
    /// version that counts for Latest, or null.
    [[nodiscard]] bool provided_satisfies(const VirtualCandidate& candidate,
                                          const version::VersionConstraint& constraint,
                                          const version::SemVer* latest) const;
    /// Returns the virtual version that Latest means for a name without releases of its own.
    [[nodiscard]] const version::SemVer* latest_provided(NameId name) const;
    /// As `satisfies` for a conflict: sources and pre-releases within the bounds count.
    [[nodiscard]] bool excluded(PackageId32 package,
                                const version::VersionConstraint& constraint) const;
    /// As `excluded` for a virtual version.
    [[nodiscard]] static bool provided_excluded(const version::SemVer& provided,
                                                const version::VersionConstraint& constraint);
    [[nodiscard]] bool host_satisfies(const Target& target) const;

    /// Replaces the budget that began with this object.
    void count_time_with(const TimeBudget& time) noexcept { time_ = time; }
    /// Errors: kCancelled, kDeadlineExceeded, kBudgetExhausted.
    [[nodiscard]] Result<void> check() const {
        if (auto due = context_.check(clock_); !due) return due;
        return time_.check();
    }
    void report_conflicts(std::uint64_t conflicts) const noexcept {
        context_.report({"resolve", kSearchPhase, "conflicts", conflicts, 0});
    }
    [[nodiscard]] std::chrono::nanoseconds load_time() const noexcept { return load_time_; }

private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Index = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

    [[nodiscard]] bool admits(const version::VersionConstraint& constraint,
                              const version::SemVer& version, bool locked) const;
    [[nodiscard]] bool satisfies(const Package& package,
                                 const version::VersionConstraint& constraint) const;
    [[nodiscard]] bool is_locked(const std::string& name, const Candidate& candidate) const;
    [[nodiscard]] Refusal refusal_of(const std::string& name, const Package& package) const;
    void make_slots(const Name& name);
    void compile(Record& record);
    void compile_features(Record& record, const std::vector<std::uint32_t>& positions);

    const Request& request_;
    GuardedProvider provider_;
    const CallContext& context_;
    const Clock& clock_;
    TimeBudget time_;
    Index name_index_;
    Index feature_index_;
    std::unordered_map<std::string, std::vector<const Locked*>, TextHash, std::equal_to<>> locked_;
    std::unordered_map<std::string, std::vector<const Target*>, TextHash, std::equal_to<>>
        constraints_;
    std::vector<Name> names_;
    std::vector<Package> packages_;
    std::vector<Slot> slots_;
    std::vector<std::string> features_;
    std::chrono::nanoseconds load_time_{0};
    std::uint64_t records_loaded_ = 0;
};

}  // namespace catalog::resolve::engine
