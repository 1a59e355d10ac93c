// Encrypted libraries from the command line: where secrets come from, and the key slots.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cli_bed.hpp"

namespace catalog::cli {
namespace {

// A variable of the environment for the length of a test.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) {
        ::setenv(name, value.c_str(), 1);
    }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
};

// An encrypted library whose passphrase is in a file.
struct KeysBed : CliBed {
    std::string first = file("first.txt", "correct horse\n");
    std::string second = file("second.txt", "battery staple");

    KeysBed() {
        const Answer made = run({"--passphrase-file", first, "init", "--encrypt"});
        EXPECT_EQ(made.code, 0) << made.error;
        EXPECT_NE(made.out.find("encrypted    yes"), std::string::npos) << made.out;
    }
    Answer with(const std::string& passphrase, std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"--passphrase-file", passphrase});
        return run(std::move(arguments));
    }
};

TEST(EncryptedCli, OpensWithWhatAFileOrTheEnvironmentGives) {
    KeysBed bed;
    EXPECT_EQ(bed.with(bed.first, {"stats"}).code, 0);
    const Answer wrong = bed.with(bed.second, {"stats"});
    EXPECT_EQ(wrong.code, 5) << wrong.error;
    EXPECT_EQ(wrong.error.find("battery"), std::string::npos);
    EXPECT_EQ(bed.run({"stats"}).code, 4);
    EXPECT_EQ(bed.with(bed.file("empty.txt", "\nx"), {"stats"}).code, 3);
    {
        const Variable variable("CATALOG_PASSPHRASE", "correct horse");
        EXPECT_EQ(bed.run({"stats"}).code, 0);
    }
    const Variable variable("CATALOG_PASSPHRASE_FILE", bed.first);
    EXPECT_EQ(bed.run({"stats"}).code, 0);
}

TEST(EncryptedCli, AsksWhereThereIsSomebodyToAsk) {
    KeysBed bed;
    std::vector<std::string> typed;
    std::vector<std::string> prompts;
    const auto run = [&](std::vector<std::string> arguments) {
        std::istringstream in;
        std::ostringstream out;
        std::ostringstream error;
        Streams streams{in, out, error};
        streams.ask_secret = [&](std::string_view prompt) -> Result<std::string> {
            prompts.emplace_back(prompt);
            std::string next = typed.front();
            typed.erase(typed.begin());
            return next;
        };
        arguments.insert(arguments.begin(), {"--library", bed.folder / "library"});
        return cli::run(arguments, streams, {});
    };
    typed = {"correct horse"};
    EXPECT_EQ(run({"stats"}), 0);
    typed = {"correct horse", "new one", "another"};
    EXPECT_EQ(run({"keys", "change"}), 3);
    typed = {"correct horse", "new one", "new one"};
    EXPECT_EQ(run({"keys", "change"}), 0);
    typed = {"new one"};
    EXPECT_EQ(run({"stats"}), 0);
    EXPECT_EQ(prompts.size(), 8u);
}

TEST(EncryptedCli, ALibraryInTheClearNeedsNothing) {
    CliBed bed;
    const std::string file = bed.file("first.txt", "x");
    EXPECT_EQ(bed.run({"init"}).code, 0);
    EXPECT_EQ(bed.run({"--passphrase-file", file, "stats"}).code, 0);
    EXPECT_EQ(bed.run({"keys", "list"}).code, 2);
    CliBed other;
    EXPECT_EQ(other.run({"init", "--encrypt"}).code, 4);
    EXPECT_FALSE(std::filesystem::exists(other.folder / "library/library.toml"));
}

TEST(KeysCommands, RekeyTakesWhatIsThereToTheNewKeys) {
    KeysBed bed;
    const std::string put = bed.file("put.txt", std::string(5'000, 'x') + "and more");
    ASSERT_EQ(bed.with(bed.first, {"store", "put", put}).code, 0);
    ASSERT_EQ(bed.with(bed.first, {"keys", "rotate"}).code, 0);
    const auto generations = [&] {
        const Answer listed = bed.run({"--json", "keys", "list"});
        EXPECT_EQ(listed.code, 0) << listed.error;
        std::vector<std::pair<std::int64_t, std::int64_t>> all;
        for (const json::Value& each : *listed.documents()[0].find("generations")->as_array())
            all.emplace_back(*each.find("generation")->as_int(), *each.find("packs")->as_int());
        return all;
    };
    EXPECT_EQ(generations(), (std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {2, 0}}));
    const Answer done = bed.with(bed.first, {"store", "repack", "--rekey"});
    EXPECT_EQ(done.code, 0) << done.error;
    EXPECT_NE(done.out.find("generation 1 of the keys is dropped"), std::string::npos) << done.out;
    EXPECT_EQ(generations(), (std::vector<std::pair<std::int64_t, std::int64_t>>{{2, 1}}));
    EXPECT_NE(bed.run({"keys", "list"}).out.find("put aside"), std::string::npos);
    EXPECT_EQ(bed.with(bed.first, {"verify", "--deep"}).code, 0);
    CliBed clear;
    EXPECT_EQ(clear.run({"init"}).code, 0);
    EXPECT_NE(clear.run({"store", "repack", "--rekey"}).code, 0);
}

TEST(KeysCommands, AddListAndRemoveSlots) {
    KeysBed bed;
    const Answer added =
        bed.with(bed.first, {"--json", "keys", "add", "--new-passphrase-file", bed.second});
    ASSERT_EQ(added.code, 0) << added.error;
    EXPECT_EQ(*added.documents()[0].find("id")->as_int(), 2);
    const Answer recovery = bed.with(bed.second, {"--json", "keys", "recovery"});
    ASSERT_EQ(recovery.code, 0) << recovery.error;
    const std::string key = *recovery.documents()[0].find("recovery_key")->as_string();
    const std::string key_file = bed.file("recovery.txt", key + "\n");
    EXPECT_EQ(bed.run({"--recovery-key-file", key_file, "stats"}).code, 0);
    const std::string mistyped = bed.file("mistyped.txt", key.substr(1) + "\n");
    EXPECT_EQ(bed.run({"--recovery-key-file", mistyped, "stats"}).code, 3);
    const Answer listed = bed.run({"keys", "list"});
    EXPECT_EQ(listed.code, 0) << listed.error;
    EXPECT_NE(listed.out.find("recovery key"), std::string::npos) << listed.out;
    EXPECT_EQ(bed.with(bed.second, {"keys", "remove", "1"}).code, 0);
    EXPECT_EQ(bed.with(bed.first, {"stats"}).code, 5);
    EXPECT_EQ(bed.with(bed.second, {"keys", "remove", "1"}).code, 1);
    EXPECT_EQ(bed.run({"--json", "keys", "list"}).documents()[0].find("slots")->as_array()->size(),
              2u);
}

TEST(EncryptedCli, KeepsNoPlainFilesUnlessToldTo) {
    KeysBed bed;
    const Answer put =
        bed.with(bed.first, {"--json", "store", "put", bed.file("data", "nobody else's")});
    ASSERT_EQ(put.code, 0) << put.error;
    const std::string id = *put.documents()[0].find("id")->as_string();
    const std::string out = bed.folder / "out";
    for (const std::string how : {"--link", "--clone"}) {
        const Answer refused = bed.with(bed.first, {"store", "export", how, id, out});
        EXPECT_EQ(refused.code, 2) << refused.error;
        EXPECT_NE(refused.error.find("encrypted"), std::string::npos) << refused.error;
    }
    EXPECT_FALSE(std::filesystem::exists(out));
    EXPECT_FALSE(std::filesystem::exists(bed.folder / "library/files"));
    EXPECT_EQ(bed.with(bed.first, {"store", "export", "--link", "--plain-cache", id, out}).code, 0);
    EXPECT_EQ(std::filesystem::hard_link_count(out), 2u);
}

TEST(KeysCommands, RotateMakesANewGeneration) {
    KeysBed bed;
    EXPECT_EQ(bed.with(bed.first, {"keys", "add", "--new-passphrase-file", bed.second}).code, 0);
    const Answer rotated = bed.with(bed.first, {"--json", "keys", "rotate"});
    ASSERT_EQ(rotated.code, 0) << rotated.error;
    EXPECT_EQ(*rotated.documents()[0].find("generation")->as_int(), 2);
    EXPECT_EQ(bed.with(bed.second, {"stats"}).code, 0);
    const Answer renewed = bed.with(bed.first, {"keys", "rotate", "--only-this-key"});
    EXPECT_EQ(renewed.out, "generation 3, 1 slot\n") << renewed.error;
    EXPECT_EQ(bed.with(bed.second, {"stats"}).code, 5);
    EXPECT_EQ(bed.with(bed.first, {"stats"}).code, 0);
}

}  // namespace
}  // namespace catalog::cli
