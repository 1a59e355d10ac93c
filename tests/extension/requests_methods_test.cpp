// Names, aliases and refusals of methods.

#include <gtest/gtest.h>

#include <set>

#include "requests_bed.hpp"

namespace catalog::extension::testing {
namespace {

std::string name_of(std::string_view alias) {
    const Method* method = Requests::find(alias);
    return method == nullptr ? "" : std::string(method->name);
}

TEST(RequestMethods, EveryNameMeansOneMethod) {
    std::set<std::string> names;
    for (const Method& method : Requests::methods()) {
        EXPECT_TRUE(names.insert(std::string(method.name)).second) << method.name;
        for_each_word(method.aliases, [&](std::string_view alias) {
            EXPECT_TRUE(names.insert(std::string(alias)).second) << alias;
            return true;
        });
    }
    for (const std::string& name : names) {
        EXPECT_NE(Requests::find(name), nullptr) << name;
        EXPECT_EQ(Requests::find("catalog." + name), Requests::find(name)) << name;
    }
}

TEST(RequestMethods, EveryParameterNameMeansOneParameter) {
    for (const Method& method : Requests::methods()) {
        std::set<std::string> names;
        for (const Parameter& parameter : method.parameters) {
            EXPECT_TRUE(names.insert(std::string(parameter.name)).second)
                << method.name << "." << parameter.name;
            for_each_word(parameter.aliases, [&](std::string_view alias) {
                EXPECT_TRUE(names.insert(std::string(alias)).second) << method.name << "." << alias;
                return true;
            });
        }
    }
}

TEST(RequestMethods, NamesOfTheHostsContractAndOlderOnesAreKnown) {
    const std::map<std::string, std::string> wanted{{"catalog.list", "list_packages"},
                                                    {"catalog.search", "search_packages"},
                                                    {"catalog.install", "install_package"},
                                                    {"catalog.publish", "publish_package"},
                                                    {"catalog.verify", "verify_package"},
                                                    {"catalog.update", "update_package"},
                                                    {"catalog.validate", "verify_package"},
                                                    {"catalog.uninstall", "uninstall_package"},
                                                    {"catalog.info", "info"},
                                                    {"catalog.stats", "stats"},
                                                    {"search", "search_packages"},
                                                    {"install", "install_package"},
                                                    {"publish", "publish_package"},
                                                    {"update", "update_package"},
                                                    {"list", "list_packages"},
                                                    {"info", "info"},
                                                    {"verify", "verify_package"},
                                                    {"mirror", "mirror"},
                                                    {"list_packages", "list_packages"},
                                                    {"install_package", "install_package"},
                                                    {"execute_vm", "execute_vm"},
                                                    {"catalog.sharing.connect", "sharing.connect"},
                                                    {"catalog.sharing.search", "sharing.connect"},
                                                    {"catalog.sharing.stats", "sharing.connect"},
                                                    {"generate_template", "generate_template"},
                                                    {"generate_docs", "generate_template"}};
    for (const auto& [alias, name] : wanted) EXPECT_EQ(name_of(alias), name) << alias;
}

TEST(RequestMethods, AnUnknownNameIsRefusedWithNearOnes) {
    EXPECT_EQ(Requests::find("instal"), nullptr);
    EXPECT_EQ(Requests::find(""), nullptr);
    EXPECT_EQ(Requests::find("catalog."), nullptr);
    EXPECT_EQ(Requests::find("catalog.catalog.list"), nullptr);
    const Error error = Requests::unknown_method("catalog.instal");
    EXPECT_EQ(error.code(), Errc::kUnsupported);
    EXPECT_NE(error.hint().find("install"), std::string_view::npos) << error.hint();
    const Error far = Requests::unknown_method(std::string(100'000, 'x'));
    EXPECT_LT(far.to_string().size(), 200u);
    EXPECT_NE(far.hint().find("methods"), std::string_view::npos);
}

TEST(RequestMethods, WhatTheLibraryDoesNotHaveIsRefusedWithTheReasonWhateverTheParameters) {
    const RequestsBed bed;
    for (const std::string_view name :
         {"mirror", "fetch", "sync", "catalog.sharing.search", "execute_vm", "generate_docs"}) {
        const auto answer = bed.call(name, R"({"anything":[1,2]})");
        ASSERT_FALSE(answer) << name;
        EXPECT_EQ(answer.error().code(), Errc::kUnsupported) << name;
        EXPECT_FALSE(answer.error().message().empty()) << name;
    }
}

TEST(RequestMethods, TheListDescribesEveryMethodThatAnswers) {
    const RequestsBed bed;
    const json::Object answer = must(bed.call("methods"));
    const json::Array& methods = *answer.at("methods").as_array();
    std::size_t answering = 0;
    for (const Method& method : Requests::methods())
        if (method.handler != nullptr) ++answering;
    EXPECT_EQ(methods.size(), answering);
    EXPECT_EQ(*methods[0].find("name")->as_string(), "list_packages");
    EXPECT_FALSE(methods[0].find("parameters")->as_array()->empty());
}

TEST(RequestMethods, ADryRunIsRefusedWhereItWouldHaveAnEffect) {
    const RequestsBed bed;
    bed.publish("kit", "1.0.0");
    for (const auto& [name, params] : std::map<std::string, std::string>{
             {"change_state", R"({"id":"kit@1.0.0","event":"yank","reason":"r"})"},
             {"import_metadata", R"({"text":"{\"name\":\"a\",\"version\":\"1.0.0\"}"})"},
             {"rollback_package", R"({"prefix":"/data/p"})"},
             {"repair", "{}"}})
        EXPECT_EQ(code_of(bed.call(name, params, true)), Errc::kUnsupported) << name;
    EXPECT_TRUE(bed.call("list_packages", "{}", true));
    EXPECT_EQ(member(must(bed.call("get_package", R"({"id":"kit@1.0.0"})")), "yanked"), "false");
}

TEST(RequestMethods, ACancelledOrLateCallDoesNothing) {
    const RequestsBed bed;
    std::stop_source stop;
    stop.request_stop();
    CallContext cancelled;
    cancelled.stop = stop.get_token();
    CallContext late;
    late.deadline = MonotonicTime(std::chrono::nanoseconds(-1));
    const std::string_view params = R"({"metadata":{"name":"kit","version":"1.0.0"},"files":[]})";
    EXPECT_EQ(code_of(bed.call_in(cancelled, "publish_package", params)), Errc::kCancelled);
    EXPECT_EQ(code_of(bed.call_in(late, "publish_package", params)), Errc::kDeadlineExceeded);
    EXPECT_EQ(member(must(bed.call("list_packages")), "packages"), "[]");
}

}  // namespace
}  // namespace catalog::extension::testing
