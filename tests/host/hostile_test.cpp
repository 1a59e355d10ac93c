// The host against extensions that break the rules: it names the rule and survives.

#include "abi_values.hpp"
#include "host_bed.hpp"
#include "process_census.hpp"
#include "shaped.hpp"

namespace catalog::host {
namespace {

const std::vector<std::string> kHasty{"--start-timeout", "0.05", "--timeout", "1"};

TEST(HostileExtension, WithATableOfNonsenseIsRefused) {
    expect_lines_pass(R"(
load ${FIXTURES}/garbage_table
expect UNSUPPORTED
load ${FIXTURES}/short_table
expect UNSUPPORTED
load ${FIXTURES}/refuses_abi
expect UNSUPPORTED
)");
    EXPECT_NE(run_lines("load ${FIXTURES}/garbage_table").error.find("R2: the table says"),
              std::string::npos);
}

TEST(HostileExtension, WhoseCodeContradictsItsNoteIsRefused) {
    const HostRun run = run_lines("load ${FIXTURES}/other_version");
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.error.find("same: the code says test.fixture 9.9.9"), std::string::npos)
        << run.error;
}

TEST(HostileExtension, AskedForAnotherMajorRefuses) {
    const HostRun run = run_host({"--abi-major", "7", "exec", "load " + fixture_folder("good")});
    EXPECT_NE(run.code, 0);
    EXPECT_NE(run.error.find("E_ABI_MISMATCH"), std::string::npos) << run.error;
}

TEST(HostileExtension, ThatNeverCompletesItsStartIsAbandonedAtTheDeadline) {
    expect_lines_pass(R"(
settings {"mode":"hang_start"}
load ${FIXTURES}/good
expect DEADLINE_EXCEEDED
expect-violation R10
settings {}
load ${FIXTURES}/good
status
)",
                      kHasty);
}

TEST(HostileExtension, ThatNeverReturnsFromStartIsAbandonedToo) {
    expect_lines_pass(R"(
settings {"mode":"block_start"}
load ${FIXTURES}/good
expect DEADLINE_EXCEEDED
expect-violation R10
settings {}
load ${FIXTURES}/good
status
)",
                      kHasty);
}

TEST(HostileExtension, WhoseStartFailsIsTakenBack) {
    expect_lines_pass(R"(
settings {"mode":"fail_start"}
load ${FIXTURES}/good
expect STORAGE
list loaded
expect-count /loaded 0
leak-check
)");
}

TEST(HostileExtension, ThatCompletesTooEarlyOrTwiceOrAgainstItsWordIsNamed) {
    expect_lines_pass(R"(
settings {"mode":"inline_start"}
load ${FIXTURES}/good
expect-violation R9
unload
settings {"mode":"complete_twice"}
load ${FIXTURES}/good
request-async echo {}
wait
unload
expect-violation R9
settings {}
load ${FIXTURES}/good
request-async refuse_and_complete
expect BUSY
unload
expect-violation R9
)");
}

TEST(HostileExtension, ThatGivesNonsenseForAnAnswerIsNamed) {
    expect_lines_pass(R"(
load ${FIXTURES}/good
request garbage
expect INTERNAL
expect-violation envelope
request null_buffer
expect-violation R5
expect-violation envelope
unload
settings {"mode":"unknown_status"}
load ${FIXTURES}/good
expect UNKNOWN
)");
}

TEST(HostileExtension, ThatWritesBehindAStructIsNamed) {
    expect_lines_pass(R"(
settings {"mode":"scribble"}
load ${FIXTURES}/good
shape status huge
status
expect-violation R2
)");
}

TEST(HostileExtension, ThatLeavesADescriptorBehindIsFound) {
    expect_lines_pass(R"(
settings {"mode":"leak_descriptor"}
load ${FIXTURES}/good
unload
leak-check
expect BUSY
expect-count /descriptors 1
)");
    const HostRun cycle = run_host(
        {"--settings", R"({"mode":"leak_descriptor"})", "cycle", "4", fixture_folder("good")});
    EXPECT_EQ(cycle.code, 1);
    EXPECT_NE(cycle.error.find("2 descriptors"), std::string::npos) << cycle.error;
}

TEST(HostileExtension, WithObjectsStillOutIsNotDestroyed) {
    const HostRun run = run_lines(R"(
settings {"mode":"leak_object"}
load ${FIXTURES}/good
request echo {}
unload
expect BUSY
)");
    EXPECT_NE(run.error.find("1 objects are still out (E_BUSY)"), std::string::npos) << run.error;
    EXPECT_EQ(run.code, 5);
}

TEST(HostileExtension, LeavesAViolationInTheExitCodeAndInTheReport) {
    const HostRun run = run_lines("load ${FIXTURES}/good\nrequest garbage\nexpect INTERNAL\n");
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.error.find("violation of envelope: an answer is no JSON object"),
              std::string::npos)
        << run.error;
}

TEST(Shaped, ReportsBytesWrittenBehindTheStruct) {
    Violations violations;
    const Shapes shapes{{"status", std::uint32_t{sizeof(hmx_status_report) + 64}}};
    Shaped<hmx_status_report> shaped(hmx_status_report{}, shapes, "status");
    EXPECT_EQ(shaped.get()->struct_size, sizeof(hmx_status_report) + 64);
    static_cast<void>(shaped.result(violations));
    EXPECT_TRUE(violations.all().empty());
    reinterpret_cast<char*>(shaped.get())[sizeof(hmx_status_report) + 5] = 0;
    static_cast<void>(shaped.result(violations));
    ASSERT_EQ(violations.all().size(), 1u);
    EXPECT_EQ(violations.all()[0].rule, "R2");
}

TEST(ProcessCensus, FindsWhatIsThereAndWasNot) {
    const Census before = take_census();
    EXPECT_FALSE(before.descriptors.empty());
    EXPECT_FALSE(before.threads.empty());
    EXPECT_GT(before.resident_bytes, 0u);
    {
        std::ifstream file("/proc/self/status");
        const Leftovers left = compare(before, take_census());
        ASSERT_EQ(left.descriptors.size(), 1u);
        EXPECT_NE(left.descriptors[0].find("/status"), std::string::npos);
    }
    EXPECT_TRUE(compare(before, take_census()).descriptors.empty());
    EXPECT_EQ(mappings_of("/nowhere"), 0u);
}

}  // namespace
}  // namespace catalog::host
