// The same queries over the same package list with libsolv, for comparison.
//
//   bench_libsolv PACKAGES.jsonl QUERIES.jsonl [--only PREFIX] [--verdicts FILE]
//
// Ranges become pairs of rpm relations on one package (REL_WITH), alternatives REL_OR, conflicts
// and provided names what they are there. Times are CPU time of the solving thread: a solver object
// is made, asked to install something that satisfies each root, and freed. Loading is not part of
// them. Every answer is checked against the list before it counts.

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry.hpp"

// Its headers have a member of this name, which is a keyword of C++20.
#define requires solv_requires
extern "C" {
#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/solver.h>
}
#undef requires

namespace catalog::bench {
namespace {

double cpu_us() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double part_of(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
}

class SolvPool {
public:
    SolvPool() : pool_(pool_create()) {
        pool_setdisttype(pool_, DISTTYPE_RPM);
        pool_setarch(pool_, "noarch");
        repo_ = repo_create(pool_, "list");
    }
    ~SolvPool() { pool_free(pool_); }
    SolvPool(const SolvPool&) = delete;
    SolvPool& operator=(const SolvPool&) = delete;

    Result<void> load(Registry& registry) {
        for (const std::string& name : registry.names()) {
            auto versions = registry.versions(name);
            if (!versions) return fail(versions.error());
            for (const resolve::Candidate& candidate : *versions) {
                auto record = registry.record(name, candidate);
                if (!record) return fail(record.error());
                add(name, candidate, *record);
            }
        }
        repo_internalize(repo_);
        pool_createwhatprovides(pool_);
        return {};
    }

    /// Returns whether there is a solution; `chosen` becomes its packages.
    bool solve(const Query& query, std::vector<Id>& chosen) {
        Queue jobs;
        queue_init(&jobs);
        for (const resolve::Target& root : query.roots) {
            queue_push2(&jobs, SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, dependency(root));
        }
        Solver* solver = solver_create(pool_);
        solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
        const bool solved = solver_solve(solver, &jobs) == 0;
        if (solved) {
            Queue decisions;
            queue_init(&decisions);
            solver_get_decisionqueue(solver, &decisions);
            for (int i = 0; i < decisions.count; ++i) {
                if (decisions.elements[i] > 1) chosen.push_back(decisions.elements[i]);
            }
            queue_free(&decisions);
        }
        solver_free(solver);
        queue_free(&jobs);
        return solved;
    }

    /// Returns how many demands of `chosen` and of the roots nobody in it meets, and how many of
    /// its names it has twice.
    std::size_t unmet(const Query& query, const std::vector<Id>& chosen) {
        Map in;
        map_init(&in, pool_->nsolvables);
        for (const Id id : chosen) MAPSET(&in, id);
        std::size_t wrong = 0;
        std::vector<Id> names;
        for (const Id id : chosen) names.push_back(pool_id2solvable(pool_, id)->name);
        std::sort(names.begin(), names.end());
        wrong += static_cast<std::size_t>(names.end() - std::unique(names.begin(), names.end()));
        const auto met = [&](Id dep) {
            Pool* pool = pool_;  // the macro's own name for it
            Id p = 0;
            Id pp = 0;
            FOR_PROVIDES(p, pp, dep) {
                if (MAPTST(&in, p)) return true;
            }
            return false;
        };
        for (const resolve::Target& root : query.roots) wrong += met(dependency(root)) ? 0 : 1;
        for (const Id id : chosen) {
            Queue requires_queue;
            queue_init(&requires_queue);
            solvable_lookup_deparray(pool_id2solvable(pool_, id), SOLVABLE_REQUIRES,
                                     &requires_queue, 0);
            for (int i = 0; i < requires_queue.count; ++i) {
                wrong += met(requires_queue.elements[i]) ? 0 : 1;
            }
            queue_free(&requires_queue);
        }
        map_free(&in);
        return wrong;
    }

private:
    Id text(const std::string& value) { return pool_str2id(pool_, value.c_str(), 1); }

    static std::string evr(const version::SemVer& version) { return version.to_string(); }

    /// A bound like 2.0.0-0 keeps out the pre-releases of 2.0.0, of which the lists have none; as
    /// an rpm version it would mean a release of 2.0.0 and let 2.0.0 in.
    Id bound(Id name, const version::VersionSet::Bound& at, bool lower) {
        const bool lowest = at.version.prerelease() == "0";
        const int flags =
            (lower ? REL_GT : REL_LT) | (at.inclusive || (lower && lowest) ? REL_EQ : 0);
        const std::string end = evr(lowest ? at.version.with_prerelease("") : at.version);
        return pool_rel2id(pool_, name, text(end), flags, 1);
    }

    Id dependency(const resolve::Target& target) {
        const Id name = text(target.name);
        const version::VersionSet set = target.constraint.set();
        Id all = 0;
        for (const auto& interval : set.intervals()) {
            Id one = name;
            if (interval.lower && interval.upper && interval.lower->inclusive &&
                interval.upper->inclusive && interval.lower->version == interval.upper->version) {
                one = pool_rel2id(pool_, name, text(evr(interval.lower->version)), REL_EQ, 1);
            } else if (interval.lower && interval.upper) {
                one = pool_rel2id(pool_, bound(name, *interval.lower, true),
                                  bound(name, *interval.upper, false), REL_WITH, 1);
            } else if (interval.lower) {
                one = bound(name, *interval.lower, true);
            } else if (interval.upper) {
                one = bound(name, *interval.upper, false);
            }
            all = all == 0 ? one : pool_rel2id(pool_, all, one, REL_OR, 1);
        }
        return all == 0 ? text("nobody provides this") : all;
    }

    void add(const std::string& name, const resolve::Candidate& candidate,
             const resolve::PackageRecord& record) {
        Solvable* solvable = pool_id2solvable(pool_, repo_add_solvable(repo_));
        solvable->name = text(name);
        solvable->evr = text(evr(candidate.version));
        solvable->arch = ARCH_NOARCH;
        solvable->provides =
            repo_addid_dep(repo_, solvable->provides,
                           pool_rel2id(pool_, solvable->name, solvable->evr, REL_EQ, 1), 0);
        for (const resolve::Provided& provided : record.provides) {
            solvable->provides = repo_addid_dep(
                repo_, solvable->provides,
                pool_rel2id(pool_, text(provided.name), text(evr(provided.version)), REL_EQ, 1), 0);
        }
        for (const resolve::Requirement& need : record.dependencies) {
            Id dep = dependency(need.target);
            for (const resolve::Target& other : need.any_of) {
                dep = pool_rel2id(pool_, dep, dependency(other), REL_OR, 1);
            }
            solvable->solv_requires = repo_addid_dep(repo_, solvable->solv_requires, dep, 0);
        }
        for (const resolve::Target& conflict : record.conflicts) {
            solvable->conflicts =
                repo_addid_dep(repo_, solvable->conflicts, dependency(conflict), 0);
        }
    }

    Pool* pool_;
    Repo* repo_;
};

struct SolvGroup {
    std::vector<double> times_us;
    std::size_t satisfiable = 0;
    std::size_t unsatisfiable = 0;
    std::size_t wrong = 0;
    std::size_t packages = 0;
};

int run_libsolv(int argc, char** argv) {
    std::string only;
    std::string verdicts_path;
    for (int i = 3; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--only") == 0) only = argv[i + 1];
        if (std::strcmp(argv[i], "--verdicts") == 0) verdicts_path = argv[i + 1];
    }
    SolvPool pool;
    const double start = cpu_us();
    {
        auto registry = Registry::load(argv[1]);
        if (!registry || !pool.load(*registry)) {
            std::fprintf(stderr, "the packages cannot be read\n");
            return 3;
        }
    }
    auto queries = load_queries(argv[2]);
    if (!queries) return 3;
    std::printf("loaded in %.1f s\n", (cpu_us() - start) / 1e6);
    std::FILE* verdicts = verdicts_path.empty() ? nullptr : std::fopen(verdicts_path.c_str(), "w");
    std::map<std::string, SolvGroup> groups;
    std::vector<std::vector<Id>> answers;
    // All are timed one after another; what checks them would push the solver out of the caches.
    for (const Query& query : *queries) {
        answers.emplace_back();
        if (query.id.compare(0, only.size(), only) != 0) continue;
        SolvGroup& group = groups[query.id.substr(0, query.id.find('-'))];
        const double before = cpu_us();
        const bool solved = pool.solve(query, answers.back());
        group.times_us.push_back(cpu_us() - before);
        ++(solved ? group.satisfiable : group.unsatisfiable);
        group.packages += answers.back().size();
        if (verdicts != nullptr) {
            std::fprintf(verdicts, "%s %s\n", query.id.c_str(), solved ? "sat" : "unsat");
        }
    }
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const Query& query = (*queries)[i];
        if (answers[i].empty() || pool.unmet(query, answers[i]) == 0) continue;
        ++groups[query.id.substr(0, query.id.find('-'))].wrong;
    }
    if (verdicts != nullptr) std::fclose(verdicts);
    std::printf("%-8s %6s %6s %6s %10s %10s %10s %9s\n", "group", "sat", "unsat", "wrong", "p50 us",
                "p99 us", "max us", "packages");
    std::size_t wrong = 0;
    for (const auto& [name, group] : groups) {
        wrong += group.wrong;
        std::printf("%-8s %6zu %6zu %6zu %10.0f %10.0f %10.0f %9zu\n", name.c_str(),
                    group.satisfiable, group.unsatisfiable, group.wrong,
                    part_of(group.times_us, 0.5), part_of(group.times_us, 0.99),
                    part_of(group.times_us, 1.0),
                    group.satisfiable == 0 ? 0 : group.packages / group.satisfiable);
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("peak memory %.0f MiB\n", static_cast<double>(usage.ru_maxrss) / 1024.0);
    return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace catalog::bench

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr,
                     "usage: bench_libsolv PACKAGES.jsonl QUERIES.jsonl [--only PREFIX] "
                     "[--verdicts FILE]\n");
        return 2;
    }
    return catalog::bench::run_libsolv(argc, argv);
}
