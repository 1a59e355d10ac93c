// The host against extensions that keep the rules.

#include <filesystem>

#include "abi_values.hpp"
#include "catalog/json/read.hpp"
#include "discovery.hpp"
#include "host_bed.hpp"
#include "session.hpp"

namespace catalog::host {
namespace {

// Freed memory stays with a sanitizer for a while.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CATALOG_SANITIZER_KEEPS_MEMORY
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    defined(CATALOG_SANITIZER_KEEPS_MEMORY)
constexpr std::string_view kGrowthMaxKib = "100000";
#else
constexpr std::string_view kGrowthMaxKib = "256";
#endif

TEST(Host, DrivesAnExtensionThroughItsWholeLife) {
    expect_lines_pass(R"(
load ${FIXTURES}/good
expect-json /id test.fixture
status
expect-json /state running
validate
expect-json /valid true
request echo {"a":[1,2]}
expect-json /data/a [1,2]
pause
request echo {}
expect AGAIN
resume
list loaded
expect-count /loaded 1
unload
expect-json /unmapped true
leak-check
expect-json /threads []
)");
}

TEST(Host, CallsStagesOneByOneAndShowsWhatAWrongStateGives) {
    expect_lines_pass(R"(
open ${FIXTURES}/good
expect-json /ok true
status
expect INVALID_STATE
create
status
expect-json /state created
pause
expect INVALID_STATE
start
start
destroy
expect INVALID_STATE
shutdown
status
expect-json /state stopped
shutdown
expect INVALID_STATE
close
expect INVALID_STATE
destroy
close
status
expect INVALID_STATE
)");
}

TEST(Host, UsesTheTypedInterface) {
    const std::string out = testing::TempDir() + "host_test_content";
    expect_lines_pass(
        "load ${FIXTURES}/good\nlist\nexpect-count /packages 1\nget kit\nexpect-json "
        "/version 1.0.0\nget nothing\nexpect NOT_FOUND\nsearch kit\nexpect-count "
        "/packages 1\ncat kit file.txt " +
        out + " read\nexpect-json /bytes 24\ncat kit file.txt " + out +
        "\nexpect-json /bytes 24\ncat kit other " + out + "\nexpect NOT_FOUND\n");
    EXPECT_EQ(bytes_of(out), "the content of the file\n");
    std::filesystem::remove(out);
}

TEST(Host, WaitsForAsynchronousRequestsAndCancelsThem) {
    expect_lines_pass(R"(
load ${FIXTURES}/good
request-async echo {"x":1}
wait
expect-json /data/x 1
expect-json /progress_reports 2
request-async wait
cancel
wait
expect CANCELLED
cancel 4711
expect NOT_FOUND
settings {"mode":"late_cancel"}
load ${FIXTURES}/good as second
request-async wait
cancel
wait
expect CANCELLED
wait
expect NOT_FOUND
)");
}

TEST(Host, OffersServicesAndShowsWhatArrived) {
    expect_lines_pass(R"(
load ${FIXTURES}/good
request echo {}
metrics
expect-json /metrics/0/value 1
expect-json /metrics/0/name fixture_requests
request-async register {"key":"k1","color":"red"}
wait
expect-json /data/type 65536
request-async register {"key":"k1"}
wait
assets
expect-count /assets 1
expect-json /assets/0/type package
expect-json /assets/0/spec/color red
request-async consensus
wait
expect-json /data/present 3
consensus reject
request-async consensus
wait
expect CONSENSUS_REJECTED
consensus unavailable
request-async consensus
wait
expect AGAIN
consensus slow
request-async consensus
wait
)",
                      {"--slow-ms", "1", "--log-file", "/dev/null", "--verbose"});
}

TEST(Host, LeavesOutDeniesAndDelaysServices) {
    expect_lines_pass(R"(
without log
deny ConsensusAccess
late executor
load ${FIXTURES}/good
info
expect-json /services_asked/hypermesh.log E_NOT_FOUND
expect-json /services_asked/hypermesh.consensus E_CAPABILITY_DENIED
expect-json /services_asked/hypermesh.executor E_NOT_FOUND
expect-json /services_asked/hypermesh.metrics OK
offer executor
request-async consensus
expect UNSUPPORTED
unload
deny all
load ${FIXTURES}/good
expect CAPABILITY_DENIED
grant all
with all
load ${FIXTURES}/good
)");
    const HostRun denied = run_host({"--deny", "all", "exec", "load " + fixture_folder("good")});
    EXPECT_EQ(denied.code, 5) << denied.error;
    EXPECT_NE(denied.error.find("argument 1: AssetManagement is needed (E_CAPABILITY_DENIED)"),
              std::string::npos)
        << denied.error;
}

TEST(Host, PassesStructsInOtherSizes) {
    expect_lines_pass(R"(
shape config 16
load ${FIXTURES}/good
expect INVALID_ARGUMENT
shape config normal
shape host 32
load ${FIXTURES}/good
expect INVALID_ARGUMENT
shape host huge
shape config huge
shape error 0
load ${FIXTURES}/good
shape call 16
request echo {"a":1}
expect-json /data/a 1
request nothing
expect NOT_FOUND
shape call huge
shape error huge
request echo {"a":1}
shape status 8
status
expect INVALID_ARGUMENT
shape status huge
status
)");
}

TEST(Host, RefusesBeforeAnyCodeRuns) {
    const HostRun run = run_host({"exec", "load " + fixture_folder("two_exports")});
    EXPECT_EQ(run.code, 1);
    EXPECT_NE(run.error.find("exports: more than"), std::string::npos) << run.error;
    expect_lines_pass(
        "load ${FIXTURES}/without_note\nexpect SECURITY_REJECTED\nload "
        "${FIXTURES}/wrong_digest\nexpect SECURITY_REJECTED\nload "
        "${FIXTURES}/never_unloads\nexpect SECURITY_REJECTED\nload "
        "${FIXTURES}/nowhere\nexpect NOT_FOUND\n");
}

TEST(Host, CyclesAndCountsWhatIsLeft) {
    const HostRun run =
        run_host({"--json", "cycle", "30", fixture_folder("good"), "--max-growth",
                  std::string(kGrowthMaxKib), "--use", "request echo {}", "--use", "status"});
    EXPECT_EQ(run.code, 0) << run.out << run.error;
    const json::Value document = json::read(run.out).value();
    EXPECT_EQ(*document.find("ok")->as_bool(), true);
    EXPECT_EQ(document.find("answer")->find("descriptors")->as_array()->size(), 0u);
    EXPECT_EQ(*document.find("answer")->find("first_threads"),
              *document.find("answer")->find("last_threads"));
}

TEST(Host, FindsExtensionsByIdInSearchFolders) {
    const std::string search = std::string(HOST_FIXTURES) + "/good";
    expect_lines_pass("load test.fixture\nload test.nothing\nexpect NOT_FOUND\n",
                      {"--search", search});
    const auto found = find_extensions({search});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].version, "1.0.0");
    const HostRun list = run_host({"--search", HOST_FIXTURES, "find"});
    EXPECT_EQ(list.code, 0);
    EXPECT_NE(list.out.find("test.fixture 1.0.0"), std::string::npos);
    EXPECT_FALSE(search_folders({"first"}).empty());
    EXPECT_EQ(search_folders({"first"})[0], "first");
}

TEST(Host, StopsAtTheFirstFailureUnlessTold) {
    const HostRun stopped = run_lines("echo one\nfrobnicate\necho two\n");
    EXPECT_EQ(stopped.code, 2);
    EXPECT_EQ(stopped.out, "one\n");
    EXPECT_NE(stopped.error.find("stdin:2: there is no command frobnicate"), std::string::npos);
    const HostRun going = run_lines("frobnicate\necho two\n", {"--keep-going"});
    EXPECT_EQ(going.code, 2);
    EXPECT_EQ(going.out, "two\n");
}

TEST(Host, AnswersInOneJsonDocumentACommand) {
    const HostRun run = run_lines(
        "load ${FIXTURES}/good\nrequest nothing\nexpect NOT_FOUND\nlist loaded\n", {"--json"});
    EXPECT_EQ(run.code, 0) << run.out;
    std::istringstream lines(run.out);
    std::vector<json::Value> documents;
    for (std::string line; std::getline(lines, line);)
        documents.push_back(json::read(line).value());
    ASSERT_EQ(documents.size(), 4u);
    EXPECT_EQ(*documents[1].find("ok")->as_bool(), false);
    EXPECT_EQ(*documents[1].find("status")->as_string(), "E_NOT_FOUND");
    EXPECT_EQ(*documents[1].find("error")->find("where")->as_string(), "stdin:2");
    EXPECT_NE(documents[1].find("answer")->find("code"), nullptr);
}

TEST(Host, KeepsVariablesFromAnswers) {
    expect_lines_pass(R"(
load ${FIXTURES}/good
get kit
set version /version
set greeting =hello ${version}
request echo {"v":"${version}","g":"${greeting}"}
expect-json /data/g hello 1.0.0
repeat 3 request echo {"n":1}
expect-json /last/data/n 1
expect-json /times 3
)");
    EXPECT_EQ(run_lines("load ${FIXTURES}/good\nget kit\nprint /version version:\n", {"-q"}).out,
              "version: 1.0.0\n");
    EXPECT_EQ(run_lines("echo ${nothing}\n").code, 3);
    EXPECT_EQ(run_lines("set nothing =\n${nothing}\nhelp\n", {"-q"}).code, 0);
    EXPECT_EQ(run_lines("load ${FIXTURES}/good\nget kit\nexpect-json /version 2.0.0\n").code, 1);
}

TEST(Host, ExplainsItselfAndRefusesUnknownOptions) {
    const HostRun help = run_host({"exec", "help"});
    for (const Command& command : commands())
        EXPECT_NE(help.out.find(command.name), std::string::npos) << command.name;
    EXPECT_EQ(run_host({"--help"}).code, 0);
    EXPECT_EQ(run_host({"--deny", "Everything", "find"}).code, 2);
    EXPECT_EQ(run_host({"--frob"}).code, 2);
    EXPECT_EQ(run_host({}).code, 2);
    EXPECT_EQ(run_host({"run", "/nonexistent/script"}).code, 3);
}

TEST(Host, StandsInThePageWithEveryCommandAndOption) {
    const std::string page = bytes_of(std::string(CATALOG_SOURCE_DIR) + "/docs/host.md");
    for (const Command& command : commands())
        EXPECT_NE(page.find("`" + std::string(command.name)), std::string::npos) << command.name;
    const std::string help = run_host({"--help"}).out;
    for (std::size_t at = help.find("--"); at != std::string::npos; at = help.find("--", at + 2)) {
        const std::string option =
            help.substr(at, help.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at) - at);
        EXPECT_NE(page.find(option), std::string::npos) << option;
    }
}

TEST(StatusNames, AreReadAsPeopleWriteThem) {
    for (const char* name : {"NOT_FOUND", "E_NOT_FOUND", "HMX_E_NOT_FOUND", "not_found"})
        EXPECT_EQ(parse_status(name), HMX_E_NOT_FOUND) << name;
    EXPECT_EQ(parse_status("ok"), HMX_OK);
    EXPECT_FALSE(parse_status("tired"));
    for (hmx_status status = 0; status < HMX_STATUS_COUNT; ++status)
        EXPECT_EQ(parse_status(status_name(status)), status);
}

}  // namespace
}  // namespace catalog::host
