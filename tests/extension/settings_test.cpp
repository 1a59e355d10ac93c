#include "settings.hpp"

#include <gtest/gtest.h>

#include <string>

#include "catalog/json/read.hpp"
#include "catalog/json/value.hpp"
#include "catalog/json/write.hpp"

namespace catalog::extension {
namespace {

Errc refusal(std::string_view json, std::string_view data_dir = "/data") {
    const auto settings = read_settings(json, data_dir);
    EXPECT_FALSE(settings) << json;
    return settings ? Errc::kInternal : settings.error().code();
}

TEST(Settings, NothingGivesTheDefaults) {
    for (const std::string_view json : {"", "null", "{}", R"({"threads":null,"log_level":null})"}) {
        const auto settings = read_settings(json, "/data");
        ASSERT_TRUE(settings) << json;
        EXPECT_EQ(settings->library, "/data/library");
        EXPECT_TRUE(settings->create);
        EXPECT_FALSE(settings->read_only);
        EXPECT_EQ(settings->consensus, ConsensusMode::kHostOffers);
    }
}

TEST(Settings, ReadsEveryMember) {
    const auto settings = read_settings(
        R"({"library":"/lib","read_only":true,"create":false,"lock_wait_ms":5,"threads":3,)"
        R"("memory_bytes":1048576,"consensus":"every","log_level":"error"})",
        "/data/");
    ASSERT_TRUE(settings) << settings.error().to_string();
    EXPECT_EQ(settings->library, "/lib");
    EXPECT_TRUE(settings->read_only);
    EXPECT_FALSE(settings->create);
    EXPECT_EQ(settings->lock_wait.count(), 5);
    EXPECT_EQ(settings->threads, 3u);
    EXPECT_EQ(settings->memory_bytes, 1u << 20);
    EXPECT_EQ(settings->consensus, ConsensusMode::kEvery);
    EXPECT_EQ(settings->log_level, LogLevel::kError);
}

TEST(Settings, ARelativeLibraryIsBelowTheDataFolder) {
    EXPECT_EQ(read_settings(R"({"library":"a/b"})", "/data/")->library, "/data/a/b");
}

TEST(Settings, RefusesWhatItDoesNotKnow) {
    EXPECT_EQ(refusal(R"({"thread":3})"), Errc::kInvalidArgument);
    EXPECT_EQ(refusal(R"({"consensus":"maybe"})"), Errc::kInvalidArgument);
    EXPECT_EQ(refusal(R"({"log_level":""})"), Errc::kInvalidArgument);
    EXPECT_EQ(refusal(R"([])"), Errc::kJsonType);
    EXPECT_EQ(refusal(R"({"threads":"3"})"), Errc::kJsonType);
    EXPECT_EQ(refusal(R"({"read_only":1})"), Errc::kJsonType);
    EXPECT_EQ(refusal(R"({"library":7})"), Errc::kJsonType);
    EXPECT_EQ(refusal(R"({"threads":1,"threads":2})"), Errc::kJsonDuplicateKey);
    EXPECT_EQ(refusal("{"), Errc::kJsonSyntax);
}

TEST(Settings, RefusesWhatIsOutOfRange) {
    EXPECT_EQ(refusal(R"({"threads":257})"), Errc::kInvalidArgument);
    EXPECT_EQ(refusal(R"({"lock_wait_ms":600001})"), Errc::kInvalidArgument);
    EXPECT_EQ(refusal(R"({"memory_bytes":1048575})"), Errc::kInvalidArgument);
    EXPECT_EQ(refusal(R"({"library":""})"), Errc::kInvalidArgument);
    EXPECT_NE(refusal(R"({"library":"a\u0000b"})"), Errc::kInternal);
}

TEST(Settings, NeedsAnAbsoluteDataFolder) {
    EXPECT_EQ(refusal("", ""), Errc::kInvalidArgument);
    EXPECT_EQ(refusal("", "data"), Errc::kInvalidArgument);
    EXPECT_EQ(refusal("", std::string("/a\0b", 4)), Errc::kInvalidArgument);
}

// The schema is what a host shows; the reader must agree with it member by member.
TEST(Settings, TheSchemaSaysWhatTheReaderTakes) {
    const auto schema = json::read(kSettingsSchema);
    ASSERT_TRUE(schema) << schema.error().to_string();
    const json::Object& members = *schema->find("properties")->as_object();
    EXPECT_EQ(members.size(), 8u);
    for (const auto& [name, member] : members) {
        const auto accepts = [&, &key = name](const json::Value& value) {
            const json::Object object{{key, value}};
            return read_settings(json::write_canonical(object), "/data").has_value();
        };
        EXPECT_NE(member.find("description"), nullptr) << name;
        if (const json::Value* standard = member.find("default")) {
            EXPECT_TRUE(accepts(*standard)) << name;
        }
        if (const json::Value* words = member.find("enum")) {
            for (const json::Value& word : *words->as_array()) EXPECT_TRUE(accepts(word)) << name;
            EXPECT_FALSE(accepts("other")) << name;
        }
        if (const json::Value* least = member.find("minimum")) {
            EXPECT_TRUE(accepts(*least)) << name;
            EXPECT_FALSE(accepts(*least->as_int() - 1)) << name;
            EXPECT_TRUE(accepts(*member.find("maximum"))) << name;
            EXPECT_FALSE(accepts(*member.find("maximum")->as_int() + 1)) << name;
        }
    }
}

}  // namespace
}  // namespace catalog::extension
