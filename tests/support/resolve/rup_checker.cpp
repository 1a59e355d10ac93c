#include "support/resolve/rup_checker.hpp"

#include <algorithm>
#include <utility>

namespace catalog::resolve::testing {

void RupChecker::make_room(int literal) {
    const std::size_t size = (index(literal) | 1) + 1;
    if (values_.size() >= size) return;
    values_.resize(size, 0);
    watches_.resize(size);
}

void RupChecker::set(int literal) {
    values_[index(literal)] = 1;
    values_[index(-literal)] = -1;
    trail_.push_back(literal);
}

void RupChecker::add(const std::vector<int>& clause) {
    for (const int literal : clause) make_room(literal);
    std::vector<int> sorted = clause;
    std::partition(sorted.begin(), sorted.end(), [this](int l) { return value(l) >= 0; });
    if (sorted.empty() || value(sorted[0]) < 0) {
        contradiction_ = true;
        return;
    }
    if (sorted.size() > 1) {
        watches_[index(sorted[0])].push_back(clauses_.size());
        watches_[index(sorted[1])].push_back(clauses_.size());
    }
    const bool unit = sorted.size() == 1 || value(sorted[1]) < 0;
    if (unit && value(sorted[0]) == 0) set(sorted[0]);
    clauses_.push_back(std::move(sorted));
    if (!propagate()) contradiction_ = true;
}

void RupChecker::add_at_most_one(int first, int count) {
    for (int a = first; a < first + count; ++a) {
        for (int b = first; b < a; ++b) add({-a, -b});
    }
}

bool RupChecker::propagate() {
    while (head_ < trail_.size()) {
        const int falsified = -trail_[head_++];
        std::vector<std::size_t> list;
        list.swap(watches_[index(falsified)]);
        bool consistent = true;
        for (std::size_t i = 0; i < list.size(); ++i) {
            std::vector<int>& clause = clauses_[list[i]];
            if (clause[0] == falsified) std::swap(clause[0], clause[1]);
            std::size_t next = 1;
            if (consistent && value(clause[0]) <= 0) {
                next = 2;
                while (next < clause.size() && value(clause[next]) < 0) ++next;
            }
            if (next > 1 && next < clause.size()) {
                std::swap(clause[1], clause[next]);
                watches_[index(clause[1])].push_back(list[i]);
                continue;
            }
            watches_[index(falsified)].push_back(list[i]);
            if (next == 1) continue;
            if (value(clause[0]) < 0) {
                consistent = false;
            } else {
                set(clause[0]);
            }
        }
        if (!consistent) return false;
    }
    return true;
}

bool RupChecker::follows(const std::vector<int>& clause) {
    if (contradiction_) return true;
    const std::size_t facts = trail_.size();
    bool refuted = false;
    for (const int literal : clause) {
        make_room(literal);
        if (value(literal) > 0) refuted = true;
        if (value(literal) == 0) set(-literal);
    }
    refuted = refuted || !propagate();
    for (std::size_t i = facts; i < trail_.size(); ++i) {
        values_[index(trail_[i])] = 0;
        values_[index(-trail_[i])] = 0;
    }
    trail_.resize(facts);
    head_ = facts;
    return refuted;
}

}  // namespace catalog::resolve::testing
