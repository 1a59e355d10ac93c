// Packages that wait for a host's consensus, as the command line shows and ends them.

#include <gtest/gtest.h>

#include "cli_bed.hpp"
#include "support/library/library_bed.hpp"
#include "support/lifecycle/consensus_clients.hpp"

namespace catalog::cli {
namespace {

using io::testing::code_of;
using io::testing::must;
using lifecycle::testing::FakeConsensus;

/// Leaves packages waiting in the bed's library: a host that cannot be reached was asked.
void leave_waiting(const CliBed& bed, const std::vector<std::string>& names) {
    library::Environment environment = library::Environment().with_defaults();
    const auto host = std::make_shared<FakeConsensus>(environment.clock);
    host->answer_generate(FakeConsensus::Answer::kUnavailable, "the network is away");
    environment.consensus = host;
    library::LibraryOptions options;
    options.create_if_missing = true;
    options.consensus = lifecycle::ConsensusPolicy::kDeclared;
    const auto library =
        must(library::AssetLibrary::open(bed.folder / "library", options, environment));
    for (const std::string& name : names) {
        lifecycle::PackageDraft draft = library::testing::small_draft(name, "1.0.0");
        draft.metadata.consensus.stake = true;
        ASSERT_EQ(code_of(library->publish(draft)), Errc::kConsensusUnavailable);
    }
}

std::vector<std::string> waiting_ids(CliBed& bed) {
    std::vector<std::string> ids;
    const Answer answer = bed.run({"--json", "list", "--preparing"});
    EXPECT_EQ(answer.code, 0) << answer.out;
    const auto documents = answer.documents();
    if (documents.size() != 1 || documents[0].find("preparing") == nullptr) {
        ADD_FAILURE() << answer.out;
        return ids;
    }
    for (const json::Value& package : *documents[0].find("preparing")->as_array())
        ids.emplace_back(*package.find("id")->as_string());
    return ids;
}

TEST(Preparing, IsListedApartFromWhatIsPublished) {
    CliBed bed;
    leave_waiting(bed, {"kit-b", "kit-a"});
    EXPECT_EQ(waiting_ids(bed), (std::vector<std::string>{"kit-a@1.0.0", "kit-b@1.0.0"}));
    EXPECT_EQ(bed.run({"list"}).out.find("kit-"), std::string::npos);
    EXPECT_EQ(bed.run({"show", "kit-a"}).code, 1);
    const Answer told = bed.run({"list", "--preparing"});
    EXPECT_NE(told.out.find("waits since"), std::string::npos) << told.out;
    EXPECT_NE(told.out.find("kit-a@1.0.0"), std::string::npos) << told.out;
    EXPECT_NE(bed.run({"stats"}).out.find("waiting for consensus"), std::string::npos);
}

TEST(Preparing, IsListedInPagesThatGoOnWhereTheLastEnded) {
    CliBed bed;
    leave_waiting(bed, {"kit-a", "kit-b"});
    const Answer first = bed.run({"list", "--preparing", "--limit", "1"});
    EXPECT_NE(first.out.find("kit-a@1.0.0"), std::string::npos) << first.out;
    const std::size_t at = first.error.find("--cursor ");
    ASSERT_NE(at, std::string::npos) << first.error;
    const std::string cursor = first.error.substr(at + 9, first.error.find('\n', at) - at - 9);
    const Answer second = bed.run({"list", "--preparing", "--limit", "1", "--cursor", cursor});
    EXPECT_EQ(second.out.find("kit-a@1.0.0"), std::string::npos) << second.out;
    EXPECT_NE(second.out.find("kit-b@1.0.0"), std::string::npos) << second.out;
}

TEST(Preparing, IsAbandonedByItsId) {
    CliBed bed;
    leave_waiting(bed, {"kit-a", "kit-b"});
    const Answer answer = bed.run({"abandon", "kit-a@1.0.0"});
    EXPECT_EQ(answer.code, 0) << answer.error;
    EXPECT_EQ(answer.out, "abandoned kit-a@1.0.0\n");
    EXPECT_EQ(waiting_ids(bed), std::vector<std::string>{"kit-b@1.0.0"});
    EXPECT_EQ(bed.run({"--json", "abandon", "kit-b@1.0.0"}).out,
              "{\"abandoned\":true,\"id\":\"kit-b@1.0.0\"}\n");
    EXPECT_EQ(waiting_ids(bed), std::vector<std::string>{});
    EXPECT_EQ(bed.run({"verify", "--deep"}).code, 0);
}

TEST(Preparing, OnlyWhatWaitsIsAbandoned) {
    CliBed bed;
    leave_waiting(bed, {"kit-a"});
    const Answer unknown = bed.run({"abandon", "nobody@1.0.0"});
    EXPECT_EQ(unknown.code, 1);
    EXPECT_NE(unknown.error.find("nobody@1.0.0"), std::string::npos) << unknown.error;
    EXPECT_EQ(bed.run({"abandon", "kit-a"}).code, 3) << "a version is part of an id";
    EXPECT_EQ(waiting_ids(bed), std::vector<std::string>{"kit-a@1.0.0"});
}

}  // namespace
}  // namespace catalog::cli
