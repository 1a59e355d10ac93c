#include "catalog/resolve/repairs.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <optional>
#include <set>
#include <utility>

#include "peer_watch.hpp"
#include "remembering_provider.hpp"

namespace catalog::resolve {

namespace {

using version::Dialect;
using version::SemVer;
using version::VersionConstraint;
using version::VersionReq;

std::string root_as_written(const Root& root) {
    std::string text = root.target.name + " " + root.target.constraint.to_string();
    for (std::size_t i = 0; i < root.features.size(); ++i)
        text += (i == 0 ? " with " : ", ") + root.features[i];
    return text;
}

/// An attempt that took too many conflicts counts as so many.
constexpr std::size_t kGivenUp = 100;

/// An edit of which only the place is chosen yet.
struct Place {
    Edit::Kind kind = Edit::Kind::kChangeRoot;
    std::size_t index = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
};

/// Roots that the failure blames; all when it does not say.
std::vector<std::size_t> blamed_roots(const Request& request, const Error& failure) {
    std::vector<std::size_t> blamed;
    const auto* detail = failure.detail_as<ResolutionDetail>();
    const auto* missing = failure.detail_as<NotFoundDetail>();
    for (std::size_t i = 0; i < request.roots.size(); ++i) {
        const Root& root = request.roots[i];
        const bool is_blamed =
            (detail != nullptr &&
             std::ranges::find(detail->roots, root_as_written(root)) != detail->roots.end()) ||
            (missing != nullptr && missing->id == root.target.name);
        if (is_blamed) blamed.push_back(i);
    }
    return blamed;
}

/// Every place, those of `first` before the others; changes before drops within each.
std::vector<Place> places_of(const Request& request, const std::vector<std::size_t>& first) {
    std::vector<Place> places;
    const auto add = [&](bool blamed) {
        for (const Edit::Kind kind : {Edit::Kind::kChangeRoot, Edit::Kind::kDropRoot})
            for (std::size_t i = 0; i < request.roots.size(); ++i)
                if ((std::ranges::find(first, i) != first.end()) == blamed)
                    places.push_back({kind, i});
    };
    add(true);
    for (std::size_t i = 0; i < request.constraints.size(); ++i)
        places.push_back({Edit::Kind::kDropConstraint, i});
    add(false);
    return places;
}

/// The request with the widest change at each place: a changed root takes any version.
Request widened(const Request& request, const std::vector<Place>& places) {
    Request edited = request;
    std::set<std::size_t> roots;
    std::set<std::size_t> constraints;
    for (const Place& place : places) {
        if (place.kind == Edit::Kind::kChangeRoot)
            edited.roots[place.index].target.constraint = VersionConstraint();
        if (place.kind == Edit::Kind::kDropRoot) roots.insert(place.index);
        if (place.kind == Edit::Kind::kDropConstraint) constraints.insert(place.index);
    }
    for (auto at = roots.rbegin(); at != roots.rend(); ++at)
        edited.roots.erase(edited.roots.begin() + static_cast<std::ptrdiff_t>(*at));
    for (auto at = constraints.rbegin(); at != constraints.rend(); ++at)
        edited.constraints.erase(edited.constraints.begin() + static_cast<std::ptrdiff_t>(*at));
    return edited;
}

Dialect dialect_of(const VersionConstraint& constraint) { return constraint.dialect(); }

/// Whether `version` lies above all that `constraint` allows.
bool lies_above(const VersionConstraint& constraint, const SemVer& version) {
    const version::VersionSet set = constraint.set();
    return std::ranges::all_of(set.intervals(), [&](const auto& interval) {
        return interval.upper && compare_precedence(version, interval.upper->version) >= 0;
    });
}

class RepairSearch {
public:
    RepairSearch(Request request, DependencyProvider& provider, Resolver& resolver,
                 const CallContext& context, const RepairOptions& options)
        : request_(std::move(request)),
          provider_(provider),
          resolver_(resolver),
          context_(context),
          options_(options) {
        without_peers_ = is_without_peers(provider);
        request_.conflicts_max = std::min(request_.conflicts_max, options.conflicts_per_attempt);
    }

    Result<std::vector<Repair>> run(const Error& failure) {
        const std::vector<std::size_t> blamed = blamed_roots(request_, failure);
        std::vector<Place> singles = places_of(request_, blamed);
        CATALOG_TRY(const bool all, contradict_alone(request_, blamed));
        if (all) std::erase_if(singles, [&](const Place& place) { return !is_in(blamed, place); });
        std::vector<std::pair<Place, std::vector<Place>>> seconds;
        for (const Place& place : singles) {
            if (is_over()) break;
            CATALOG_TRY(const std::optional<Error> refused, attempt({place}));
            if (!refused || !found_.empty() || options_.edits_max < 2) continue;
            CATALOG_TRY(std::vector<Place> others, blamed_then_others(place, *refused));
            seconds.emplace_back(place, std::move(others));
        }
        if (!found_.empty() || options_.edits_max < 2) return finish();
        // The likely pairs of every place before the unlikely ones of the first.
        for (const bool likely : {true, false})
            for (const auto& [place, others] : seconds)
                for (const Place& other : others) {
                    if (is_over()) return finish();
                    if (is_likely(other) != likely) continue;
                    if (!tried_.insert(std::minmax(place, other)).second) continue;
                    CATALOG_TRY_VOID(attempt({place, other}));
                }
        return finish();
    }

private:
    [[nodiscard]] bool is_over() const {
        return found_.size() >= options_.repairs_max || attempts_ >= options_.attempts_max;
    }

    /// Whether `place` is one of these roots, or no root at all.
    static bool is_in(const std::vector<std::size_t>& roots, const Place& place) {
        return place.kind == Edit::Kind::kDropConstraint ||
               std::ranges::find(roots, place.index) != roots.end();
    }

    /// Whether these roots contradict each other whatever else is asked for. Only peers make a root
    /// that is left out or changed help others: it may supply one.
    Result<bool> contradict_alone(const Request& request, const std::vector<std::size_t>& roots) {
        if (roots.empty()) return false;
        if (without_peers_ == std::optional(true)) return true;
        Request alone = request;
        alone.roots.clear();
        for (const std::size_t root : roots) alone.roots.push_back(request.roots[root]);
        PeerWatch watch(provider_, PeerWatch::Universe::kHidden);
        ++attempts_;
        CATALOG_TRY(const std::optional<Error> refused, refusal(alone, watch, nullptr));
        return refused && refused->code() != Errc::kBudgetExhausted && !watch.may_have_seen_peers();
    }

    /// Second places for `place`: what still fails after its edit is to blame.
    Result<std::vector<Place>> blamed_then_others(const Place& place, const Error& refused) {
        const Request edited = widened(request_, {place});
        std::vector<std::size_t> blamed = blamed_roots(edited, refused);
        CATALOG_TRY(const bool all, contradict_alone(edited, blamed));
        for (std::size_t& i : blamed) {
            if (place.kind == Edit::Kind::kDropRoot && i >= place.index) ++i;
            blamed_.insert(i);
        }
        std::vector<Place> others = places_of(request_, blamed);
        std::erase_if(others, [&](const Place& other) {
            const bool both_roots = (other.kind == Edit::Kind::kDropConstraint) ==
                                    (place.kind == Edit::Kind::kDropConstraint);
            return (both_roots && other.index == place.index) || (all && !is_in(blamed, other));
        });
        return others;
    }

    [[nodiscard]] bool is_likely(const Place& place) const {
        return place.kind == Edit::Kind::kDropConstraint || blamed_.contains(place.index);
    }

    /// Resolves; nothing when there is an answer. Errors: what ends the whole search.
    Result<std::optional<Error>> refusal(const Request& request, DependencyProvider& provider,
                                         Solution* answer) {
        Result<Solution> solution = resolver_.resolve(request, provider, context_);
        if (solution) {
            if (answer != nullptr) *answer = *std::move(solution);
            return std::optional<Error>();
        }
        const Errc code = solution.error().code();
        if (code == Errc::kProviderFailed || code == Errc::kCancelled ||
            code == Errc::kDeadlineExceeded)
            return fail(solution.error());
        if (code == Errc::kBudgetExhausted) attempts_ += kGivenUp - 1;
        return std::optional<Error>(solution.error());
    }

    Result<std::optional<Error>> attempt(const std::vector<Place>& places) {
        ++attempts_;
        Solution solution;
        CATALOG_TRY(std::optional<Error> refused,
                    refusal(widened(request_, places), provider_, &solution));
        if (!refused) CATALOG_TRY_VOID(offer(places, std::move(solution)));
        return refused;
    }

    /// Writes the edits out. `wide` answers the request with the widest edits.
    Result<void> offer(const std::vector<Place>& places, Solution wide) {
        // A range reads better than a version; it may admit less than that version, never more
        // than any.
        for (const bool exact : {false, true}) {
            Repair repair;
            repair.request = widened(request_, places);
            bool met = true;
            for (const Place& place : places) {
                met = add_edit(place, places, wide, exact, repair) && met;
            }
            if (met) {
                // What is written out leaves less than `wide` was chosen from, and leaves it.
                repair.solution = std::move(wide);
                found_.push_back(std::move(repair));
                return {};
            }
            ++attempts_;
            CATALOG_TRY(const std::optional<Error> refused,
                        refusal(repair.request, provider_, &repair.solution));
            if (!refused) {
                found_.push_back(std::move(repair));
                return {};
            }
        }
        return {};
    }

    /// False when `wide` may not be an answer to the edited request.
    bool add_edit(const Place& place, const std::vector<Place>& places, const Solution& wide,
                  bool exact, Repair& repair) const {
        bool met = true;
        Edit edit;
        edit.kind = place.kind;
        edit.index = place.index;
        edit.from = place.kind == Edit::Kind::kDropConstraint ? request_.constraints[place.index]
                                                              : request_.roots[place.index].target;
        if (place.kind == Edit::Kind::kChangeRoot) {
            // Roots before a dropped one keep their places.
            std::size_t at = place.index;
            for (const Place& other : places)
                if (other.kind == Edit::Kind::kDropRoot && other.index < place.index) --at;
            const Resolved& chosen = wide.packages[wide.roots[at]];
            edit.to = edit.from;
            edit.to.constraint = constraint_for(edit.from, chosen, exact);
            edit.raises = lies_above(edit.from.constraint, chosen.candidate.version);
            repair.request.roots[at].target = edit.to;
            met = chosen.name != edit.from.name || !chosen.candidate.source_id.empty() ||
                  edit.to.constraint.matches(chosen.candidate.version);
        }
        repair.edits.push_back(std::move(edit));
        return met;
    }

    static VersionConstraint constraint_for(const Target& from, const Resolved& chosen,
                                            bool exact) {
        // A virtual name's version is not the version of the package that provides it.
        if (chosen.name != from.name || !chosen.candidate.source_id.empty())
            return VersionConstraint();
        const SemVer version = chosen.candidate.version.without_build();
        if (!exact) {
            const Result<VersionReq> req =
                VersionReq::parse("^" + version.to_string(), dialect_of(from.constraint));
            if (req) return VersionConstraint(version::Range{*req});
        }
        return VersionConstraint(version::Exact{version});
    }

    Result<std::vector<Repair>> finish() {
        std::ranges::stable_sort(found_, {}, [](const Repair& repair) {
            const auto drops = std::ranges::count_if(repair.edits, [](const Edit& edit) {
                return edit.kind != Edit::Kind::kChangeRoot;
            });
            return std::pair(repair.edits.size(), drops);
        });
        return std::move(found_);
    }

    Request request_;
    RememberingProvider provider_;
    Resolver& resolver_;
    const CallContext& context_;
    const RepairOptions& options_;
    std::optional<bool> without_peers_;
    std::size_t attempts_ = 0;
    std::set<std::size_t> blamed_;
    std::set<std::pair<Place, Place>> tried_;
    std::vector<Repair> found_;
};

}  // namespace

std::string Edit::to_string() const {
    if (kind == Kind::kDropRoot) return "drop " + from.name;
    if (kind == Kind::kDropConstraint)
        return "lift the constraint " + from.name + " " + from.constraint.to_string();
    return (raises ? "raise " : "change ") + from.name + " to " + to.constraint.to_string();
}

std::string Repair::to_string() const {
    std::string text;
    for (const Edit& edit : edits) text += (text.empty() ? "" : " and ") + edit.to_string();
    return text;
}

Result<std::vector<Repair>> find_repairs(const Request& request, const Error& failure,
                                         DependencyProvider& provider, Resolver& resolver,
                                         const CallContext& context, const RepairOptions& options) {
    if (failure.code() != Errc::kUnsatisfiable && failure.code() != Errc::kUnknownPackage)
        return fail(Errc::kInvalidArgument, "the failure is not one that a change can repair");
    return RepairSearch(request, provider, resolver, context, options).run(failure);
}

}  // namespace catalog::resolve
