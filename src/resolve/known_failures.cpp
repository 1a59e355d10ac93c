#include "known_failures.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "explain.hpp"
#include "guarded_provider.hpp"
#include "stored_answer.hpp"

namespace catalog::resolve {
namespace {

// What one entry of the store holds: the newest failures of one universe and one kind of request.
constexpr std::size_t kFailuresMax = 64;

}  // namespace

KnownFailures::KnownFailures(SolutionCache& store, std::string_view universe,
                             std::string_view solver, const Request& request)
    : store_(store), request_(request) {
    question_ = json::write_canonical(json::Object{{"failures", true},
                                                   {"universe", std::string(universe)},
                                                   {"solver", std::string(solver)},
                                                   {"world", world_object(request)}});
    key_ = "failures-" + std::to_string(std::hash<std::string>{}(question_));
    roots_.reserve(request.roots.size());
    for (const Root& root : request.roots)
        roots_.push_back(json::write_canonical(root_value(root)));
}

std::vector<KnownFailures::Failure> KnownFailures::load() {
    std::vector<Failure> failures;
    const std::optional<std::string> stored = store_.get(key_);
    if (!stored) return failures;
    StoredReader reader;
    const std::optional<std::string_view> text = unsealed(*stored);
    const auto value = text ? json::read(*text) : Result<json::Value>(json::Value());
    if (text && value && reader.text(*value, "question") == question_) {
        for (const json::Value& each : reader.array(value->find("known"))) {
            const json::Value* const failure = each.find("failure");
            std::vector<std::string> roots = reader.texts(each, "roots");
            if (failure != nullptr)
                failures.push_back({std::move(roots), reader.failure(*failure)});
        }
        if (reader.is_sound()) return failures;
    }
    ++refused_;
    store_.erase(key_);
    return {};
}

bool KnownFailures::others_exist(const Failure& failure, DependencyProvider& provider) const {
    for (std::size_t i = 0; i < roots_.size(); ++i) {
        if (std::ranges::binary_search(failure.roots, roots_[i])) continue;
        const std::string& name = request_.roots[i].target.name;
        if (name.empty()) return false;
        // A name that is only provided may turn out to be unknown: that is not for here to say.
        const auto versions = provider.versions(name);
        if (!versions || versions->empty()) return false;
    }
    return true;
}

std::optional<Error> KnownFailures::find(DependencyProvider& provider) {
    GuardedProvider guarded(provider);
    for (Failure& failure : load()) {
        const bool all = std::ranges::all_of(failure.roots, [&](const std::string& root) {
            return std::ranges::find(roots_, root) != roots_.end();
        });
        // A request with a root that nobody has fails by that, as if nothing were known.
        if (all && !failure.roots.empty() && others_exist(failure, guarded))
            return std::move(failure.error);
    }
    return std::nullopt;
}

void KnownFailures::add(const Error& failure) {
    const auto* const detail = failure.detail_as<ResolutionDetail>();
    if (failure.code() != Errc::kUnsatisfiable || detail == nullptr) return;
    Failure fresh{{}, failure};
    for (std::size_t i = 0; i < roots_.size(); ++i)
        if (std::ranges::find(detail->roots, engine::root_text(request_.roots[i])) !=
            detail->roots.end())
            fresh.roots.push_back(roots_[i]);
    if (fresh.roots.empty()) return;
    std::ranges::sort(fresh.roots);
    std::vector<Failure> failures = load();
    // What the new one implies need not be kept.
    std::erase_if(failures, [&](const Failure& old) {
        return std::ranges::includes(old.roots, fresh.roots);
    });
    failures.insert(failures.begin(), std::move(fresh));
    if (failures.size() > kFailuresMax) failures.resize(kFailuresMax, failures.front());
    json::Array known;
    for (const Failure& each : failures) {
        json::Array roots;
        for (const std::string& root : each.roots) roots.emplace_back(root);
        known.emplace_back(
            json::Object{{"roots", std::move(roots)}, {"failure", failure_value(each.error)}});
    }
    store_.put(key_, sealed(json::Object{{"question", question_}, {"known", std::move(known)}}));
}

}  // namespace catalog::resolve
