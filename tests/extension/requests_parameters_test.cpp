// Parameters are checked once, and what is wrong is named.

#include <gtest/gtest.h>

#include "requests_bed.hpp"

namespace catalog::extension::testing {
namespace {

struct Bad {
    std::string method;
    std::string params;
    Errc code;
    std::string input;  ///< Where, as the error names it.
};

TEST(RequestParameters, WhatIsWrongIsNamedWithItsPlace) {
    const RequestsBed bed;
    const std::string long_text(5'000, 'x');
    std::string many_texts;
    for (std::size_t i = 0; i < kElementsMax; ++i) many_texts += R"("kit",)";
    const Bad table[] = {
        {"list_packages", R"({"prefx":"a"})", Errc::kInvalidArgument, "params.prefx"},
        {"list_packages", R"({"limit":0})", Errc::kInvalidArgument, "params.limit"},
        {"list_packages", R"({"limit":10001})", Errc::kInvalidArgument, "params.limit"},
        {"list_packages", R"({"limit":-1})", Errc::kInvalidArgument, "params.limit"},
        {"list_packages", R"({"limit":1.5})", Errc::kJsonType, "params.limit"},
        {"list_packages", R"({"limit":"1"})", Errc::kJsonType, "params.limit"},
        {"list_packages", R"({"limit":99999999999999999999})", Errc::kJsonType, "params.limit"},
        {"list_packages", R"({"yanked":1})", Errc::kJsonType, "params.yanked"},
        {"list_packages", R"({"type":"programme"})", Errc::kInvalidArgument, "params.type"},
        {"list_packages", R"({"asset_type":7})", Errc::kJsonType, "params.asset_type"},
        {"list_packages", R"({"type":""})", Errc::kInvalidArgument, "params.type"},
        {"list_packages", R"({"type":"library","asset_type":"library"})", Errc::kInvalidArgument,
         "params.type"},
        {"list_packages", R"({"state":"preparing"})", Errc::kInvalidArgument, "params.state"},
        {"list_packages", R"({"min_rating":4})", Errc::kUnsupported, "params.min_rating"},
        {"list_packages", R"({"min_rating":[0]})", Errc::kUnsupported, "params.min_rating"},
        {"list_packages", R"({"filter":[]})", Errc::kJsonType, "params.filter"},
        {"list_packages", R"({"filter":{"filter":{}}})", Errc::kInvalidArgument,
         "params.filter.filter"},
        {"list_packages", R"({"filter":{"tga":"x"}})", Errc::kInvalidArgument, "params.filter.tga"},
        {"list_packages", R"({"filter":{"tag":"x"},"tag":"x"})", Errc::kInvalidArgument,
         "params.tag"},
        {"list_packages", R"({"tag":")" + long_text + R"("})", Errc::kLimitExceeded, "params.tag"},
        {"list_packages", R"({"tag":"a\u0000b"})", Errc::kInvalidArgument, "params.tag"},
        {"list_packages", R"({"cursor":"nonsense"})", Errc::kQueryInvalid, ""},
        {"get_package", R"({})", Errc::kInvalidArgument, "params.id"},
        {"get_package", R"({"id":null})", Errc::kInvalidArgument, "params.id"},
        {"get_package", R"({"id":""})", Errc::kInvalidArgument, "params.id"},
        {"get_package", R"({"id":["kit"]})", Errc::kJsonType, "params.id"},
        {"get_package", R"({"id":"not a name"})", Errc::kInvalidName, ""},
        {"get_package", R"({"id":"kit@1.0.0","requirement":"^1"})", Errc::kInvalidArgument,
         "params.requirement"},
        {"get_package", R"({"id":"kit","requirement":">>1"})", Errc::kRequirementSyntax, ""},
        {"search_packages", R"({})", Errc::kInvalidArgument, "params.words"},
        {"search_packages", R"({"words":"a","sort_by":"taste"})", Errc::kInvalidArgument,
         "params.sort_by"},
        {"search_packages", R"({"words":"a","order":"up"})", Errc::kInvalidArgument,
         "params.order"},
        {"search_packages", R"({"words":"a","offset":10001})", Errc::kInvalidArgument,
         "params.offset"},
        {"versions", R"({"name":"a b"})", Errc::kInvalidName, ""},
        {"dependents", R"({"name":"a@1"})", Errc::kInvalidName, ""},
        {"complete", R"({})", Errc::kInvalidArgument, "params.prefix"},
        {"resolve", R"({"requests":[]})", Errc::kInvalidArgument, "params.requests"},
        {"resolve", R"({"requests":[)" + many_texts + R"("last"]})", Errc::kLimitExceeded,
         "params.requests"},
        {"resolve", R"({"requests":["kit",""]})", Errc::kInvalidArgument, "params.requests[1]"},
        {"resolve", R"({"requests":["kit",7]})", Errc::kJsonType, "params.requests[1]"},
        {"resolve", R"({"requests":7})", Errc::kJsonType, "params.requests"},
        {"resolve", R"({"requests":["kit@>>"]})", Errc::kRequirementSyntax, ""},
        {"resolve", R"({"requests":["kit"],"solver":"luck"})", Errc::kInvalidArgument,
         "params.solver"},
        {"resolve", R"({"requests":["kit"],"lock":"{}"})", Errc::kLockFileInvalid, ""},
        {"publish_package", R"({})", Errc::kInvalidArgument, "params"},
        {"publish_package", R"({"path":"relative"})", Errc::kInvalidArgument, "params.path"},
        {"publish_package", R"({"path":"/a/../b"})", Errc::kPathUnsafe, "params.path"},
        {"publish_package", R"({"path":"/a/."})", Errc::kPathUnsafe, "params.path"},
        {"publish_package", R"({"path":"/a\nb"})", Errc::kPathUnsafe, "params.path"},
        {"publish_package", R"({"path":"/)" + long_text + R"("})", Errc::kLimitExceeded,
         "params.path"},
        {"publish_package", R"({"path":"/a","metadata":{}})", Errc::kInvalidArgument,
         "params.path"},
        {"publish_package", R"({"metadata":{}})", Errc::kJsonType, ""},
        {"publish_package", R"({"metadata":{"name":"a","version":"1"}})", Errc::kVersionSyntax, ""},
        {"publish_package", R"({"metadata":{"name":"a","version":"1.0.0"},"files":[7]})",
         Errc::kJsonType, "params.files[0]"},
        {"publish_package", R"({"metadata":{"name":"a","version":"1.0.0"},"files":[{}]})",
         Errc::kInvalidArgument, "params.files[0].path"},
        {"publish_package",
         R"({"metadata":{"name":"a","version":"1.0.0"},"files":[{"path":"a","text":"a"},{"path":"b"}]})",
         Errc::kInvalidArgument, "params.files[1]"},
        {"publish_package",
         R"({"metadata":{"name":"a","version":"1.0.0"},"files":[{"path":"a","base64":"?"}]})",
         Errc::kInvalidArgument, "params.files[0].base64"},
        {"publish_package",
         R"({"metadata":{"name":"a","version":"1.0.0"},"files":[{"path":"a","text":"","mode":1}]})",
         Errc::kInvalidArgument, "params.files[0].mode"},
        {"publish_package",
         R"({"metadata":{"name":"a","version":"1.0.0"},"files":[{"path":"../a","text":""}]})",
         Errc::kPathUnsafe, ""},
        {"publish_package", R"({"path":"/a","consensus_proof":{}})", Errc::kUnsupported,
         "params.consensus_proof"},
        {"import_npm", R"({"paths":[]})", Errc::kInvalidArgument, "params.paths"},
        {"import_npm", R"({"paths":["a"]})", Errc::kInvalidArgument, "params.paths[0]"},
        {"import_metadata", R"({})", Errc::kInvalidArgument, "params"},
        {"import_metadata", R"({"path":"/a","text":"a"})", Errc::kInvalidArgument, "params"},
        {"change_state", R"({"id":"kit@1.0.0","event":"burn"})", Errc::kInvalidArgument,
         "params.event"},
        {"change_state", R"({"id":"kit@1.0.0","event":"yank"})", Errc::kInvalidArgument,
         "params.reason"},
        {"change_state", R"({"id":"kit","event":"unyank"})", Errc::kVersionSyntax, ""},
        {"install_package", R"({"package_id":"kit"})", Errc::kInvalidArgument, "params.prefix"},
        {"install_package", R"({"install_dir":"/data/p"})", Errc::kInvalidArgument,
         "params.requests"},
        {"install_package", R"({"package_id":"kit","options":{"install_dir":"p"}})",
         Errc::kInvalidArgument, "params.options.install_dir"},
        {"install_package", R"({"package_id":"kit","prefix":"/data/p","verify_signatures":false})",
         Errc::kUnsupported, "params.verify_signatures"},
        {"install_package", R"({"package_id":"kit","prefix":"/data/p","include_optional":true})",
         Errc::kUnsupported, "params.include_optional"},
        {"install_package",
         R"({"package_id":"kit","prefix":"/data/p","use_proxy":"hypermesh://x"})",
         Errc::kUnsupported, "params.use_proxy"},
        {"install_package", R"({"package_id":"kit","prefix":"/data/p","layout":"flat"})",
         Errc::kInvalidArgument, "params.layout"},
        {"install_package", R"({"package_id":"kit","prefix":"/data/library/p"})", Errc::kPathUnsafe,
         "/data/library/p"},
        {"install_package", R"({"package_id":"kit","prefix":"/data/library/"})", Errc::kPathUnsafe,
         "/data/library"},
        {"update_package", R"({"names":["a","b"],"version":"1.0.0","prefix":"/data/p"})",
         Errc::kInvalidArgument, "params.version"},
        {"update_package", R"({"names":["a"],"version":"one","prefix":"/data/p"})",
         Errc::kVersionSyntax, ""},
        {"rollback_package", R"({"prefix":"/data/p","generation":0})", Errc::kInvalidArgument,
         "params.generation"},
        {"history", R"({"prefix":"/data/p","generation":1})", Errc::kInvalidArgument,
         "params.generation"},
        {"info", R"({"id":"kit"})", Errc::kInvalidArgument, "params.id"},
    };
    for (const Bad& bad : table) {
        const auto answer = bed.call(bad.method, bad.params);
        const std::string what = bad.method + " " + bad.params.substr(0, 120);
        ASSERT_FALSE(answer) << what;
        EXPECT_EQ(answer.error().code(), bad.code) << what << ": " << answer.error().to_string();
        if (!bad.input.empty()) {
            EXPECT_EQ(answer.error().input(), bad.input) << what;
        }
        EXPECT_LT(answer.error().to_string().size(), 1'000u) << what;
    }
}

TEST(RequestParameters, EveryMethodRefusesAMemberThatItDoesNotHaveAndNamesThoseThatItHas) {
    const RequestsBed bed;
    for (const Method& method : Requests::methods()) {
        if (method.handler == nullptr) continue;
        const auto answer = bed.call(method.name, R"({"no_such_member":1})");
        ASSERT_FALSE(answer) << method.name;
        EXPECT_EQ(answer.error().code(), Errc::kInvalidArgument) << method.name;
        EXPECT_EQ(answer.error().input(), "params.no_such_member") << method.name;
        EXPECT_FALSE(answer.error().hint().empty()) << method.name;
    }
}

TEST(RequestParameters, EveryRequiredParameterIsMissedByName) {
    const RequestsBed bed;
    for (const Method& method : Requests::methods())
        for (const Parameter& parameter : method.parameters)
            if (parameter.required) {
                const auto answer = bed.call(method.name);
                ASSERT_FALSE(answer) << method.name;
                EXPECT_TRUE(answer.error().input().starts_with("params.")) << method.name;
                EXPECT_EQ(answer.error().message(), "is missing") << method.name;
            }
}

TEST(RequestParameters, NullCountsAsAbsentAndValuesWithoutEffectAreTaken) {
    const RequestsBed bed;
    bed.publish("kit", "1.0.0");
    EXPECT_TRUE(bed.call("list_packages", R"({"limit":null,"min_rating":null,"filter":null})"));
    EXPECT_TRUE(bed.call("list_packages", R"({"filter":{"min_rating":0,"tag":null}})"));
    EXPECT_TRUE(bed.call(
        "install_package",
        R"({"package_id":"kit","options":{"install_dir":"/data/p","include_optional":false,)"
        R"("verify_signatures":true,"use_proxy":null,"consensus_proof":null}})"));
}

TEST(RequestParameters, PathsOutsideTheDataFolderNeedACapability) {
    const RequestsBed bed(0);
    bed.publish("kit", "1.0.0");
    bed.write("/elsewhere/catalog.toml", "[package]\nname = \"a\"\nversion = \"1.0.0\"\n");
    bed.write("/database/x", "");
    for (const auto& [method, params] : std::map<std::string, std::string>{
             {"publish_package", R"({"path":"/elsewhere"})"},
             {"import_npm", R"({"paths":["/data/npm","/elsewhere"]})"},
             {"import_metadata", R"({"path":"/elsewhere/list.jsonl"})"},
             {"install_package", R"({"package_id":"kit","prefix":"/database"})"},
             {"uninstall_package", R"({"package_id":"kit","prefix":"/elsewhere"})"},
             {"update_package", R"({"prefix":"/elsewhere"})"},
             {"rollback_package", R"({"prefix":"/elsewhere"})"},
             {"history", R"({"prefix":"/"})"},
             {"verify_prefix", R"({"prefix":"/elsewhere"})"}}) {
        const auto answer = bed.call(method, params);
        ASSERT_FALSE(answer) << method;
        EXPECT_EQ(answer.error().code(), Errc::kPermissionDenied) << method;
        EXPECT_EQ(errc_abi_status(answer.error().code()), HMX_E_CAPABILITY_DENIED) << method;
    }
    EXPECT_TRUE(bed.call("install_package", R"({"package_id":"kit","prefix":"/data/p/"})"));
    EXPECT_TRUE(bed.call("publish_package", R"({"metadata":{"name":"b","version":"1.0.0"}})"));
}

}  // namespace
}  // namespace catalog::extension::testing
