// Random workloads over the content store whose disk fails one call, each in a run of its own: with
// an I/O error, without space, half way through a write, at a sync, at a read. The store that met
// it stays right, goes on, keeps what it acknowledged when power is lost later, and gives all space
// back.
//
// CATALOG_SOAK_FAULTS says how many runs (the default takes seconds), CATALOG_SOAK_SEED the first
// workload.

#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <iostream>
#include <map>

#include "content_soak.hpp"
#include "support/kv/leak_sanitizer.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::Fault;
using io::testing::FileOperation;
using kv::testing::number_from_environment;

constexpr unsigned kStepsBefore = 10;
constexpr unsigned kSteps = 6;
constexpr unsigned kStepsAfter = 3;
constexpr unsigned kErrorsMax = 3;  // Of what goes on; one of them met what the fault had lost.

struct FaultKind {
    const char* name = "";
    Errc error = Errc::kIo;
    bool is_short = false;                          // Some of the bytes of a write arrive.
    FileOperation operation = FileOperation::kAny;  // Of those that change nothing.
};
constexpr std::array kFaults = {
    FaultKind{"EIO", Errc::kIo, false},
    FaultKind{"ENOSPC", Errc::kStorageFull, false},
    FaultKind{"short write, EIO", Errc::kIo, true},
    FaultKind{"short write, ENOSPC", Errc::kStorageFull, true},
    FaultKind{"EIO at a read", Errc::kIo, false, FileOperation::kRead},
    FaultKind{"EIO at opening a file", Errc::kIo, false, FileOperation::kOpenRead},
    FaultKind{"EIO at mapping a file", Errc::kIo, false, FileOperation::kMap},
};
constexpr std::uint64_t kReadsPerChange = 8;  // More or less.

class FaultSoak {
public:
    explicit FaultSoak(std::uint64_t seed) : seed_(seed), random_(seed * 0x9e3779b97f4a7c15u + 7) {}

    // Fails every `stride`th call of one workload.
    void run(std::uint64_t stride, std::map<std::string, std::uint64_t>& counts);

private:
    bool fail_at(const Machine& start, std::uint64_t number, const FaultKind& kind);
    void go_on(ContentWorkload& workload, WorkloadModel& model);
    void settle(ContentWorkload& workload, WorkloadModel& model);
    void check(const Machine& machine, const WorkloadModel& model);

    const std::uint64_t seed_;
    SeededRandom random_;
    std::uint64_t work_seed_ = 0;
    WorkloadModel start_;
    std::map<std::string, std::uint64_t> counts_;
};

ContentWorkload workload_on(const Machine& machine, WorkloadModel& model, std::uint64_t seed) {
    return {[&machine] { return machine.open(); }, model, seed,
            [&machine](SeededRandom& random) { damage_files(*machine.disk, random); }};
}

void FaultSoak::run(std::uint64_t stride, std::map<std::string, std::uint64_t>& counts) {
    Machine machine{SimulatedFileSystem::make(), kv::make_memory_store(kBedFamilyCount)};
    must(machine.disk->make_directories("/library"));
    must(machine.disk->sync_directory("/"));
    must(workload_on(machine, start_, random_.next()).run(kStepsBefore));
    work_seed_ = random_.next();
    bool met = true;
    for (std::uint64_t number = 1 + seed_ % stride; met && !::testing::Test::HasFailure();
         number += stride) {
        const FaultKind& kind = kFaults[(number + seed_) % kFaults.size()];
        met = fail_at(machine, number, kind);
    }
    for (const auto& [name, count] : counts_) counts[name] += count;
    ++counts["workloads"];
}

// Returns whether there was such a call.
bool FaultSoak::fail_at(const Machine& start, std::uint64_t number, const FaultKind& kind) {
    const Machine machine = start.recover(CrashPolicy::kKeepAll, 0);
    WorkloadModel model = start_;
    Fault fault(kind.error);
    if (kind.is_short) fault.bytes_kept = 1 + random_.below(100);
    if (kind.operation == FileOperation::kAny) {
        machine.disk->fail_nth(number, fault);
    } else {
        const bool often = kind.operation == FileOperation::kRead;
        fault.calls_spared = often ? number * kReadsPerChange + random_.below(kReadsPerChange)
                                   : random_.below(number + 1);
        machine.disk->fail_next(kind.operation, "/library/", fault);
    }
    ContentWorkload workload = workload_on(machine, model, work_seed_);
    const auto done = workload.run(kSteps);
    const bool met = machine.disk->mutations() >= number;
    machine.disk->clear_faults();
    ++counts_["runs"];
    ++counts_[std::string("runs with ") + kind.name];
    ++counts_[done ? "calls whose failure nobody needs to know" : "errors in step " + model.step];
    if (!done) {
        settle(workload, model);
        go_on(workload, model);
    }
    if (!::testing::Test::HasFailure()) {
        // Whatever a later sync said: what the failed one lost stays lost.
        const auto policy =
            random_.chance(50) ? CrashPolicy::kDropUnsynced : CrashPolicy::kRandomSubset;
        try {
            check(machine.recover(policy, random_.next()), model);
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
        }
    }
    if (::testing::Test::HasFailure()) {
        std::cout << "workload " << seed_ << ", " << kind.name << " at call " << number
                  << " in step " << model.step << ", "
                  << (done ? "no error" : done.error().to_string()) << "\n"
                  << machine.disk->call_log(30) << "\n";
    }
    return met;
}

// What the failed commit came to is seen in the store that is still open.
void FaultSoak::settle(ContentWorkload& workload, WorkloadModel& model) {
    if (workload.opened() == nullptr) return;
    ContentAddressedStorage& storage = workload.opened()->storage();
    const References found = references_of(storage);
    EXPECT_TRUE(model.allows(found)) << "references are neither the old nor the new ones";
    model.durable = found;
    model.attempted.reset();
    for (const unsigned number : hurt_objects_of(storage, found))
        EXPECT_TRUE(model.hurt.contains(number)) << "object " << number << " cannot be read";
}

void FaultSoak::go_on(ContentWorkload& workload, WorkloadModel& model) {
    for (unsigned errors = 0; errors <= kErrorsMax; ++errors) {
        const auto done = workload.go_on(kStepsAfter);
        if (done) {
            ++counts_["stores that went on"];
            return;
        }
        ++counts_["errors afterwards: " + std::string(errc_name(done.error().code()))];
        settle(workload, model);
    }
    ADD_FAILURE() << "the store does not go on";
}

void FaultSoak::check(const Machine& machine, const WorkloadModel& model) {
    {
        const auto opened = must(machine.open());
        ContentAddressedStorage& storage = opened->storage();
        References found = references_of(storage);
        ASSERT_TRUE(model.allows(found))
            << found.size() << " references, acknowledged " << model.durable.size();
        if (model.damaged) expect_repaired(storage, model, found);
        expect_clean(storage);
        const auto number = static_cast<unsigned>(random_.below(kWorkloadObjects));
        must(storage.store(source_of(workload_object(number)), "anna", CallContext()));
        found.emplace("anna", number);
        collect_all(storage);
        EXPECT_EQ(objects_in(storage), objects_of(found));
        ASSERT_NO_FATAL_FAILURE(expect_references(storage, found));
    }
    if (random_.chance(25)) expect_space_back(machine);
}

TEST(ContentFaultSoak, AFailingCallLosesNothing) {
    // See content_crash_soak_test.cpp. NOLINTBEGIN(concurrency-mt-unsafe)
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    // NOLINTEND(concurrency-mt-unsafe)
    const std::uint64_t asked = number_from_environment("CATALOG_SOAK_FAULTS", 0);
    const std::uint64_t runs = asked != 0 ? asked : 150;
    std::uint64_t seed = number_from_environment("CATALOG_SOAK_SEED", 1);
    std::map<std::string, std::uint64_t> counts;
    for (; counts["runs"] < runs && !HasFailure(); ++seed)
        FaultSoak(seed).run(asked != 0 ? 1 : 7, counts);
    for (const auto& [name, count] : counts) std::cout << name << ": " << count << "\n";
    EXPECT_GE(counts["runs"], runs);
}

}  // namespace
}  // namespace catalog::content::testing
