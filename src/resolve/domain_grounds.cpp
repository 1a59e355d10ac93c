// DomainSolver: what a contradiction rests on.

#include "domain_solver.hpp"

namespace catalog::resolve::engine {

/// Goes backwards from the last analysis: to the analyses of nogoods that it used, and to what
/// left fewer values, without a decision, to nodes that are mentioned on the way.
class DomainSolver::GroundsCollector {
public:
    explicit GroundsCollector(const DomainSolver& solver)
        : solver_(solver), analyses_seen_(solver.analyses_.size() + 1, 0) {
        grounds_.mentions.assign(solver.nodes_.size(), 0);
    }

    Grounds run() {
        if (solver_.conflict_.node != kNoNode) mention(solver_.conflict_.node);
        visit_analysis(static_cast<std::uint32_t>(solver_.analyses_.size()));
        const std::size_t end =
            solver_.levels_.empty() ? solver_.trail_.size() : solver_.levels_.front().trail;
        std::vector<std::uint8_t> visited(end, 0);
        // Mostly one round: what an entry rests on stands before it, but analyses mention more.
        do {
            changed_ = false;
            visit_waiting();
            for (std::size_t e = end; e-- > 0;) {
                if (visited[e] != 0 || grounds_.mentions[solver_.trail_[e].node] == 0) continue;
                visited[e] = 1;
                visit_entry(solver_.trail_[e]);
            }
        } while (changed_ || !waiting_.empty());
        return std::move(grounds_);
    }

private:
    void mention(NodeId node) {
        if (grounds_.mentions[node] != 0) return;
        grounds_.mentions[node] = 1;
        changed_ = true;
    }

    void add_pair(std::uint64_t pair) {
        grounds_.pairs.push_back(pair);
        mention(static_cast<NodeId>(pair >> 32));
        mention(static_cast<NodeId>(pair));
    }

    void visit_analysis(std::uint32_t number) {
        if (number == 0 || analyses_seen_[number] != 0) return;
        analyses_seen_[number] = 1;
        waiting_.push_back(number);
    }

    void visit_nogood(std::uint32_t nogood) {
        const Nogood& terms = solver_.nogoods_[nogood];
        for (std::uint32_t t = 0; t < terms.count; ++t) {
            mention(solver_.terms_[terms.first + t].node);
        }
        visit_analysis(solver_.nogood_analyses_[nogood]);
    }

    void visit_waiting() {
        while (!waiting_.empty()) {
            const std::uint32_t number = waiting_.back();
            waiting_.pop_back();
            const Analysis from = solver_.analyses_[number - 1];
            const bool is_last = number == solver_.analyses_.size();
            const Analysis to =
                is_last ? Analysis{solver_.used_pairs_.size(), solver_.used_nogoods_.size()}
                        : solver_.analyses_[number];
            for (std::size_t i = from.pairs; i < to.pairs; ++i) add_pair(solver_.used_pairs_[i]);
            for (std::size_t i = from.nogoods; i < to.nogoods; ++i) {
                visit_nogood(solver_.used_nogoods_[i]);
            }
        }
    }

    void visit_entry(const Entry& entry) {
        switch (entry.kind) {
            case ReasonKind::kFact:
                visit_analysis(entry.arg);
                return;
            case ReasonKind::kDecision:
                return;
            case ReasonKind::kOwner:
                add_pair((std::uint64_t{entry.arg} << 32) | entry.node);
                return;
            case ReasonKind::kRemoved:
                add_pair((std::uint64_t{entry.node} << 32) | entry.arg);
                return;
            case ReasonKind::kSelf:
                add_pair((std::uint64_t{entry.node} << 32) | entry.node);
                return;
            case ReasonKind::kNogood:
                visit_nogood(entry.arg);
                return;
        }
    }

    const DomainSolver& solver_;
    Grounds grounds_;
    std::vector<std::uint8_t> analyses_seen_;  ///< Counted from 1.
    std::vector<std::uint32_t> waiting_;
    bool changed_ = false;
};

DomainSolver::Grounds DomainSolver::grounds() const { return GroundsCollector(*this).run(); }

}  // namespace catalog::resolve::engine
