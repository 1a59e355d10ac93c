#include "frozen_world.hpp"

#include <algorithm>
#include <bit>

namespace catalog::resolve::engine {

using frozen::ConditionEntry;

namespace {

using frozen::kItemNumberBits;
using frozen::kItemNumberMask;

std::uint32_t lowest_value(const Word* domain, std::uint32_t words) noexcept {
    for (std::uint32_t w = 0; w < words; ++w) {
        const Word word = w == 0 ? domain[w] & ~Word{1} : domain[w];
        if (word != 0) return w * 64 + static_cast<std::uint32_t>(std::countr_zero(word));
    }
    return kAbsent;
}

std::uint32_t highest_value(const Word* domain, std::uint32_t words) noexcept {
    for (std::uint32_t w = words; w-- > 0;) {
        if (domain[w] != 0)
            return w * 64 + 63 - static_cast<std::uint32_t>(std::countl_zero(domain[w]));
    }
    return kAbsent;
}

}  // namespace

FrozenWorld::FrozenWorld(FrozenUniverse universe)
    : universe_(std::move(universe)), view_(universe_.view()), solver_(*this) {
    node_of_name_.assign(view_.names, kNoNode);
    // Choices are the later requirements' matter only where there are any.
    if (!view_.alternatives.empty()) {
        node_of_requirement_.assign(view_.requirements.size(), kNoNode);
    }
}

bool FrozenWorld::covers(const Request& request) const {
    if (request.policy != VersionPolicy::kSingle || request.development || request.build ||
        request.include_prereleases || !request.optional.empty()) {
        return false;
    }
    const bool known_locks =
        std::none_of(request.locked.begin(), request.locked.end(),
                     [](const Locked& lock) { return lock.version.is_prerelease(); });
    if (!known_locks) return false;
    return std::all_of(request.roots.begin(), request.roots.end(),
                       [](const Root& root) { return root.features.empty(); });
}

bool FrozenWorld::begin(const Request& request, const CallContext& context, const Clock& clock) {
    for (const Meaning& meaning : meanings_) {
        if (!meaning.choice && meaning.a < node_of_name_.size()) {
            node_of_name_[meaning.a] = kNoNode;
        }
    }
    for (const Choice& choice : choices_) {
        if (choice.requirement != frozen::kNone) node_of_requirement_[choice.requirement] = kNoNode;
    }
    meanings_.clear();
    choices_.clear();
    platforms_.clear();
    locked_.clear();
    roots_.clear();
    contradicting_.clear();
    arena_.clear();
    solver_.clear();
    meanings_.push_back({false, frozen::kNone});
    request_ = &request;
    context_ = &context;
    clock_ = &clock;
    consistent_ = true;
    uncovered_ = false;
    if (!covers(request)) return false;
    for (const Locked& lock : request.locked) {
        const std::uint32_t name = view_.find(lock.name);
        const auto [first, count] = view_.versions_of(name);
        for (std::uint32_t i = 0; i < count; ++i) {
            const Candidate candidate = view_.candidate(first + i);
            if (candidate.source_id != lock.source_id ||
                compare_precedence(candidate.version, lock.version) !=
                    std::weak_ordering::equivalent) {
                continue;
            }
            // The tables have what it provides as unfit, which a lock admits.
            if (view_.provides_prerelease(first + i)) return false;
            Word*& mask = locked_[name];
            if (mask == nullptr) mask = arena_.allocate(words_for(count + 1));
            set_bit(mask, i + 1);
        }
    }
    std::vector<Priority> priorities;
    for (const Root& root : request.roots) {
        if (!add_root(root, priorities)) return false;
    }
    solver_.set_priorities(std::move(priorities));
    return true;
}

bool FrozenWorld::add_root(const Root& root, std::vector<Priority>& priorities) {
    const std::uint32_t name = view_.find(root.target.name);
    if (view_.versions_of(name).second == 0 && view_.provided(name).empty()) return false;
    std::vector<frozen::Part> parts;
    frozen::Compiler(view_).meet(name, root.target.constraint, parts);
    for (const frozen::Part& found : parts) {
        if (found.out_of_order ||
            (request_->preference == Preference::kMinimal && found.target != name)) {
            return false;
        }
    }
    const auto keep = [this](const frozen::Part& found) {
        Word* words = arena_.allocate(static_cast<std::uint32_t>(found.mask.size()));
        std::copy(found.mask.begin(), found.mask.end(), words);
        return words;
    };
    if (parts.empty()) {
        contradict({roots_.size()});
        roots_.push_back(kNever);
        return true;
    }
    NodeId node = kNoNode;
    const Word* mask = nullptr;
    if (parts.size() == 1) {
        node = package_node(parts.front().target);
        mask = keep(parts.front());
    } else {
        Choice choice;
        choice.root = static_cast<std::uint32_t>(roots_.size());
        for (const frozen::Part& found : parts) {
            choice.own_parts.emplace_back(found.target, keep(found));
        }
        choices_.push_back(std::move(choice));
        const auto values = static_cast<std::uint32_t>(parts.size() + 1);
        node = solver_.add_node(values, true);
        meanings_.push_back({true, static_cast<std::uint32_t>(choices_.size() - 1)});
        mask = all_but_absent(values);
    }
    const Word premise = premise_of(roots_.size());
    roots_.push_back(node);
    priorities.push_back({node, kNoNode});
    if (solver_.restrict(node, mask, kNoNode, premise)) return true;
    std::vector<std::size_t> same;
    for (std::size_t i = 0; i < roots_.size(); ++i) {
        if (roots_[i] == node) same.push_back(i);
    }
    contradict(std::move(same));
    return true;
}

void FrozenWorld::contradict(std::vector<std::size_t> roots) {
    if (consistent_) contradicting_ = std::move(roots);
    consistent_ = false;
}

const Word* FrozenWorld::all_but_absent(std::uint32_t values) {
    static constexpr Word kAllButAbsent = ~Word{1};
    if (words_for(values) == 1) return &kAllButAbsent;
    Word* mask = arena_.allocate(words_for(values));
    std::fill(mask, mask + words_for(values), ~Word{0});
    mask[0] &= ~Word{1};
    return mask;
}

const Word* FrozenWorld::locked(std::uint32_t name) const {
    if (locked_.empty()) return nullptr;
    const auto at = locked_.find(name);
    return at == locked_.end() ? nullptr : at->second;
}

NodeId FrozenWorld::package_node(std::uint32_t name) {
    if (name >= node_of_name_.size()) {
        if (view_.over == nullptr || name == frozen::kNone) return kNever;
        node_of_name_.resize(std::size_t{name} + 1, kNoNode);
    }
    if (node_of_name_[name] != kNoNode) return node_of_name_[name];
    const NodeId node = solver_.add_node(view_.versions_of(name).second + 1, false);
    node_of_name_[name] = node;
    meanings_.push_back({false, name});
    limit_domain(name, node);
    return node;
}

void FrozenWorld::limit_domain(std::uint32_t name, NodeId node) {
    const auto [first, count] = view_.versions_of(name);
    const Word* kept = locked(name);
    const auto remove = [&, size = words_for(count + 1)](std::uint32_t value) {
        std::vector<Word> mask(size, ~Word{0});
        mask[value / 64] &= ~(Word{1} << (value % 64));
        solver_.limit(node, mask.data());
    };
    for (std::uint32_t i = 0; i < count; ++i) {
        if ((view_.flags(first + i) & frozen::kYanked) == 0) continue;
        if (kept == nullptr || !has_bit(kept, i + 1)) remove(i + 1);
    }
    for (const Target& constraint : request_->constraints) {
        if (constraint.name != view_.name(name)) continue;
        std::vector<frozen::Part> parts;
        frozen::Compiler(view_).meet(name, constraint.constraint, parts);
        for (std::uint32_t i = 0; i < count; ++i) {
            const bool met = std::any_of(parts.begin(), parts.end(), [&](const auto& found) {
                return found.target == name && has_bit(found.mask.data(), i + 1);
            });
            if (!met) remove(i + 1);
        }
    }
}

NodeId FrozenWorld::choice_node(std::uint32_t requirement) {
    if (requirement >= node_of_requirement_.size()) {
        node_of_requirement_.resize(
            std::max(view_.requirements.size(), std::size_t{requirement} + 1), kNoNode);
    }
    if (node_of_requirement_[requirement] != kNoNode) return node_of_requirement_[requirement];
    Choice choice;
    choice.parts = view_.parts(*view_.requirement(requirement));
    choice.requirement = requirement;
    const auto values = static_cast<std::uint32_t>(choice.parts.size() + 1);
    choice.every_part = all_but_absent(values);
    choices_.push_back(std::move(choice));
    const NodeId node = solver_.add_node(values, true);
    meanings_.push_back({true, static_cast<std::uint32_t>(choices_.size() - 1)});
    node_of_requirement_[requirement] = node;
    return node;
}

std::size_t FrozenWorld::part_count(const Choice& choice) const noexcept {
    return choice.own_parts.empty() ? choice.parts.size() : choice.own_parts.size();
}

std::pair<std::uint32_t, const Word*> FrozenWorld::part(const Choice& choice,
                                                        std::size_t index) const {
    if (!choice.own_parts.empty()) return choice.own_parts[index];
    const Entry& entry = choice.parts[index];
    return {entry.target, view_.mask(entry)};
}

void FrozenWorld::never(std::vector<Consequence>& out) {
    static constexpr Word kNoWords = 0;
    out.push_back({&kNoWords, kNever, kNoNode});
}

void FrozenWorld::need(std::uint32_t requirement, std::vector<Consequence>& out) {
    const Entry* entry = view_.requirement(requirement);
    if (entry == nullptr || entry->target == frozen::kNone) {
        never(out);
        return;
    }
    if ((entry->count & frozen::kOutOfOrder) != 0 ||
        (request_->preference == Preference::kMinimal && entry->target != entry->name)) {
        uncovered_ = true;
        return;
    }
    if (entry->target == frozen::kSeveral) {
        if (view_.parts(*entry).empty()) {
            uncovered_ = true;
            return;
        }
        const NodeId node = choice_node(requirement);
        out.push_back({choices_[meanings_[node].a].every_part, node, requirement});
        return;
    }
    serve(*entry, requirement, out);
}

/// Adds that somebody of one target is needed.
void FrozenWorld::serve(const Entry& entry, std::uint32_t via, std::vector<Consequence>& out) {
    const NodeId node = package_node(entry.target);
    const Word* mask = &entry.mask;
    if ((entry.count & frozen::kWideMask) != 0 || solver_.words(node) != 1) {
        mask = view_.mask(entry);
    }
    // What allows a need to stay unmet is damaged.
    if (mask == nullptr || has_bit(mask, kAbsent)) {
        uncovered_ = true;
        never(out);
        return;
    }
    out.push_back({mask, node, via});
}

void FrozenWorld::exclude(std::uint32_t requirement, std::uint32_t own,
                          std::vector<Consequence>& out) {
    const Entry* entry = view_.requirement(requirement, frozen::Reading::kExcludes);
    if (entry == nullptr) return;
    for (const Entry& found : view_.parts(*entry)) {
        if (found.target == own) continue;
        const Word* mask = view_.mask(found);
        uncovered_ = uncovered_ || mask == nullptr;
        if (mask != nullptr) out.push_back({mask, package_node(found.target), kNoNode});
    }
}

std::uint32_t FrozenWorld::needed_by_condition(std::uint32_t number) {
    const ConditionEntry* found = view_.condition(number);
    if (found == nullptr) {
        uncovered_ = true;
        return frozen::kNone;
    }
    const ConditionEntry& condition = *found;
    if (condition.platform != frozen::kNone) {
        const auto [at, fresh] = platforms_.emplace(condition.platform, false);
        if (fresh) {
            const auto predicate = PlatformPredicate::parse(view_.text(condition.platform));
            uncovered_ = uncovered_ || !predicate;
            at->second = predicate && predicate->matches(request_->platform);
        }
        if (!at->second) return frozen::kNone;
    }
    switch (static_cast<DependencyKind>(condition.kind)) {
        case DependencyKind::kOptional:
        case DependencyKind::kDevelopment:
        case DependencyKind::kBuild:
            return frozen::kNone;  // nothing that is covered asks for them
        case DependencyKind::kRequired:
            if (condition.features == frozen::kNone) return condition.requirement;
            break;
        case DependencyKind::kPeer:
            break;
    }
    uncovered_ = true;
    return frozen::kNone;
}

Result<void> FrozenWorld::expand(NodeId node, std::uint32_t value, std::vector<Consequence>& out) {
    const Meaning meaning = meanings_[node];
    if (meaning.choice) {
        const Choice& choice = choices_[meaning.a];
        if (choice.own_parts.empty()) {
            serve(choice.parts[value - 1], kNoNode, out);
        } else {
            const auto [target, mask] = choice.own_parts[value - 1];
            out.push_back({mask, package_node(target), kNoNode});
        }
        return {};
    }
    const std::uint32_t version = view_.versions_of(meaning.a).first + value - 1;
    uncovered_ = uncovered_ || view_.has_default_feature(version);
    for (const std::uint32_t item : view_.row(version)) {
        const std::uint32_t number = item & kItemNumberMask;
        switch (item >> kItemNumberBits) {
            case frozen::kNeeds:
                need(number, out);
                break;
            case frozen::kExcludes:
                exclude(number, meaning.a, out);
                break;
            default:
                if (const std::uint32_t id = needed_by_condition(number); id != frozen::kNone) {
                    need(id, out);
                }
        }
    }
    if (const Error* failure = view_.failure()) return fail(*failure);
    return {};
}

bool FrozenWorld::is_met(const Choice& choice, std::size_t index) const {
    const auto [target, mask] = part(choice, index);
    if (mask == nullptr || target >= node_of_name_.size()) return false;
    const NodeId node = node_of_name_[target];
    if (node == kNoNode) return false;
    const std::uint32_t value = solver_.value_of(node);
    return value != kNoNode && value != kAbsent && has_bit(mask, value);
}

std::uint32_t FrozenWorld::pick_part(const Choice& choice, const Word* domain) const {
    const std::size_t count = part_count(choice);
    std::uint32_t best = kAbsent;
    int best_rank = 5;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (!has_bit(domain, i + 1)) continue;
        const auto [target, mask] = part(choice, i);
        const Word* kept = locked(target);
        bool is_locked = false;
        for (std::uint32_t w = 0;
             kept != nullptr && mask != nullptr && w < frozen::domain_words(view_, target); ++w) {
            is_locked = is_locked || (kept[w] & mask[w]) != 0;
        }
        int rank = 3;
        if (choice.root == frozen::kNone) {
            if (is_locked) rank = 1;
            if (is_met(choice, i)) rank = 0;
        } else if (is_locked) {
            rank = 0;
        } else if (view_.name(target) == request_->roots[choice.root].target.name) {
            rank = 1;
        } else {
            for (std::uint32_t r = 0; r < choice.root && rank == 3; ++r) {
                NodeId served = roots_[r];
                if (meanings_[served].choice) {
                    const std::uint32_t value = solver_.value_of(served);
                    if (value == kNoNode || value == kAbsent) continue;
                    served = solver_.consequences(served, value).front().node;
                }
                if (target < node_of_name_.size() && served == node_of_name_[target]) rank = 2;
            }
        }
        if (rank >= best_rank) continue;
        best = i + 1;
        best_rank = rank;
        if (rank == 0) break;
    }
    return best;
}

std::uint32_t FrozenWorld::pick(NodeId node, std::uint32_t /*via*/, const Word* domain) {
    const Meaning meaning = meanings_[node];
    if (meaning.choice) return pick_part(choices_[meaning.a], domain);
    const std::uint32_t words = words_for(solver_.values(node));
    const bool oldest = request_->preference == Preference::kMinimal;
    if (const Word* kept = locked(meaning.a)) {
        // Of a name that is locked twice, one of the two is wanted as if there were no lock.
        std::uint32_t wanted = 0;
        for (std::uint32_t value = 1; value < solver_.values(node); ++value) {
            if (!has_bit(domain, value) || !has_bit(kept, value)) continue;
            wanted = value;
            if (!oldest) break;
        }
        if (wanted != 0) return wanted;
    }
    return oldest ? highest_value(domain, words) : lowest_value(domain, words);
}

std::vector<PackageId32> FrozenWorld::packages(NodeId node, Universe& universe) {
    std::vector<PackageId32> packages;
    if (node == kNever || meanings_[node].choice) return packages;
    const std::uint32_t own = meanings_[node].a;
    const NameId name = universe.intern(view_.name(own));
    if (!universe.load_versions(name)) return packages;
    const PackageId32 first = universe.name(name).first;
    const auto [versions, count] = view_.versions_of(own);
    packages.assign(count, kNone);
    for (std::uint32_t i = 0; i < universe.name(name).selectable; ++i) {
        const Candidate& candidate = universe.package(first + i).candidate;
        const std::uint32_t version = view_.find_version(own, candidate);
        if (version != frozen::kNone) packages[version - versions] = first + i;
    }
    return packages;
}

}  // namespace catalog::resolve::engine
