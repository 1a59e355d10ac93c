#include "optimum.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <string>
#include <utility>

#include "stable.hpp"

namespace catalog::resolve::engine {

namespace {

constexpr std::uint64_t kNoBound = ~std::uint64_t{0};
constexpr std::size_t kCounterMax = 1'000'000;  ///< Variables of a counter.

}  // namespace

void Optimum::add(std::vector<Lit> literals) {
    search_.clauses().add(literals, {FactKind::kDemand, 0, 0, 0});
}

PackageId32 Optimum::chosen(SlotId slot) {
    const Slot& all = universe_.slot(slot);
    for (PackageId32 package = all.first; package < all.first + all.count; ++package) {
        if (search_.core().is_true(positive(search_.clauses().package(package)))) return package;
    }
    return kNone;
}

Result<bool> Optimum::holds_with(Lit trial) {
    std::vector<Lit> literals = assumptions_;
    literals.push_back(trial);
    CATALOG_TRY(const Outcome outcome, search_.run(literals, Order::kActivity, kNoBound));
    on_trail_ = outcome == Outcome::kSat;
    if (on_trail_) on_better_();
    return on_trail_;
}

std::vector<SlotId> Optimum::slots_in_order() {
    std::vector<SlotId> slots = search_.clauses().written_slots();
    sort_stably(slots, [this](SlotId a, SlotId b) {
        const Slot& left = universe_.slot(a);
        const Slot& right = universe_.slot(b);
        if (left.name == right.name) return left.first < right.first;
        return universe_.name(left.name).text < universe_.name(right.name).text;
    });
    return slots;
}

std::vector<PackageId32> Optimum::wanted_first(SlotId slot) const {
    const Slot& all = universe_.slot(slot);
    std::vector<PackageId32> packages;
    packages.reserve(all.count);
    for (std::uint32_t i = 0; i < all.count; ++i) packages.push_back(all.first + i);
    if (universe_.request().preference == Preference::kMinimal) {
        std::reverse(packages.begin(), packages.end());
    }
    partition_stably(packages, [this](PackageId32 p) { return universe_.package(p).locked; });
    return packages;
}

Result<void> Optimum::settle(SlotId slot, PackageId32& in) {
    Clauses& clauses = search_.clauses();
    const std::vector<PackageId32> wanted = wanted_first(slot);
    const Lit none = positive(clauses.new_trial());
    for (const PackageId32 package : wanted) {
        add({negated(none), negative(clauses.package(package))});
    }
    bool better = in == kNone;
    if (!better) {
        CATALOG_TRY(better, holds_with(none));
        if (better) in = kNone;
    }
    if (better) {
        assumptions_.push_back(none);
        return {};
    }
    for (auto at = std::find(wanted.begin(), wanted.end(), in); at != wanted.begin();
         at = std::find(wanted.begin(), wanted.end(), in)) {
        std::vector<Lit> clause(1, negative(clauses.new_trial()));
        for (auto option = wanted.begin(); option != at; ++option) {
            clause.push_back(positive(clauses.package(*option)));
        }
        const Lit trial = negated(clause.front());
        add(std::move(clause));
        CATALOG_TRY(const bool found, holds_with(trial));
        if (!found) break;
        in = chosen(slot);
    }
    assumptions_.push_back(positive(clauses.package(in)));
    return {};
}

Result<void> Optimum::every_package() {
    CATALOG_TRY_VOID(search_.clauses().expand_all());
    // What was written just now may contradict the trail.
    CATALOG_TRY_VOID(search_.run(assumptions_, Order::kActivity, kNoBound));
    const std::vector<SlotId> slots = slots_in_order();
    model_.assign(universe_.slot_count(), kNone);
    const auto read_model = [&] {
        for (const SlotId slot : slots) model_[slot] = chosen(slot);
    };
    read_model();
    for (const SlotId slot : slots) {
        PackageId32 in = model_[slot];
        const PackageId32 before = in;
        CATALOG_TRY_VOID(settle(slot, in));
        if (in == before) continue;
        CATALOG_TRY_VOID(search_.run(assumptions_, Order::kActivity, kNoBound));
        read_model();
    }
    CATALOG_TRY_VOID(search_.run(assumptions_, Order::kActivity, kNoBound));
    return {};
}

/// For each slot that has versions other than locked ones a literal that they imply.
std::vector<Lit> Optimum::change_literals() {
    Clauses& clauses = search_.clauses();
    std::vector<Lit> changes;
    for (const SlotId slot : clauses.written_slots()) {
        Lit change = search_.core().truth();
        for (const PackageId32 package : wanted_first(slot)) {
            if (universe_.package(package).locked) continue;
            if (change == search_.core().truth()) {
                change = positive(clauses.new_trial());
                changes.push_back(change);
            }
            add({negative(clauses.package(package)), change});
        }
    }
    return changes;
}

Result<void> Optimum::fewest_changes() {
    Clauses& clauses = search_.clauses();
    CATALOG_TRY_VOID(clauses.expand_all());
    const std::vector<Lit> changes = change_literals();
    CATALOG_TRY_VOID(search_.run(assumptions_, Order::kActivity, kNoBound));
    const auto count = [&] {
        return static_cast<std::size_t>(
            std::count_if(changes.begin(), changes.end(),
                          [&](Lit change) { return search_.core().is_true(change); }));
    };
    std::size_t bound = count();
    if (bound * changes.size() > kCounterMax) {
        return fail(Errc::kBudgetExhausted, "too many packages to count changes of",
                    LimitDetail{"resolve_changes_counted", kCounterMax, bound * changes.size()});
    }
    // counts[j]: of the literals so far more than j are true.
    std::vector<Lit> counts;
    for (const Lit change : changes) {
        CATALOG_TRY_VOID(universe_.check());
        std::vector<Lit> next;
        for (std::size_t j = 0; j <= std::min(counts.size(), bound); ++j) {
            next.push_back(positive(clauses.new_trial()));
            if (j < counts.size()) add({negated(counts[j]), next[j]});
            if (j == 0) add({negated(change), next[j]});
            if (j > 0) add({negated(change), negated(counts[j - 1]), next[j]});
        }
        counts = std::move(next);
    }
    while (bound > 0) {
        CATALOG_TRY(const bool fewer, holds_with(negated(counts[bound - 1])));
        if (!fewer) break;
        bound = std::min(bound - 1, count());
    }
    if (bound < counts.size()) assumptions_.push_back(negated(counts[bound]));
    CATALOG_TRY_VOID(search_.run(assumptions_, Order::kActivity, kNoBound));
    return {};
}

}  // namespace catalog::resolve::engine
