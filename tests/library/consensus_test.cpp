// When the host's consensus is asked, with what, and what becomes of what it does not accept.

#include <gtest/gtest.h>

#include <stop_token>

#include "catalog/core/consensus_proof.hpp"
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

/// A library with a policy, and the host that it asks.
struct ConsensusBed {
    explicit ConsensusBed(ConsensusPolicy policy, bool with_host = true)
        : environment(environment_on(SimulatedFileSystem::make())) {
        host = std::make_shared<FakeConsensus>(environment.clock);
        if (with_host) environment.consensus = host;
        LibraryOptions options;
        options.create_if_missing = true;
        options.consensus = policy;
        library = must(AssetLibrary::open("/library", options, environment));
    }

    /// Everything that a refused call must leave as it was.
    [[nodiscard]] std::string state() const {
        const LibraryStats stats = must(library->stats());
        return std::to_string(stats.log_size) + " entries, " +
               std::to_string(stats.packages.versions) + " packages, " +
               std::to_string(stats.content.objects) + " objects, " +
               std::to_string(stats.content.chunks) + " chunks, " +
               std::to_string(stats.preparing) + " preparing";
    }

    Environment environment;
    std::shared_ptr<FakeConsensus> host;
    std::unique_ptr<AssetLibrary> library;
};

lifecycle::PackageDraft demanding_draft(std::string_view name, std::string_view version,
                                        const std::vector<std::string>& needs = {}) {
    lifecycle::PackageDraft draft = small_draft(name, version, {{"readme.txt", "hello\n"}}, needs);
    draft.metadata.consensus.stake = true;
    draft.metadata.consensus.stake_min = 100;
    draft.metadata.consensus.work = true;
    return draft;
}

std::string calls_of(const FakeConsensus& host) {
    std::string text;
    for (const FakeConsensus::Asked& asked : host.asked())
        text += (text.empty() ? "" : ", ") + asked.call + " " + asked.operation;
    return text;
}

TEST(Consensus, WithoutAPolicyNobodyIsAskedAndDemandsAreRecorded) {
    const ConsensusBed bed(ConsensusPolicy::kNone);
    must(bed.library->publish(demanding_draft("kit", "1.0.0")));
    must(bed.library->install("/prefix", {"kit"}));
    EXPECT_EQ(calls_of(*bed.host), "");
    const auto manifest = must(must(bed.library->find("kit")).manifest());
    EXPECT_TRUE(manifest->metadata.consensus.stake);
    EXPECT_EQ(manifest->metadata.consensus.stake_min, 100u);
}

TEST(Consensus, DeclaredAsksForPackagesThatDemandAProof) {
    const ConsensusBed bed(ConsensusPolicy::kDeclared);
    must(bed.library->publish(small_draft("plain", "1.0.0")));
    EXPECT_EQ(calls_of(*bed.host), "");
    const auto receipt = must(bed.library->publish(demanding_draft("kit", "1.0.0")));
    EXPECT_EQ(calls_of(*bed.host), "generate publish, validate publish");
    const FakeConsensus::Asked asked = bed.host->asked().at(1);
    EXPECT_EQ(asked.subject, receipt.digest);
    EXPECT_EQ(asked.requirements.stake_min, 100u);
    EXPECT_EQ(asked.principal, "owner");
    EXPECT_EQ(asked.proof, FakeConsensus::proof_for("publish", receipt.digest, asked.requirements));
}

TEST(Consensus, AMinimumAloneIsADemand) {
    const ConsensusBed bed(ConsensusPolicy::kDeclared);
    lifecycle::PackageDraft draft = small_draft("kit", "1.0.0");
    draft.metadata.consensus.space_bytes_min = 1;
    must(bed.library->publish(draft));
    EXPECT_EQ(calls_of(*bed.host), "generate publish, validate publish");
}

TEST(Consensus, EveryAsksForEveryPublicationAndEveryAddedRoot) {
    const ConsensusBed bed(ConsensusPolicy::kEvery);
    must(bed.library->publish(small_draft("base", "1.0.0")));
    const auto app = must(
        bed.library->publish(small_draft("app", "1.0.0", {{"app.txt", "one\n"}}, {"base ^1"})));
    EXPECT_EQ(bed.host->asked().size(), 4u);
    must(bed.library->install("/prefix", {"app"}));
    ASSERT_EQ(bed.host->asked().size(), 6u);  // the root, not what it needs
    EXPECT_EQ(bed.host->asked()[4].operation, "install");
    EXPECT_EQ(bed.host->asked()[4].subject, app.digest);
    must(bed.library->install("/prefix", {"app"}));
    EXPECT_EQ(bed.host->asked().size(), 6u) << "nothing was added";
    must(bed.library->publish(small_draft("app", "1.1.0", {{"app.txt", "two\n"}}, {"base ^1"})));
    must(bed.library->update("/prefix", {}));
    EXPECT_EQ(bed.host->asked().size(), 10u) << "another version came in";
    must(bed.library->rollback("/prefix"));
    must(bed.library->uninstall("/prefix", {"app"}));
    EXPECT_EQ(bed.host->asked().size(), 10u) << "going back and taking away ask nobody";
}

TEST(Consensus, ADryRunAsksNobody) {
    const ConsensusBed bed(ConsensusPolicy::kEvery);
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    lifecycle::InstallOptions options;
    options.dry_run = true;
    must(bed.library->install("/prefix", {"kit"}, options));
    EXPECT_EQ(calls_of(*bed.host), "generate publish, validate publish");
}

TEST(Consensus, TheSamePackageAgainAsksNobody) {
    const ConsensusBed bed(ConsensusPolicy::kEvery);
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    EXPECT_TRUE(must(bed.library->publish(small_draft("kit", "1.0.0"))).already_published);
    EXPECT_EQ(bed.host->asked().size(), 2u);
}

TEST(Consensus, AProofInTheContextIsJudgedAndNoneIsObtained) {
    const ConsensusBed bed(ConsensusPolicy::kDeclared);
    const lifecycle::PackageDraft draft = demanding_draft("kit", "1.0.0");
    const auto digest = must(lifecycle::hash_draft(draft, *bed.environment.clock, {}, {})).digest;
    CallContext context;
    context.proof = std::make_shared<const ConsensusProof>(
        FakeConsensus::proof_for("publish", digest, draft.metadata.consensus));
    must(bed.library->publish(draft, context));
    EXPECT_EQ(calls_of(*bed.host), "validate publish");
}

TEST(Consensus, AnEmptyProofIsRejectedWithoutAsking) {
    const ConsensusBed bed(ConsensusPolicy::kEvery);
    CallContext context;
    context.proof = std::make_shared<const ConsensusProof>();
    EXPECT_EQ(code_of(bed.library->publish(small_draft("kit", "1.0.0"), context)),
              Errc::kConsensusRejected);
    EXPECT_EQ(calls_of(*bed.host), "");
}

TEST(Consensus, ARefusedPublicationLeavesTheLibraryAsItWas) {
    const ConsensusBed bed(ConsensusPolicy::kDeclared);
    must(bed.library->publish(small_draft("plain", "1.0.0")));
    const std::string before = bed.state();
    bed.host->answer_validate(Answer::kReject, "not enough stake");
    const auto refused = bed.library->publish(demanding_draft("kit", "1.0.0"));
    ASSERT_EQ(code_of(refused), Errc::kConsensusRejected);
    EXPECT_EQ(refused.error().input(), "kit@1.0.0");
    ASSERT_NE(refused.error().detail_as<ConsensusDetail>(), nullptr);
    EXPECT_EQ(refused.error().detail_as<ConsensusDetail>()->reason, "not enough stake");
    EXPECT_EQ(bed.state(), before);
    EXPECT_EQ(code_of(bed.library->find("kit")), Errc::kPackageNotFound);
    EXPECT_TRUE(must(bed.library->verify(true)).findings.empty());
    bed.host->answer_validate(Answer::kAccept);
    must(bed.library->publish(demanding_draft("kit", "1.0.0")));
}

TEST(Consensus, NoFailureOfTheHostIsAYes) {
    for (const Errc code : {Errc::kConsensusRejected, Errc::kConsensusUnavailable, Errc::kCancelled,
                            Errc::kDeadlineExceeded, Errc::kInternal, Errc::kIo}) {
        for (const std::size_t call : {0u, 1u}) {
            ConsensusBed bed(ConsensusPolicy::kEvery, false);
            bed.library.reset();
            bed.environment.consensus =
                std::make_shared<FaultyConsensus>(bed.host, call, Error(code, "a fault"));
            LibraryOptions options;
            options.consensus = ConsensusPolicy::kEvery;
            bed.library = must(AssetLibrary::open("/library", options, bed.environment));
            EXPECT_EQ(code_of(bed.library->publish(small_draft("kit", "1.0.0"))), code);
            EXPECT_EQ(code_of(bed.library->find("kit")), Errc::kPackageNotFound);
            EXPECT_EQ(must(bed.library->stats()).log_size, 0u);
            must(bed.library->publish(small_draft("kit", "1.0.0")));
        }
    }
}

TEST(Consensus, WithNobodyToAskItIsUnavailableAndNeverAccepted) {
    const ConsensusBed bed(ConsensusPolicy::kDeclared, false);
    must(bed.library->publish(small_draft("plain", "1.0.0")));
    const auto refused = bed.library->publish(demanding_draft("kit", "1.0.0"));
    EXPECT_EQ(code_of(refused), Errc::kConsensusUnavailable);
    EXPECT_FALSE(refused.error().hint().empty());
    CallContext context;  // not even a proof opens the gate when nobody can judge it
    ConsensusProof proof;
    proof.encoded = to_bytes(as_bytes("anything"));
    context.proof = std::make_shared<const ConsensusProof>(proof);
    EXPECT_EQ(code_of(bed.library->publish(demanding_draft("kit", "1.0.0"), context)),
              Errc::kConsensusUnavailable);
    EXPECT_EQ(code_of(bed.library->find("kit")), Errc::kPackageNotFound);
    EXPECT_EQ(must(bed.library->stats()).preparing, 1u);
}

TEST(Consensus, ARefusedInstallationLeavesThePrefixAsItWas) {
    const ConsensusBed bed(ConsensusPolicy::kEvery);
    must(bed.library->publish(small_draft("kit", "1.0.0")));
    must(bed.library->publish(small_draft("tool", "1.0.0")));
    must(bed.library->install("/prefix", {"kit"}));
    const std::string before = bed.state();
    bed.host->answer_generate(Answer::kUnavailable, "the network is away");
    EXPECT_EQ(code_of(bed.library->install("/prefix", {"tool"})), Errc::kConsensusUnavailable);
    EXPECT_EQ(code_of(bed.library->install("/fresh", {"tool"})), Errc::kConsensusUnavailable);
    EXPECT_EQ(bed.state(), before);
    EXPECT_EQ(must(bed.library->history("/prefix")).size(), 1u);
    EXPECT_FALSE(must(io::exists(*bed.environment.file_system, "/fresh/current")));
    bed.host->answer_generate(Answer::kAccept);
    must(bed.library->install("/prefix", {"tool"}));
}

TEST(Consensus, APendingVerdictIsWaitedForUntilTheDeadline) {
    const ConsensusBed bed(ConsensusPolicy::kEvery);
    bed.host->keep_pending();
    CallContext context;
    context.deadline = bed.environment.clock->now_monotonic() + std::chrono::seconds(5);
    EXPECT_EQ(code_of(bed.library->publish(small_draft("kit", "1.0.0"), context)),
              Errc::kDeadlineExceeded);
    EXPECT_EQ(must(bed.library->stats()).preparing, 1u);
    bed.host->settle();
    bed.host->be_slow(std::chrono::seconds(3));
    context.deadline = bed.environment.clock->now_monotonic() + std::chrono::seconds(30);
    must(bed.library->publish(small_draft("kit", "1.0.0"), context));
}

TEST(Consensus, ALibraryThatIsReadAsksBeforeItInstalls) {
    ConsensusBed bed(ConsensusPolicy::kNone);
    must(bed.library->publish(demanding_draft("kit", "1.0.0")));
    bed.library.reset();
    LibraryOptions options;
    options.read_only = true;
    options.consensus = ConsensusPolicy::kDeclared;
    bed.library = must(AssetLibrary::open("/library", options, bed.environment));
    bed.host->answer_validate(Answer::kReject, "no");
    EXPECT_EQ(code_of(bed.library->install("/prefix", {"kit"})), Errc::kConsensusRejected);
    EXPECT_EQ(calls_of(*bed.host), "generate install, validate install");
}

}  // namespace
}  // namespace catalog::library::testing
