#include "catalog/resolve/why.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>
#include <charconv>
#include <deque>
#include <utility>

#include "catalog/json/value.hpp"
#include "catalog/json/write.hpp"
#include "remembering_provider.hpp"

namespace catalog::resolve {

namespace {

/// Takes a number off `text`.
std::optional<std::size_t> take_number(std::string_view& text) {
    std::size_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    return number;
}

/// Reads `by 1 to 3, 5 and 6, ...`: what resolvers write before a conclusion.
std::vector<std::size_t> premises_of(std::string_view text, std::size_t step) {
    std::vector<std::size_t> premises;
    if (!text.starts_with("by ")) return premises;
    text.remove_prefix(3);
    while (const std::optional<std::size_t> first = take_number(text)) {
        std::size_t last = *first;
        if (text.starts_with(" to ")) {
            text.remove_prefix(4);
            last = take_number(text).value_or(*first);
        }
        for (std::size_t at = *first; at >= 1 && at <= last && at <= step; ++at)
            premises.push_back(at - 1);
        const std::string_view separator = text.starts_with(", ") ? ", " : " and ";
        if (!text.starts_with(separator)) break;
        text.remove_prefix(separator.size());
    }
    return premises;
}

ExplanationStep read_step(std::string_view text, std::size_t at) {
    const std::string prefix = std::to_string(at + 1) + ". ";
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
    return {std::string(text), premises_of(text, at)};
}

json::Value edit_value(const Edit& edit) {
    constexpr std::array<std::string_view, 3> kKinds = {"change_root", "drop_root",
                                                        "drop_constraint"};
    json::Object object;
    object["kind"] = kKinds[static_cast<std::size_t>(edit.kind)];
    object["name"] = edit.from.name;
    object["from"] = edit.from.constraint.to_string();
    if (edit.kind == Edit::Kind::kChangeRoot) object["to"] = edit.to.constraint.to_string();
    return object;
}

bool serves(const Resolved& package, const Target& wanted) {
    if (package.name != wanted.name) return false;
    const std::string source = wanted.constraint.source_id();
    if (!source.empty()) return package.candidate.source_id == source;
    return package.candidate.source_id.empty() &&
           wanted.constraint.matches(package.candidate.version);
}

std::string package_text(const Resolved& package) {
    return package.name + " " + package.candidate.version.to_string();
}

/// What the roots of `before` would become.
std::vector<std::string> changed_roots(const Solution& before, const Solution& after) {
    std::vector<std::string> changes;
    for (std::size_t i = 0; i < before.roots.size() && i < after.roots.size(); ++i) {
        const Resolved& old = before.packages[before.roots[i]];
        const Resolved& fresh = after.packages[after.roots[i]];
        if (old.name == fresh.name && old.candidate == fresh.candidate) continue;
        changes.push_back(
            package_text(old) + " would become " +
            (old.name == fresh.name ? fresh.candidate.version.to_string() : package_text(fresh)));
    }
    return changes;
}

bool has_name(const Solution& solution, const std::string& name) {
    return std::ranges::any_of(solution.packages,
                               [&](const Resolved& package) { return package.name == name; });
}

/// Says why an answer with the wanted package is not the answer.
WhyNot compared(const Solution& without, const Solution& with, const Target& wanted) {
    const std::string what = wanted.name + " " + wanted.constraint.to_string();
    WhyNot result;
    result.changes = changed_roots(without, with);
    if (!result.changes.empty()) {
        result.kind = WhyNot::Kind::kLessWanted;
        result.text = what + " fits only with less wanted versions of what was asked for";
    } else if (!has_name(without, wanted.name)) {
        result.kind = WhyNot::Kind::kNotNeeded;
        result.text = what + " would fit, but nothing that was asked for needs it";
    } else {
        result.kind = WhyNot::Kind::kPassedOver;
        for (const Resolved& package : without.packages)
            if (package.name == wanted.name)
                result.text = what + " would fit; " + package_text(package) +
                              " is in because it is more wanted";
    }
    return result;
}

}  // namespace

std::string Explanation::to_text() const {
    std::string text = message + "\n";
    for (std::size_t i = 0; i < steps.size(); ++i)
        text += "  " + std::to_string(i + 1) + ". " + steps[i].text + "\n";
    if (repairs.empty()) return text;
    text += "what would help:\n";
    for (const Repair& repair : repairs) text += "  - " + repair.to_string() + "\n";
    return text;
}

std::string Explanation::to_json() const {
    json::Array root_values;
    for (const std::string& root : roots) root_values.emplace_back(root);
    json::Array step_values;
    for (const ExplanationStep& step : steps) {
        json::Array because;
        for (const std::size_t premise : step.premises)
            because.emplace_back(static_cast<std::int64_t>(premise + 1));
        step_values.emplace_back(
            json::Object{{"text", step.text}, {"because", std::move(because)}});
    }
    json::Array repair_values;
    for (const Repair& repair : repairs) {
        json::Array edits;
        for (const Edit& edit : repair.edits) edits.push_back(edit_value(edit));
        repair_values.emplace_back(
            json::Object{{"text", repair.to_string()}, {"edits", std::move(edits)}});
    }
    return json::write_canonical(json::Object{{"message", message},
                                              {"roots", std::move(root_values)},
                                              {"steps", std::move(step_values)},
                                              {"repairs", std::move(repair_values)}});
}

Explanation explanation_of(const Error& failure) {
    Explanation explanation;
    explanation.message = failure.message();
    if (const auto* detail = failure.detail_as<ResolutionDetail>()) {
        explanation.roots = detail->roots;
        for (std::size_t i = 0; i < detail->steps.size(); ++i)
            explanation.steps.push_back(read_step(detail->steps[i], i));
    } else if (const auto* missing = failure.detail_as<NotFoundDetail>()) {
        explanation.roots.push_back(missing->id);
        explanation.steps.push_back({explanation.message + ": " + missing->id, {}});
    }
    return explanation;
}

Result<Explanation> explain(const Request& request, const Error& failure,
                            DependencyProvider& provider, Resolver& resolver,
                            const CallContext& context, const RepairOptions& options) {
    Explanation explanation = explanation_of(failure);
    CATALOG_TRY(explanation.repairs,
                find_repairs(request, failure, provider, resolver, context, options));
    return explanation;
}

std::vector<WhyChain> why(const Solution& solution, std::string_view name) {
    constexpr std::size_t kNobody = ~std::size_t{0};
    const std::size_t count = solution.packages.size();
    std::vector<std::vector<std::size_t>> needs(count);
    for (const Edge& edge : solution.edges) needs[edge.from].push_back(edge.to);
    std::vector<std::size_t> from(count, kNobody);
    std::vector<bool> reached(count, false);
    std::deque<std::size_t> queue;
    for (const std::size_t root : solution.roots) {
        if (reached[root]) continue;
        reached[root] = true;
        queue.push_back(root);
    }
    for (; !queue.empty(); queue.pop_front()) {
        for (const std::size_t to : needs[queue.front()]) {
            if (reached[to]) continue;
            reached[to] = true;
            from[to] = queue.front();
            queue.push_back(to);
        }
    }
    std::vector<WhyChain> chains;
    for (std::size_t i = 0; i < count; ++i) {
        if (solution.packages[i].name != name || !reached[i]) continue;
        WhyChain chain;
        for (std::size_t at = i; at != kNobody; at = from[at]) chain.packages.push_back(at);
        std::ranges::reverse(chain.packages);
        chains.push_back(std::move(chain));
    }
    return chains;
}

std::string to_text(const Solution& solution, const WhyChain& chain) {
    std::string text;
    for (const std::size_t at : chain.packages)
        text += (text.empty() ? "" : " -> ") + package_text(solution.packages[at]);
    return text;
}

std::string_view why_not_kind_name(WhyNot::Kind kind) noexcept {
    constexpr std::array<std::string_view, 6> kNames = {"is-in",       "not-needed", "less-wanted",
                                                        "passed-over", "conflict",   "unknown"};
    return kNames[static_cast<std::size_t>(kind)];
}

Result<WhyNot> why_not(const Request& request, const Target& wanted, DependencyProvider& provider,
                       Resolver& resolver, const CallContext& context,
                       const RepairOptions& options) {
    RememberingProvider remembered(provider);
    CATALOG_TRY(const Solution without, resolver.resolve(request, remembered, context));
    WhyNot result;
    for (const Resolved& package : without.packages) {
        if (!serves(package, wanted)) continue;
        result.text = package_text(package) + " is in the answer";
        return result;
    }
    // Last, so that the roots of the request keep their places and their precedence.
    Request asked = request;
    Root root;
    root.target = wanted;
    asked.roots.push_back(std::move(root));
    const Result<Solution> with = resolver.resolve(asked, remembered, context);
    if (with) return compared(without, *with, wanted);
    const Errc code = with.error().code();
    if (code != Errc::kUnsatisfiable && code != Errc::kUnknownPackage) return fail(with.error());
    CATALOG_TRY(result.explanation,
                explain(asked, with.error(), remembered, resolver, context, options));
    std::erase_if(result.explanation->repairs, [&](const Repair& repair) {
        return std::ranges::any_of(repair.edits, [&](const Edit& edit) {
            return edit.kind != Edit::Kind::kDropConstraint && edit.index == request.roots.size();
        });
    });
    const std::vector<std::string>& roots = result.explanation->roots;
    const bool alone = code == Errc::kUnknownPackage ||
                       (roots.size() == 1 && result.explanation->steps.size() <= 1);
    result.kind = alone ? WhyNot::Kind::kUnknown : WhyNot::Kind::kConflict;
    result.text = result.explanation->message;
    return result;
}

}  // namespace catalog::resolve
