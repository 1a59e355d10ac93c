// Random workloads over the content store that lose power at every call that changes the disk, by
// every kind of loss, and again while what is left is worked with.
//
// CATALOG_SOAK_POINTS says how many crash points (the default takes seconds), CATALOG_SOAK_SEED the
// first workload, CATALOG_SOAK_LEDGER a file that gets one line for each workload that was done and
// from which the next run goes on.

#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "content_soak.hpp"
#include "support/kv/leak_sanitizer.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::CrashPolicy;
using io::testing::FileCall;
using io::testing::must;
using io::testing::SeededRandom;
using io::testing::SimulatedFileSystem;
using kv::testing::number_from_environment;

constexpr std::array kPolicies = {CrashPolicy::kDropUnsynced, CrashPolicy::kKeepAll,
                                  CrashPolicy::kWholeWrites, CrashPolicy::kTornSectors,
                                  CrashPolicy::kSizesFirst};
constexpr unsigned kStepsBefore = 14;  // Of the state that the crashed work begins with.
constexpr unsigned kSteps = 7;
constexpr std::uint64_t kCallsMax = 100'000;  // Of one workload: a bound against one without end.

// Counts by name: "points" (calls at which power was lost), "recoveries" (stores that were opened
// and checked after it), points by the step and by the call, recoveries by what was found.
class Tally {
public:
    std::uint64_t& operator[](const std::string& name) { return counts_[name]; }

    void add(const Tally& other) {
        for (const auto& [name, count] : other.counts_) counts_[name] += count;
    }
    [[nodiscard]] std::string to_line() const {
        std::string line;
        for (const auto& [name, count] : counts_)
            line.append("\t").append(name).append("=").append(std::to_string(count));
        return line;
    }
    void add_line(const std::string& line) {
        std::istringstream parts(line);
        for (std::string part; std::getline(parts, part, '\t');)
            if (const auto at = part.find('='); at != std::string::npos)
                counts_[part.substr(0, at)] += std::stoull(part.substr(at + 1));
    }
    void print() const {
        for (const auto& [name, count] : counts_) std::cout << name << ": " << count << "\n";
    }

private:
    std::map<std::string, std::uint64_t> counts_;
};

// What a crash at this call interrupts: "sync of a pack".
std::string kind_of(const FileCall& call) {
    std::string kind(operation_name(call.operation));
    const std::string name = call.path.substr(call.path.rfind('/') + 1);
    if (call.path.starts_with("/library/db")) return kind + " of the database";
    if (parse_pack_file_name(name)) return kind + " of a pack";
    if (parse_run_file_name(name)) return kind + " of an index";
    return kind + " elsewhere";
}

class Soak {
public:
    explicit Soak(std::uint64_t seed) : seed_(seed), random_(seed * 0x9e3779b97f4a7c15u + 1) {}

    // Crashes one workload at every `stride`th of its calls, and after it.
    Tally run(std::uint64_t stride);

private:
    Machine prepare();
    Result<void> work(const Machine& machine, WorkloadModel& model, std::uint64_t seed,
                      unsigned steps) const;
    bool crash_at(const Machine& start, std::uint64_t number);
    void check(const Machine& machine, const WorkloadModel& model, CrashPolicy policy);
    void crash_again(const Machine& machine, const WorkloadModel& before);
    void explain(const Disk& disk, const std::string& when) const;

    const std::uint64_t seed_;
    SeededRandom random_;
    WorkloadModel start_;
    Tally tally_;
};

void Soak::explain(const Disk& disk, const std::string& when) const {
    std::cout << "workload " << seed_ << ", " << when << "\n" << disk->call_log(40) << "\n";
}

Result<void> Soak::work(const Machine& machine, WorkloadModel& model, std::uint64_t seed,
                        unsigned steps) const {
    return ContentWorkload([&] { return machine.open(); }, model, seed,
                           [&](SeededRandom& random) { damage_files(*machine.disk, random); })
        .run(steps);
}

Machine Soak::prepare() {
    Machine machine{SimulatedFileSystem::make(), nullptr};
    // A database that forgets nothing asks most of the packs, and every call is one of theirs; one
    // on the same disk is what libraries use.
    if (seed_ % 8 != 0) machine.memory = kv::make_memory_store(kBedFamilyCount);
    must(machine.disk->make_directories("/library"));
    must(machine.disk->sync_directory("/"));
    must(work(machine, start_, random_.next(), seed_ % 5 != 0 ? kStepsBefore : 0));
    return machine.recover(CrashPolicy::kKeepAll, 0);
}

Tally Soak::run(std::uint64_t stride) {
    const Machine start = prepare();
    const std::uint64_t work_seed = random_.next();
    for (std::uint64_t number = 1 + seed_ % stride;; number += stride) {
        EXPECT_LT(number, kCallsMax);
        const Machine machine = start.recover(CrashPolicy::kKeepAll, 0);
        WorkloadModel model = start_;
        machine.disk->crash_at(number);
        const auto done = work(machine, model, work_seed, kSteps);
        const bool lost = machine.disk->crashed();
        if (!done && !lost) {
            ADD_FAILURE() << model.step << ": " << done.error().to_string();
            explain(machine.disk, "no power lost");
        }
        machine.disk->crash_now();
        const auto calls = machine.disk->calls();
        const auto call = std::find_if(calls.begin(), calls.end(),
                                       [&](const FileCall& each) { return each.number == number; });
        ++tally_["points"];
        ++tally_[machine.memory ? "points with the database elsewhere"
                                : "points with the database on the disk"];
        ++tally_["points in step " + (lost ? model.step : "none")];
        if (call != calls.end()) ++tally_["points at " + kind_of(*call)];
        for (const CrashPolicy policy : kPolicies) {
            const std::uint64_t seed = random_.next();
            check(machine.recover(policy, seed), model, policy);
            if (::testing::Test::HasFailure()) {
                explain(machine.disk, "power lost at call " + std::to_string(number) + " in step " +
                                          model.step + ", " + std::string(policy_name(policy)) +
                                          ", seed " + std::to_string(seed));
                return tally_;
            }
        }
        crash_again(machine.recover(kPolicies[number % kPolicies.size()], number), model);
        if (::testing::Test::HasFailure()) return tally_;
        if (!lost) break;
    }
    ++tally_["workloads"];
    return tally_;
}

// Power is lost once more while the store is opened, cleaned, and written to.
void Soak::crash_again(const Machine& machine, const WorkloadModel& before) {
    WorkloadModel model = before;
    {
        // What the first crash left decides what the model is.
        const Machine look = machine.recover(CrashPolicy::kKeepAll, 0);
        const auto opened = must(look.open());
        model.durable = references_of(opened->storage());
        model.attempted.reset();
        ASSERT_TRUE(before.allows(model.durable));
    }
    machine.disk->crash_at(1 + random_.below(machine.memory ? 20 : 60));
    const std::uint64_t seed = random_.next();
    const auto done = work(machine, model, seed, 2);
    if (!done && !machine.disk->crashed()) {
        ADD_FAILURE() << model.step << ": " << done.error().to_string();
    }
    machine.disk->crash_now();
    const CrashPolicy policy = kPolicies[random_.below(kPolicies.size())];
    ++tally_["points"];
    ++tally_["points after another crash"];
    ++tally_["points in step " + model.step + ", after a crash"];
    check(machine.recover(policy, random_.next()), model, policy);
    if (::testing::Test::HasFailure()) explain(machine.disk, "power lost a second time");
}

// Every reference leads to its bytes, whatever else there is is whole, and the store goes on.
void Soak::check(const Machine& machine, const WorkloadModel& model, CrashPolicy policy) {
    References found;
    {
        const auto opened = must(machine.open());
        ContentAddressedStorage& storage = opened->storage();
        found = references_of(storage);
        ASSERT_TRUE(model.allows(found))
            << found.size() << " references, acknowledged " << model.durable.size();
        ++tally_["recoveries"];
        ++tally_["recoveries by " + std::string(policy_name(policy)) +
                 (found == model.durable ? ", as acknowledged" : ", and the commit under way")];
        if (model.damaged) {
            ++tally_["recoveries with damaged files"];
            expect_repaired(storage, model, found);
        }
        expect_clean(storage);
        if (must(storage.stats()).dictionary_chunks != 0)
            ++tally_["recoveries with chunks of a dictionary"];
        const auto number = static_cast<unsigned>(random_.below(kWorkloadObjects));
        must(storage.store(source_of(workload_object(number)), "anna", CallContext()));
        found.emplace("anna", number);
        if (random_.chance(30)) {
            collect_all(storage);
            EXPECT_EQ(objects_in(storage), objects_of(found));
        } else {
            must(storage.collect(CollectOptions(), CallContext()));
        }
        ASSERT_NO_FATAL_FAILURE(expect_references(storage, found));
    }
    if (random_.chance(20)) {
        const auto again = must(machine.open());
        ASSERT_EQ(references_of(again->storage()), found);
        ASSERT_NO_FATAL_FAILURE(expect_references(again->storage(), found));
        expect_clean(again->storage());
    }
    if (random_.chance(10)) expect_space_back(machine);
}

TEST(ContentCrashSoak, NothingAcknowledgedIsLost) {
    // Every store that is opened asks for the same large pieces: given back to the system and
    // taken again they cost a third of the time.
    // NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    // NOLINTEND(concurrency-mt-unsafe)
    const std::uint64_t asked = number_from_environment("CATALOG_SOAK_POINTS", 0);
    const std::uint64_t points = asked != 0 ? asked : 160;
    std::uint64_t seed = number_from_environment("CATALOG_SOAK_SEED", 1);
    Tally all;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets variables.
    const char* path = std::getenv("CATALOG_SOAK_LEDGER");
    std::fstream ledger;
    if (path != nullptr) {
        ledger.open(path, std::ios::in);
        for (std::string line; std::getline(ledger, line); all.add_line(line))
            seed = std::max<std::uint64_t>(seed, std::stoull(line) + 1);
        ledger.close();
        ledger.open(path, std::ios::out | std::ios::app);
    }
    for (; all["points"] < points && !HasFailure(); ++seed) {
        const Tally one = Soak(seed).run(asked != 0 ? 1 : 11);
        all.add(one);
        if (path != nullptr && !HasFailure()) ledger << seed << one.to_line() << '\n' << std::flush;
    }
    all.print();
    EXPECT_GE(all["recoveries"], 3 * all["points"]);
}

}  // namespace
}  // namespace catalog::content::testing
