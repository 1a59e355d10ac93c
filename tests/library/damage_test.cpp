// Flipped bits in the database, where manifests and the records around them lie: verification names
// the packages that are hurt, and no question about a package gets a wrong answer.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"
#include "support/library/library_bed.hpp"
#include "support/lifecycle/consensus_clients.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::CrashPolicy;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using kv::testing::number_from_environment;

const std::vector<std::string>& ids() {
    static const std::vector<std::string> kIds{"kit-a@1.0.0", "kit-b@1.0.0", "kit-c@1.0.0"};
    return kIds;
}

/// Three packages, what their manifests are, and the files of the database.
struct Sample {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::vector<std::string> manifests;

    /// Each opening by a writer leaves a log; after eight of them tables are made of what they
    /// hold, and of four tables of a family one.
    explicit Sample(int openings, int publications = 0) {
        for (const std::string& id : ids()) {
            const auto library = open_library(environment_on(disk));
            must(library->publish(small_draft(id.substr(0, id.find('@')), "1.0.0",
                                              {{"data", noise(3000, manifests.size())}})));
            manifests.push_back(manifest_of(*library, id).value());
        }
        for (int i = 0; i < openings; ++i) (void)open_library(environment_on(disk));
        for (int i = 0; i < publications; ++i)
            must(open_library(environment_on(disk))
                     ->publish(small_draft("more-" + std::to_string(i), "1.0.0")));
    }

    static std::optional<std::string> manifest_of(AssetLibrary& library, const std::string& id) {
        const auto found = library.find(id);
        if (!found) return std::nullopt;
        const auto manifest = found->manifest();
        if (!manifest) return std::nullopt;
        return must((*manifest)->encode());
    }

    [[nodiscard]] std::vector<std::string> files(std::string_view suffix) const {
        return kv::testing::names_ending(*disk, "/library/db", suffix);
    }
    [[nodiscard]] std::string bytes(const std::string& name) const {
        return must(io::read_file(*disk, "/library/db/" + name, 1 << 24));
    }
};

Result<std::unique_ptr<AssetLibrary>> open_damaged(const std::shared_ptr<SimulatedFileSystem>& fs,
                                                   bool read_only, bool salvage) {
    LibraryOptions options;
    options.read_only = read_only;
    options.salvage = salvage;
    return AssetLibrary::open("/library", options, environment_on(fs, 5));
}

std::set<std::string> hurt_packages(const std::vector<Finding>& findings) {
    std::set<std::string> packages;
    for (const Finding& finding : findings)
        packages.insert(finding.packages.begin(), finding.packages.end());
    return packages;
}

/// Asks for each package and verifies. Returns whether there was a finding.
bool expect_no_wrong_answer(AssetLibrary& library, const Sample& sample) {
    std::set<std::string> unanswered;
    for (std::size_t i = 0; i < ids().size(); ++i) {
        const auto manifest = Sample::manifest_of(library, ids()[i]);
        if (!manifest) {
            unanswered.insert(ids()[i]);
        } else {
            EXPECT_EQ(*manifest, sample.manifests[i]) << ids()[i];
        }
    }
    const VerifyResult result = must(library.verify(true));
    const std::set<std::string> named = hurt_packages(result.findings);
    for (const std::string& id : unanswered) EXPECT_EQ(named.count(id), 1u) << id << " not named";
    return !result.findings.empty();
}

TEST(LibraryDamage, ABitOfAManifestInALogIsReportedWithItsPackageAndRepairGoesOnWithoutIt) {
    const Sample sample(0);
    const std::string manifest = sample.manifests[1];
    std::string log;
    std::size_t begin = 0;
    for (const std::string& name : sample.files(".log"))
        if (const std::size_t at = sample.bytes(name).find(manifest); at != std::string::npos) {
            log = "/library/db/" + name;
            begin = at;
        }
    ASSERT_FALSE(log.empty());
    for (std::size_t at = begin; at < begin + manifest.size(); at += 37) {
        SCOPED_TRACE("byte " + std::to_string(at - begin) + " of the manifest");
        const auto fs = sample.disk->recover(CrashPolicy::kKeepAll);
        must(fs->corrupt(log, at, 0x04));
        EXPECT_FALSE(open_damaged(fs, true, false));
        EXPECT_FALSE(open_damaged(fs, false, false));
        {
            const auto reader = must(open_damaged(fs, true, true));
            EXPECT_TRUE(expect_no_wrong_answer(*reader, sample));
            EXPECT_EQ(Sample::manifest_of(*reader, ids()[0]), sample.manifests[0]);
            const auto named = hurt_packages(must(reader->verify(false)).findings);
            EXPECT_EQ(named.count(ids()[0]), 0u);
            EXPECT_EQ(named.count(ids()[1]), 1u);
        }
        {
            const auto writer = must(open_damaged(fs, false, true));
            EXPECT_TRUE(expect_no_wrong_answer(*writer, sample));
            const RepairResult repaired = must(writer->repair());
            EXPECT_FALSE(repaired.actions.empty());
            EXPECT_EQ(hurt_packages(repaired.remaining).count(ids()[1]), 1u);
        }
        const auto after = must(open_damaged(fs, false, false));
        EXPECT_TRUE(must(after->verify(true)).findings.empty());
        EXPECT_EQ(Sample::manifest_of(*after, ids()[0]), sample.manifests[0]);
        must(after->publish(small_draft("kit-b", "1.0.0", {{"data", noise(3000, 1)}})));
        EXPECT_EQ(Sample::manifest_of(*after, ids()[1]), sample.manifests[1]);
    }
}

/// Leaves kit-w waiting for a consensus that cannot be reached, beside what the sample published.
void leave_waiting(const std::shared_ptr<SimulatedFileSystem>& fs) {
    Environment environment = environment_on(fs, 7);
    const auto host = std::make_shared<lifecycle::testing::FakeConsensus>(environment.clock);
    host->answer_generate(lifecycle::testing::FakeConsensus::Answer::kUnavailable, "away");
    environment.consensus = host;
    lifecycle::PackageDraft draft = small_draft("kit-w", "1.0.0", {{"data", noise(3000, 9)}});
    draft.metadata.consensus.stake = true;
    LibraryOptions options;
    options.consensus = lifecycle::ConsensusPolicy::kDeclared;
    const auto library = must(AssetLibrary::open("/library", options, environment));
    ASSERT_EQ(io::testing::code_of(library->publish(draft)), Errc::kConsensusUnavailable);
}

TEST(LibraryDamage,
     ABitOfARecordOfAWaitingPackageIsReportedWithThePackageAndRepairGoesOnWithoutIt) {
    const Sample sample(0);
    leave_waiting(sample.disk);
    // The record holds the manifest: where the name stands last, a record of it is.
    std::string log;
    std::size_t place = 0;
    for (const std::string& name : sample.files(".log"))
        if (const std::size_t at = sample.bytes(name).rfind("kit-w"); at != std::string::npos) {
            log = "/library/db/" + name;
            place = at;
        }
    ASSERT_FALSE(log.empty());
    const auto fs = sample.disk->recover(CrashPolicy::kKeepAll);
    must(fs->corrupt(log, place + 12, 0x04));
    EXPECT_FALSE(open_damaged(fs, false, false));
    {
        const auto library = must(open_damaged(fs, false, true));
        EXPECT_TRUE(must(library->preparing(10)).packages.empty());
        EXPECT_EQ(hurt_packages(must(library->verify(false)).findings),
                  std::set<std::string>{"kit-w@1.0.0"});
        EXPECT_FALSE(must(library->repair()).actions.empty());
    }
    const auto after = must(open_damaged(fs, false, false));
    EXPECT_TRUE(must(after->verify(true)).findings.empty());
    EXPECT_TRUE(must(after->preparing(10)).packages.empty());
    for (std::size_t i = 0; i < ids().size(); ++i)
        EXPECT_EQ(Sample::manifest_of(*after, ids()[i]), sample.manifests[i]);
}

/// Flips bits all over the tables.
void expect_damaged_tables_are_reported(const Sample& sample, std::uint64_t stride) {
    const auto tables = sample.files(".sst");
    ASSERT_FALSE(tables.empty());
    stride = number_from_environment("CATALOG_DAMAGE_STRIDE", stride);
    std::uint64_t flips = 0;
    std::uint64_t reported = 0;
    for (const std::string& table : tables) {
        const std::string path = "/library/db/" + table;
        const std::uint64_t size = must(sample.disk->info(path)).size;
        for (std::uint64_t at = flips % stride; at < size; at += stride) {
            SCOPED_TRACE(path + " byte " + std::to_string(at));
            const auto fs = sample.disk->recover(CrashPolicy::kKeepAll);
            must(fs->corrupt(path, at, 0x20));
            bool noticed = false;
            for (const bool read_only : {true, false}) {
                const auto library = open_damaged(fs, read_only, true);
                noticed = !library || expect_no_wrong_answer(**library, sample) || noticed;
                if (!read_only && library) {
                    const auto repaired = (*library)->repair();
                    EXPECT_TRUE(repaired) << repaired.error().to_string();
                }
            }
            ++flips;
            reported += noticed ? 1 : 0;
            if (::testing::Test::HasFailure()) return;
        }
    }
    std::cout << flips << " flipped bits, " << reported << " reported\n";
    EXPECT_GT(reported, flips * 3 / 4);
}

TEST(LibraryDamage, FlippedBitsInTablesAreReportedWithTheirPackages) {
    expect_damaged_tables_are_reported(Sample(9), 199);
}

TEST(LibraryDamage, FlippedBitsInMergedTablesAreReportedWithTheirPackages) {
    expect_damaged_tables_are_reported(Sample(0, 45), 4999);
}

}  // namespace
}  // namespace catalog::library::testing
