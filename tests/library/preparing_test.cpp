// Packages that wait for the host's consensus: who sees them, and how the waiting ends.

#include <gtest/gtest.h>

#include <functional>

#include "library_impl.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"
#include "support/lifecycle/consensus_clients.hpp"

namespace catalog::library::testing {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using lifecycle::ConsensusPolicy;
using lifecycle::testing::FakeConsensus;
using lifecycle::testing::FaultyConsensus;
using Answer = FakeConsensus::Answer;

/// Does something while the host is asked for its verdict, then lets the base answer.
class MeddlingConsensus final : public lifecycle::ConsensusClient {
public:
    explicit MeddlingConsensus(std::shared_ptr<ConsensusClient> base) : base_(std::move(base)) {}
    std::function<void()> meddle;  ///< Called once.

    [[nodiscard]] Result<ConsensusProof> generate(
        std::string_view operation, const package::PackageDigest& subject,
        const package::ConsensusRequirements& requirements, const CallContext& context) override {
        return base_->generate(operation, subject, requirements, context);
    }
    [[nodiscard]] Result<void> validate(std::string_view operation,
                                        const package::PackageDigest& subject,
                                        const ConsensusProof& proof,
                                        const package::ConsensusRequirements& requirements,
                                        const CallContext& context) override {
        if (const auto once = std::exchange(meddle, nullptr)) once();
        return base_->validate(operation, subject, proof, requirements, context);
    }

private:
    std::shared_ptr<ConsensusClient> base_;
};

/// A library that asks about packages that demand it, on a disk that stays.
class PreparingBed {
public:
    PreparingBed() : environment(environment_on(SimulatedFileSystem::make())) {
        host = std::make_shared<FakeConsensus>(environment.clock);
        environment.consensus = host;
        open();
    }

    void open(ConsensusPolicy policy = ConsensusPolicy::kDeclared) {
        library.reset();
        LibraryOptions options;
        options.create_if_missing = true;
        options.consensus = policy;
        library = must(AssetLibrary::open("/library", options, environment));
    }

    [[nodiscard]] std::vector<std::string> preparing() const {
        std::vector<std::string> ids;
        for (const lifecycle::PreparingPackage& package : must(library->preparing(100)).packages)
            ids.push_back(package.id.to_string());
        return ids;
    }

    [[nodiscard]] std::uint64_t commits() const { return must(library->stats()).commits.commits; }

    /// Leaves a package waiting.
    void leave_waiting(const lifecycle::PackageDraft& draft) {
        host->answer_generate(Answer::kUnavailable, "the network is away");
        ASSERT_EQ(code_of(library->publish(draft)), Errc::kConsensusUnavailable);
        host->answer_generate(Answer::kAccept);
    }

    void expect_undamaged() const {
        for (const Finding& finding : must(library->verify(true)).findings)
            ADD_FAILURE() << finding.where << ": " << finding.what;
    }

    Environment environment;
    std::shared_ptr<FakeConsensus> host;
    std::unique_ptr<AssetLibrary> library;
};

lifecycle::PackageDraft kit_draft(const std::string& text = "hello\n",
                                  std::string_view version = "1.0.0") {
    lifecycle::PackageDraft draft = small_draft("kit", version, {{"readme.txt", text}});
    draft.metadata.description = "a kit of stakes";
    draft.metadata.consensus.stake = true;
    draft.metadata.consensus.stake_min = 100;
    return draft;
}

PackageId kit_id() { return must(PackageId::parse("kit@1.0.0")); }

TEST(Preparing, AWaitingPackageIsKeptAndSeenByNobody) {
    PreparingBed bed;
    bed.leave_waiting(kit_draft());
    bed.open();
    const lifecycle::PreparingPage page = must(bed.library->preparing(10));
    ASSERT_EQ(page.packages.size(), 1u);
    const lifecycle::PreparingPackage& waiting = page.packages.front();
    EXPECT_EQ(waiting.id, kit_id());
    EXPECT_EQ(waiting.digest,
              must(lifecycle::hash_draft(kit_draft(), *bed.environment.clock, {}, {})).digest);
    EXPECT_EQ(waiting.requirements.stake_min, 100u);
    EXPECT_EQ(waiting.principal, "owner");
    EXPECT_EQ(waiting.file_count, 1u);
    EXPECT_EQ(waiting.file_bytes, 6u);
    EXPECT_EQ(waiting.since, bed.environment.clock->now_wall());

    EXPECT_EQ(code_of(bed.library->find("kit@1.0.0")), Errc::kPackageNotFound);
    EXPECT_TRUE(must(bed.library->list({}, 10)).entries.empty());
    EXPECT_TRUE(must(bed.library->search("stakes", {}, 10)).empty());
    EXPECT_TRUE(must(bed.library->complete("ki", 10)).empty());
    EXPECT_EQ(code_of(bed.library->file_table(waiting.digest)), Errc::kPackageNotFound);
    EXPECT_EQ(code_of(bed.library->envelope(waiting.digest)), Errc::kSignatureMissing);
    EXPECT_FALSE(bed.library->install("/prefix", {"kit"}).has_value());
    const LibraryStats stats = must(bed.library->stats());
    EXPECT_EQ(stats.preparing, 1u);
    EXPECT_EQ(stats.packages.versions, 0u);
    EXPECT_EQ(stats.log_size, 0u);
    EXPECT_EQ(stats.content.unreferenced_bytes, 0u) << "what waits is no rubbish";
    bed.expect_undamaged();
    EXPECT_TRUE(must(bed.library->repair()).remaining.empty());
    EXPECT_EQ(bed.preparing(), std::vector<std::string>{"kit@1.0.0"});
}

TEST(Preparing, PublishingTheSameTreeAgainGoesOn) {
    PreparingBed bed;
    bed.leave_waiting(kit_draft());
    bed.open();
    const auto receipt = must(bed.library->publish(kit_draft()));
    EXPECT_FALSE(receipt.already_published);
    EXPECT_EQ(receipt.digest,
              must(lifecycle::hash_draft(kit_draft(), *bed.environment.clock, {}, {})).digest);
    EXPECT_EQ(bed.preparing(), std::vector<std::string>{});
    EXPECT_EQ(file_of(*bed.library, "kit@1.0.0", "readme.txt"), "hello\n");
    EXPECT_EQ(must(bed.library->stats()).log_size, 1u);
    EXPECT_TRUE(must(bed.library->verify_package(kit_id())).signature_valid.value_or(false));
    bed.expect_undamaged();
}

TEST(Preparing, ItIsResumedByItsId) {
    PreparingBed bed;
    bed.leave_waiting(kit_draft());
    bed.open();
    const auto receipt = must(bed.library->resume_publishing(kit_id()));
    EXPECT_EQ(receipt.id, kit_id());
    EXPECT_EQ(receipt.file_count, 1u);
    EXPECT_EQ(file_of(*bed.library, "kit@1.0.0", "readme.txt"), "hello\n");
    EXPECT_EQ(must(bed.library->asset_of(kit_id())).type_name, "package");
    EXPECT_EQ(code_of(bed.library->resume_publishing(kit_id())), Errc::kPackageNotFound);
    bed.expect_undamaged();
}

TEST(Preparing, AnotherPolicyDoesNotLetItThrough) {
    PreparingBed bed;
    bed.leave_waiting(kit_draft());
    bed.open(ConsensusPolicy::kNone);
    bed.host->answer_validate(Answer::kUnavailable);
    EXPECT_EQ(code_of(bed.library->publish(kit_draft())), Errc::kConsensusUnavailable);
    EXPECT_EQ(code_of(bed.library->resume_publishing(kit_id())), Errc::kConsensusUnavailable);
    EXPECT_EQ(code_of(bed.library->publish(kit_draft("other\n"))), Errc::kPackageExists);
    EXPECT_EQ(bed.preparing(), std::vector<std::string>{"kit@1.0.0"});
    EXPECT_EQ(must(bed.library->stats()).packages.versions, 0u);
}

TEST(Preparing, WhatMayStillBeAnsweredWaitsAndWhatMayNotIsDropped) {
    const std::pair<Errc, bool> expectations[] = {{Errc::kConsensusUnavailable, true},
                                                  {Errc::kCancelled, true},
                                                  {Errc::kDeadlineExceeded, true},
                                                  {Errc::kBusy, true},
                                                  {Errc::kIo, true},
                                                  {Errc::kConsensusRejected, false},
                                                  {Errc::kLimitExceeded, false},
                                                  {Errc::kInternal, false}};
    for (const auto& [code, waits] : expectations) {
        for (const std::size_t call : {0u, 1u}) {
            PreparingBed bed;
            bed.environment.consensus =
                std::make_shared<FaultyConsensus>(bed.host, call, Error(code, "a fault"));
            bed.open();
            const auto failed = bed.library->publish(kit_draft());
            EXPECT_EQ(code_of(failed), code);
            EXPECT_EQ(bed.preparing().size(), waits ? 1u : 0u) << errc_name(code);
            EXPECT_EQ(must(bed.library->stats()).content.objects > 0, waits) << errc_name(code);
            EXPECT_EQ(!failed.error().hint().empty(), waits) << "what to do is said";
            bed.expect_undamaged();
            must(bed.library->publish(kit_draft()));
            EXPECT_TRUE(bed.preparing().empty());
        }
    }
}

TEST(Preparing, AnAbandonedPackageIsGoneWithItsContent) {
    PreparingBed bed;
    must(bed.library->publish(small_draft("plain", "1.0.0", {{"own.txt", "own\n"}})));
    const std::uint64_t objects = must(bed.library->stats()).content.objects;
    bed.leave_waiting(kit_draft());
    EXPECT_EQ(code_of(bed.library->publish(kit_draft("better\n"))), Errc::kPackageExists);
    EXPECT_GT(must(bed.library->stats()).content.objects, objects);
    must(bed.library->abandon_publishing(kit_id()));
    EXPECT_EQ(must(bed.library->stats()).content.objects, objects);
    EXPECT_EQ(code_of(bed.library->abandon_publishing(kit_id())), Errc::kPackageNotFound);
    bed.expect_undamaged();
    must(bed.library->publish(kit_draft("better\n")));
    EXPECT_EQ(file_of(*bed.library, "kit@1.0.0", "readme.txt"), "better\n");
}

TEST(Preparing, WhatOthersNeedStaysWhenItIsAbandoned) {
    PreparingBed bed;
    must(bed.library->publish(small_draft("plain", "1.0.0", {{"same.txt", "hello\n"}})));
    bed.leave_waiting(kit_draft());
    must(bed.library->abandon_publishing(kit_id()));
    EXPECT_EQ(file_of(*bed.library, "plain@1.0.0", "same.txt"), "hello\n");
    bed.expect_undamaged();
}

TEST(Preparing, OthersPublishWhileTheHostIsAsked) {
    PreparingBed bed;
    const auto meddler = std::make_shared<MeddlingConsensus>(bed.host);
    bed.environment.consensus = meddler;
    bed.open();
    bool published = false;
    meddler->meddle = [&] {
        EXPECT_EQ(bed.preparing(), std::vector<std::string>{"kit@1.0.0"});
        published = bed.library->publish(small_draft("plain", "1.0.0")).has_value();
    };
    EXPECT_EQ(must(bed.library->publish(kit_draft())).log_index, 1u);
    EXPECT_TRUE(published);
}

TEST(Preparing, ASecondPublisherOfTheSamePackageMayBeTheFaster) {
    PreparingBed bed;
    const auto meddler = std::make_shared<MeddlingConsensus>(bed.host);
    bed.environment.consensus = meddler;
    bed.open();
    meddler->meddle = [&] {
        EXPECT_FALSE(must(bed.library->publish(kit_draft())).already_published);
    };
    EXPECT_TRUE(must(bed.library->publish(kit_draft())).already_published);
    EXPECT_EQ(must(bed.library->stats()).log_size, 1u);
    EXPECT_TRUE(bed.preparing().empty());
    EXPECT_EQ(file_of(*bed.library, "kit@1.0.0", "readme.txt"), "hello\n");
    bed.expect_undamaged();
}

TEST(Preparing, ASecondPublisherWithOtherContentIsRefused) {
    PreparingBed bed;
    const auto meddler = std::make_shared<MeddlingConsensus>(bed.host);
    bed.environment.consensus = meddler;
    bed.open();
    meddler->meddle = [&] {
        EXPECT_EQ(code_of(bed.library->publish(kit_draft("other\n"))), Errc::kPackageExists);
    };
    must(bed.library->publish(kit_draft()));
    EXPECT_EQ(file_of(*bed.library, "kit@1.0.0", "readme.txt"), "hello\n");
    bed.expect_undamaged();
}

TEST(Preparing, AYesForAnAbandonedPackageComesTooLate) {
    PreparingBed bed;
    const auto meddler = std::make_shared<MeddlingConsensus>(bed.host);
    bed.environment.consensus = meddler;
    bed.open();
    meddler->meddle = [&] { must(bed.library->abandon_publishing(kit_id())); };
    EXPECT_EQ(code_of(bed.library->publish(kit_draft())), Errc::kFailedPrecondition);
    EXPECT_EQ(must(bed.library->stats()).packages.versions, 0u);
    EXPECT_EQ(must(bed.library->stats()).log_size, 0u);
    bed.expect_undamaged();
}

TEST(Preparing, ANoForWhatIsPublishedMeanwhileTakesNothingAway) {
    PreparingBed bed;
    const auto meddler = std::make_shared<MeddlingConsensus>(bed.host);
    bed.environment.consensus = meddler;
    bed.open();
    meddler->meddle = [&] {
        must(bed.library->publish(kit_draft()));
        bed.host->answer_validate(Answer::kReject, "too late");
    };
    EXPECT_EQ(code_of(bed.library->publish(kit_draft())), Errc::kConsensusRejected);
    EXPECT_EQ(file_of(*bed.library, "kit@1.0.0", "readme.txt"), "hello\n");
    bed.expect_undamaged();
}

TEST(Preparing, AnIdThatIsTakenMeanwhileEndsTheWaiting) {
    PreparingBed bed;
    bed.leave_waiting(kit_draft("hello\n", "1.0.0+first"));
    must(bed.library->publish(kit_draft("hello\n", "1.0.0+second")));
    EXPECT_EQ(code_of(bed.library->resume_publishing(must(PackageId::parse("kit@1.0.0+first")))),
              Errc::kPackageExists);
    EXPECT_TRUE(bed.preparing().empty());
    bed.expect_undamaged();
}

TEST(Preparing, APackageThatAsksNobodyIsOneCommitAndOneThatAsksIsTwo) {
    PreparingBed bed;
    const std::uint64_t before = bed.commits();
    must(bed.library->publish(small_draft("plain", "1.0.0")));
    EXPECT_EQ(bed.commits() - before, 2u) << "the package, and the log's signed head";
    must(bed.library->publish(kit_draft()));
    EXPECT_EQ(bed.commits() - before, 5u);
}

TEST(Preparing, AWrongProofOfTheCallerIsNoVerdict) {
    PreparingBed bed;
    bed.leave_waiting(kit_draft());
    CallContext context;
    context.proof = std::make_shared<const ConsensusProof>();
    EXPECT_EQ(code_of(bed.library->publish(kit_draft(), context)), Errc::kConsensusRejected);
    EXPECT_EQ(bed.preparing().size(), 1u);
}

TEST(Preparing, TheListIsGivenPageByPage) {
    PreparingBed bed;
    for (const char* version : {"1.0.0", "1.1.0", "1.2.0"})
        bed.leave_waiting(kit_draft("hello\n", version));
    EXPECT_EQ(code_of(bed.library->preparing(0)), Errc::kInvalidArgument);
    const auto first = must(bed.library->preparing(2));
    ASSERT_EQ(first.packages.size(), 2u);
    EXPECT_EQ(first.next, "kit@1.1.0");
    const auto second = must(bed.library->preparing(2, first.next));
    ASSERT_EQ(second.packages.size(), 1u);
    EXPECT_EQ(second.packages[0].id.to_string(), "kit@1.2.0");
    EXPECT_EQ(second.next, "");
    EXPECT_EQ(must(bed.library->preparing(3)).next, "");
}

TEST(Preparing, ADamagedRecordIsFoundRemovedAndPublishedAnew) {
    const std::string damages[] = {"", "not a record", std::string(100, '\0')};
    for (const std::string& damage : damages) {
        PreparingBed bed;
        bed.leave_waiting(kit_draft());
        bed.library.reset();
        {
            kv::OpenOptions options;
            options.families = family_names();
            const auto store =
                must(kv::open_rocksdb(bed.environment.file_system, "/library/db", options));
            kv::WriteBatch batch;
            batch.put(family(FamilyNumber::kPreparing), "kit@1.0.0", damage);
            must(store->write(batch, kv::Durability::kSync));
        }
        bed.open();
        const VerifyResult found = must(bed.library->verify(false));
        ASSERT_EQ(found.findings.size(), 1u);
        EXPECT_EQ(found.findings[0].where, "preparing");
        EXPECT_EQ(found.findings[0].packages, std::vector<std::string>{"kit@1.0.0"});
        EXPECT_EQ(code_of(bed.library->publish(kit_draft())), Errc::kDatabaseCorrupt);
        const RepairResult repaired = must(bed.library->repair());
        EXPECT_EQ(repaired.actions.size(), 1u);
        EXPECT_TRUE(repaired.remaining.empty());
        must(bed.library->publish(kit_draft()));
        bed.expect_undamaged();
    }
}

TEST(Preparing, AReaderSeesTheListAndChangesNothing) {
    PreparingBed bed;
    bed.leave_waiting(kit_draft());
    bed.library.reset();
    LibraryOptions options;
    options.read_only = true;
    const auto reader = must(AssetLibrary::open("/library", options, bed.environment));
    EXPECT_EQ(must(reader->preparing(10)).packages.size(), 1u);
    EXPECT_EQ(code_of(reader->resume_publishing(kit_id())), Errc::kLibraryReadOnly);
    EXPECT_EQ(code_of(reader->abandon_publishing(kit_id())), Errc::kLibraryReadOnly);
}

}  // namespace
}  // namespace catalog::library::testing
