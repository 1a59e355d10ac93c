// Says how long it takes to be told why a request cannot be met, and what would help.
//
//   bench_explain PACKAGES.jsonl QUERIES.jsonl UNIVERSE [--draw COUNT] [--only PREFIX] [--print]
//                 [--repeat TIMES] [--no-repairs] [--no-check]
//
// Resolves every query over the packages frozen into UNIVERSE (made when it is not there) and keeps
// those that cannot be met. --draw adds COUNT requests of each of three kinds, all of which cannot
// be met: two packages of which one conflicts with the other (`pair`), a package beside a range of
// one of its dependencies that it does not accept (`range`), a range that no version is in
// (`none`); each among eight random other packages.
//
// Times are CPU time of the resolving thread, the middle of TIMES runs (3):
//
//   verdict      resolve without SatOptions::explain
//   explanation  what resolve takes longer with it
//   repairs      explain(): the failure read into steps, and repairs looked for
//
// Before anything is timed every explanation is checked: its roots alone cannot be met, and each
// repair is a request that has the answer that came with it. Explanations of which a root could be
// left out are counted.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "catalog/resolve/check.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/resolve/universe.hpp"
#include "catalog/resolve/universe_resolver.hpp"
#include "catalog/resolve/why.hpp"
#include "registry.hpp"
#include "universe_file.hpp"

namespace catalog::bench {
namespace {

struct Options {
    std::vector<std::string> files;
    std::string only;
    unsigned draw = 0;
    unsigned repeat = 3;
    bool print = false;
    bool repairs = true;
    bool check = true;
};

struct Case {
    std::string group;
    std::string id;
    resolve::Request request;
};

struct Group {
    std::vector<double> verdict_us;
    std::vector<double> explanation_us;
    std::vector<double> repairs_us;
    std::vector<double> all_us;
    std::vector<double> lines;
    std::vector<double> offered;
};

double percentile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
}

template <class Run>
double middle_us(unsigned times, const Run& run) {
    std::vector<double> all;
    for (unsigned i = 0; i < times; ++i) {
        const double start = thread_cpu_us();
        run();
        all.push_back(thread_cpu_us() - start);
    }
    return percentile(std::move(all), 0.5);
}

resolve::SatOptions quiet() {
    resolve::SatOptions options;
    options.explain = false;
    return options;
}

/// Makes requests that cannot be met.
class Drawing {
public:
    Drawing(const resolve::FrozenUniverse& universe, std::vector<std::string> names)
        : universe_(universe),
          provider_(universe),
          resolver_(universe, make_system_clock(), quiet()),
          names_(std::move(names)) {}

    std::vector<Case> draw(unsigned count) {
        std::vector<Case> cases;
        for (const std::string kind : {"pair", "range", "none"}) {
            unsigned found = 0;
            for (unsigned tries = 0; found < count && tries < 2'000 * count; ++tries) {
                std::vector<resolve::Root> roots = kind == "pair"    ? draw_pair()
                                                   : kind == "range" ? draw_range()
                                                                     : draw_none();
                if (roots.empty()) continue;
                resolve::Request request;
                for (unsigned i = 0; i < kOthers; ++i) request.roots.push_back(any(pick_name()));
                if (!resolver_.resolve(request, CallContext())) continue;
                for (resolve::Root& root : roots) {
                    const auto at = request.roots.begin() +
                                    static_cast<std::ptrdiff_t>(random_() % request.roots.size());
                    request.roots.insert(at, std::move(root));
                }
                const auto answer = resolver_.resolve(request, CallContext());
                if (answer || answer.error().code() != Errc::kUnsatisfiable) continue;
                cases.push_back({kind, kind + "-" + std::to_string(found), std::move(request)});
                ++found;
            }
        }
        return cases;
    }

private:
    static constexpr unsigned kOthers = 8;

    const std::string& pick_name() { return names_[random_() % names_.size()]; }

    static resolve::Root any(const std::string& name) {
        return {{name, version::VersionConstraint()}, {}, true};
    }
    static resolve::Root exactly(const std::string& name, const version::SemVer& version) {
        return {{name, version::VersionConstraint(version::Exact{version})}, {}, true};
    }

    /// A random version of a random package with its record.
    std::optional<std::pair<resolve::Root, resolve::PackageRecord>> pick_version() {
        const std::string& name = pick_name();
        const auto versions = provider_.versions(name);
        if (!versions || versions->empty()) return std::nullopt;
        const resolve::Candidate& candidate = (*versions)[random_() % versions->size()];
        auto record = provider_.record(name, candidate);
        if (!record) return std::nullopt;
        return std::pair(exactly(name, candidate.version), *std::move(record));
    }

    std::vector<resolve::Root> draw_pair() {
        const auto found = pick_version();
        if (!found || found->second.conflicts.empty()) return {};
        const auto& conflicts = found->second.conflicts;
        return {found->first, any(conflicts[random_() % conflicts.size()].name)};
    }

    std::vector<resolve::Root> draw_range() {
        const auto found = pick_version();
        if (!found || found->second.dependencies.empty()) return {};
        const auto& needs = found->second.dependencies;
        const resolve::Requirement& need = needs[random_() % needs.size()];
        const auto versions = provider_.versions(need.target.name);
        if (!versions || !need.any_of.empty()) return {};
        std::vector<version::SemVer> refused;
        for (const resolve::Candidate& candidate : *versions) {
            if (!need.target.constraint.matches(candidate.version)) {
                refused.push_back(candidate.version);
            }
        }
        if (refused.empty()) return {};
        return {any(found->first.target.name),
                exactly(need.target.name, refused[random_() % refused.size()]), found->first};
    }

    std::vector<resolve::Root> draw_none() {
        const std::string& name = pick_name();
        const auto versions = provider_.versions(name);
        if (!versions || versions->empty()) return {};
        auto range = version::VersionConstraint::parse(">" + versions->front().version.to_string(),
                                                       version::Dialect::kCargo);
        for (const resolve::Candidate& candidate : *versions) {
            if (!range || range->matches(candidate.version)) return {};
        }
        return {{{name, *range}, {}, true}};
    }

    resolve::FrozenUniverse universe_;
    resolve::UniverseProvider provider_;
    resolve::UniverseResolver resolver_;
    std::vector<std::string> names_;
    std::mt19937 random_{1};
};

std::string text_of(const resolve::Root& root) {
    return root.target.name + " " + root.target.constraint.to_string();
}

/// Returns what is wrong with an explanation; empty when nothing is. Says too whether it has roots
/// that can be left out, as may be where a trial without them was too much work.
std::string check(const resolve::Request& request, const resolve::Explanation& explanation,
                  resolve::DependencyProvider& provider, bool& more_than_needed) {
    resolve::SatResolver resolver(make_system_clock(), quiet());
    resolve::Request alone = request;
    alone.roots.clear();
    for (const std::string& text : explanation.roots) {
        for (const resolve::Root& root : request.roots) {
            if (text_of(root) != text) continue;
            alone.roots.push_back(root);
            break;
        }
    }
    if (alone.roots.empty() || alone.roots.size() != explanation.roots.size()) return "roots";
    const auto together = resolver.resolve(alone, provider, CallContext());
    if (together || together.error().code() != Errc::kUnsatisfiable) return "roots can be met";
    alone.conflicts_max = 20'000;
    for (std::size_t i = 0; i < alone.roots.size() && alone.roots.size() > 1; ++i) {
        resolve::Request fewer = alone;
        fewer.roots.erase(fewer.roots.begin() + static_cast<std::ptrdiff_t>(i));
        const auto answer = resolver.resolve(fewer, provider, CallContext());
        if (!answer && answer.error().code() == Errc::kUnsatisfiable) {
            more_than_needed = true;
            break;
        }
    }
    for (const resolve::Repair& repair : explanation.repairs) {
        if (!resolver.resolve(repair.request, provider, CallContext())) return "repair";
        const auto problems = resolve::check_solution(repair.request, provider, repair.solution);
        if (!problems || !problems->empty()) return "repair's answer";
    }
    return {};
}

class Measuring {
public:
    Measuring(const resolve::FrozenUniverse& universe, const Options& options)
        : provider_(universe),
          options_(options),
          verdict_(make_system_clock(), quiet()),
          resolver_(make_system_clock()) {}

    /// False when the explanation is wrong.
    bool add(const Case& one) {
        const auto resolve_with = [&](resolve::Resolver& resolver) {
            return resolver.resolve(one.request, provider_, CallContext());
        };
        const auto failed = resolve_with(resolver_);
        if (failed) return false;
        const auto explain_it = [&] {
            resolve::RepairOptions bounds;
            if (!options_.repairs) bounds.attempts_max = 0;
            return resolve::explain(one.request, failed.error(), provider_, resolver_,
                                    CallContext(), bounds);
        };
        const auto explanation = explain_it();
        if (!explanation) return false;
        if (options_.print) {
            std::printf("%s: %s\n", one.id.c_str(), explanation->to_text().c_str());
        }
        bool more_than_needed = false;
        const std::string wrong =
            options_.check ? check(one.request, *explanation, provider_, more_than_needed)
                           : std::string();
        not_minimal_ += more_than_needed ? 1 : 0;
        if (!wrong.empty()) std::printf("%s: wrong %s\n", one.id.c_str(), wrong.c_str());
        Group& group = groups_[one.group];
        const unsigned times = options_.repeat;
        const double verdict = middle_us(times, [&] { (void)resolve_with(verdict_); });
        const double both = middle_us(times, [&] { (void)resolve_with(resolver_); });
        const double repairs = middle_us(times, [&] { (void)explain_it(); });
        group.verdict_us.push_back(verdict);
        group.explanation_us.push_back(std::max(both - verdict, 0.0));
        group.repairs_us.push_back(repairs);
        group.all_us.push_back(both + repairs);
        group.lines.push_back(static_cast<double>(explanation->steps.size()));
        group.offered.push_back(static_cast<double>(explanation->repairs.size()));
        return wrong.empty();
    }

    void print() const {
        std::printf("%-6s %6s %19s %19s %19s %19s %14s %9s\n", "group", "unsat", "verdict us",
                    "explanation us", "repairs us", "all us", "lines", "repaired");
        for (const auto& [name, group] : groups_) {
            std::printf("%-6s %6zu", name.c_str(), group.lines.size());
            for (const auto* times :
                 {&group.verdict_us, &group.explanation_us, &group.repairs_us, &group.all_us}) {
                std::printf(" %9.0f/%9.0f", percentile(*times, 0.5), percentile(*times, 0.99));
            }
            std::printf(" %4.0f/%4.0f/%4.0f", percentile(group.lines, 0.5),
                        percentile(group.lines, 0.9), percentile(group.lines, 1.0));
            std::printf(" %9td\n", std::count_if(group.offered.begin(), group.offered.end(),
                                                 [](double offered) { return offered > 0; }));
        }
        std::printf("times: p50/p99; lines: p50/p90/max; repaired: requests with a repair\n");
        if (options_.check) std::printf("with a root more than needed: %zu\n", not_minimal_);
    }

private:
    resolve::UniverseProvider provider_;
    const Options& options_;
    resolve::SatResolver verdict_;
    resolve::SatResolver resolver_;
    std::map<std::string, Group> groups_;
    std::size_t not_minimal_ = 0;
};

int run(const Options& options) {
    const auto universe = open_universe(options.files[0], options.files[2]);
    const auto queries = load_queries(options.files[1]);
    if (!universe || !queries) {
        std::fprintf(stderr, "the packages or the queries cannot be read\n");
        return 3;
    }
    std::vector<Case> cases;
    resolve::UniverseResolver resolver(*universe, make_system_clock(), quiet());
    for (const Query& query : *queries) {
        if (query.id.compare(0, options.only.size(), options.only) != 0) continue;
        Case one{query.id.substr(0, query.id.find('-')), query.id, {}};
        if (one.group.size() > 1 && one.group[0] == 'g') one.group = "g";
        for (const resolve::Target& target : query.roots) {
            one.request.roots.push_back({target, {}, true});
        }
        const auto answer = resolver.resolve(one.request, CallContext());
        if (!answer && answer.error().code() == Errc::kUnsatisfiable) {
            cases.push_back(std::move(one));
        }
    }
    if (options.draw > 0) {
        const auto registry = Registry::load(options.files[0]);
        if (!registry) return 3;
        std::vector<Case> drawn = Drawing(*universe, registry->names()).draw(options.draw);
        for (Case& one : drawn) {
            if (one.id.compare(0, options.only.size(), options.only) == 0) {
                cases.push_back(std::move(one));
            }
        }
    }
    Measuring measuring(*universe, options);
    std::size_t wrong = 0;
    for (const Case& one : cases) {
        if (!measuring.add(one)) ++wrong;
    }
    measuring.print();
    if (options.check) {
        std::printf("checked: %zu of %zu explanations wrong\n", wrong, cases.size());
    }
    return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace catalog::bench

int main(int argc, char** argv) {
    catalog::bench::Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const auto number = [&] { return static_cast<unsigned>(std::atoi(argv[++i])); };
        if (argument == "--draw" && i + 1 < argc) {
            options.draw = number();
        } else if (argument == "--repeat" && i + 1 < argc) {
            options.repeat = number();
        } else if (argument == "--only" && i + 1 < argc) {
            options.only = argv[++i];
        } else if (argument == "--print") {
            options.print = true;
        } else if (argument == "--no-repairs") {
            options.repairs = false;
        } else if (argument == "--no-check") {
            options.check = false;
        } else {
            options.files.push_back(argument);
        }
    }
    if (options.files.size() != 3) {
        std::fprintf(stderr,
                     "usage: bench_explain PACKAGES.jsonl QUERIES.jsonl UNIVERSE [--draw COUNT] "
                     "[--only PREFIX] [--print] [--repeat TIMES] [--no-repairs] [--no-check]\n");
        return 2;
    }
    return catalog::bench::run(options);
}
