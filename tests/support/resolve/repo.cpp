#include "support/resolve/repo.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace catalog::resolve::testing {

namespace {

/// Text of a test is part of the test: a mistake in it ends the run.
[[noreturn]] void mistake(std::string_view what, std::string_view text) {
    std::fprintf(stderr, "mistake in a test's text: %.*s: %.*s\n", static_cast<int>(what.size()),
                 what.data(), static_cast<int>(text.size()), text.data());
    std::abort();
}

std::string_view trim(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto at = text.find(by);
        if (const auto part = trim(text.substr(0, at)); !part.empty()) parts.push_back(part);
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

/// Cuts the first word off.
std::string_view take_word(std::string_view& text) {
    text = trim(text);
    const auto end = text.find_first_of(" \t");
    const std::string_view word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : trim(text.substr(end));
    return word;
}

template <class T>
T must(Result<T> result, std::string_view text) {
    if (!result) mistake(result.error().to_string(), text);
    return *std::move(result);
}

version::VersionConstraint constraint(std::string_view text) {
    std::string range(text.empty() ? "*" : text);
    std::replace(range.begin(), range.end(), '&', ',');
    return must(version::VersionConstraint::parse(range, version::Dialect::kCargo), text);
}

std::string constraint_text(const version::VersionConstraint& constraint) {
    std::string text = constraint.to_string();
    std::replace(text.begin(), text.end(), ',', '&');
    return text;
}

std::string target_text(const Target& target) {
    return target.name + " " + constraint_text(target.constraint);
}

std::string entry_text(const RepoEntry& entry) {
    std::string text = entry.name + " " + entry.candidate.version.to_string();
    if (entry.candidate.yanked) text += " yanked";
    if (!entry.candidate.source_id.empty()) text += " ; source " + entry.candidate.source_id;
    std::string separator = " ; needs ";
    for (const Requirement& r : entry.record.dependencies) {
        text += separator + testing::to_text(r);
        separator = ", ";
    }
    separator = " ; conflicts ";
    for (const Target& t : entry.record.conflicts) {
        text += separator + target_text(t);
        separator = ", ";
    }
    separator = " ; provides ";
    for (const Provided& p : entry.record.provides) {
        text += separator + p.name + " " + p.version.to_string();
        separator = ", ";
    }
    for (const auto& [feature, items] : entry.record.features) {
        text += " ; feature " + feature + " =";
        for (const std::string& item : items) text += " " + item;
    }
    return text;
}

RepoEntry entry_of(std::string_view line) {
    const auto parts = split(line, ';');
    RepoEntry entry;
    std::string_view head = parts.front();
    entry.name = take_word(head);
    entry.candidate.version = ver(take_word(head));
    if (!head.empty() && head != "yanked") mistake("unknown word", head);
    entry.candidate.yanked = head == "yanked";
    for (std::size_t i = 1; i < parts.size(); ++i) {
        std::string_view part = parts[i];
        const std::string_view what = take_word(part);
        if (what == "needs") {
            for (const auto text : split(part, ',')) {
                entry.record.dependencies.push_back(requirement(text));
            }
        } else if (what == "conflicts") {
            for (const auto text : split(part, ',')) entry.record.conflicts.push_back(target(text));
        } else if (what == "provides") {
            for (const auto text : split(part, ',')) {
                entry.record.provides.push_back(provided(text));
            }
        } else if (what == "source") {
            entry.candidate.source_id = part;
        } else if (what == "feature") {
            const std::string name(take_word(part));
            if (take_word(part) != "=") mistake("a feature without =", parts[i]);
            std::vector<std::string>& items = entry.record.features[name];
            while (!part.empty()) items.emplace_back(take_word(part));
        } else {
            mistake("unknown part", what);
        }
    }
    return entry;
}

}  // namespace

version::SemVer ver(std::string_view text) { return must(version::SemVer::parse(text), text); }

Target target(std::string_view text) {
    const std::string name(take_word(text));
    return {name, constraint(text)};
}

Provided provided(std::string_view text) {
    const std::string name(take_word(text));
    return {name, ver(text)};
}

Locked locked(std::string_view text) {
    const std::string name(take_word(text));
    const version::SemVer version = ver(take_word(text));
    return {name, version, std::string(text)};
}

Requirement requirement(std::string_view text) {
    Requirement result;
    if (const auto at = text.find('@', 1); at != std::string_view::npos) {
        result.platform = must(PlatformPredicate::parse(trim(text.substr(at + 1))), text);
        text = trim(text.substr(0, at));
    }
    constexpr std::string_view kNoDefault = "-default";
    if (text.size() > kNoDefault.size() &&
        text.substr(text.size() - kNoDefault.size()) == kNoDefault) {
        result.default_features = false;
        text = trim(text.substr(0, text.size() - kNoDefault.size()));
    }
    if (const auto at = text.find('['); at != std::string_view::npos) {
        const auto end = text.find(']');
        for (const auto feature : split(text.substr(at + 1, end - at - 1), ' ')) {
            result.features.emplace_back(feature);
        }
        text = trim(text.substr(0, at));
    }
    std::string_view rest = text;
    const std::string_view first = take_word(rest);
    if (auto kind = parse_dependency_kind(first)) {
        result.kind = *kind;
        text = rest;
    }
    const auto alternatives = split(text, '|');
    result.target = target(alternatives.front());
    for (std::size_t i = 1; i < alternatives.size(); ++i) {
        result.any_of.push_back(target(alternatives[i]));
    }
    return result;
}

Request ask(std::string_view roots) {
    Request request;
    request.platform = must(Platform::parse("linux-x86_64-gnu"), "platform");
    for (const auto text : split(roots, ',')) {
        Requirement read = requirement(text);
        request.roots.push_back({read.target, read.features, read.default_features});
    }
    return request;
}

Repo::Repo(std::string_view text) {
    for (const auto line : split(text, '\n')) add(entry_of(line));
}

void Repo::add(RepoEntry entry) {
    if (auto added = provider_.add(entry.name, entry.candidate, entry.record); !added) {
        mistake(added.error().to_string(), entry.name);
    }
    entries_.push_back(std::move(entry));
}

std::string Repo::to_text() const {
    std::string text;
    for (const RepoEntry& entry : entries_) text += entry_text(entry) + "\n";
    return text;
}

std::string to_text(const Requirement& r) {
    std::string text;
    if (r.kind != DependencyKind::kRequired) {
        text += std::string(dependency_kind_name(r.kind)) + " ";
    }
    text += target_text(r.target);
    for (const Target& t : r.any_of) text += " | " + target_text(t);
    if (!r.features.empty()) {
        text += " [";
        for (const std::string& feature : r.features) text += feature + " ";
        text.back() = ']';
    }
    if (!r.default_features) text += " -default";
    if (!r.platform.is_everywhere()) text += " @" + r.platform.to_string();
    return text;
}

std::string to_text(const Request& request) {
    std::ostringstream out;
    out << "ask(\"";
    for (std::size_t i = 0; i < request.roots.size(); ++i) {
        const Root& root = request.roots[i];
        Requirement r;
        r.target = root.target;
        r.features = root.features;
        r.default_features = root.default_features;
        out << (i == 0 ? "" : ", ") << to_text(r);
    }
    out << "\")\n";
    if (request.policy == VersionPolicy::kPerMajor) out << "policy = per major\n";
    if (request.preference == Preference::kMinimal) out << "preference = minimal\n";
    for (const Locked& l : request.locked) {
        out << "locked " << l.name << " " << l.version.to_string() << " " << l.source_id << "\n";
    }
    for (const Target& t : request.constraints) out << "constraint " << target_text(t) << "\n";
    for (const Provided& p : request.host_provides) {
        out << "host " << p.name << " " << p.version.to_string() << "\n";
    }
    for (const std::string& name : request.optional) out << "optional " << name << "\n";
    if (request.development) out << "development\n";
    if (request.build) out << "build\n";
    if (request.include_prereleases) out << "include prereleases\n";
    if (request.refuse_cycles) out << "refuse cycles\n";
    return out.str();
}

std::string to_text(const Solution& solution) {
    std::string text;
    for (const Resolved& package : solution.packages) {
        if (!text.empty()) text += ", ";
        text += package.name + " " + package.candidate.version.to_string();
        for (const std::string& feature : package.features) text += " +" + feature;
    }
    return text;
}

}  // namespace catalog::resolve::testing
