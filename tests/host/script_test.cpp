#include "script.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "catalog/json/read.hpp"

namespace catalog::host {
namespace {

TEST(Script, GivesLinesWithTheirPlaceWithoutCommentsAndBlanks) {
    std::istringstream text("# first\n\n  load x \n#\nlist\r\n");
    const LineSource lines = lines_of(text, "job.hms");
    const auto first = lines();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ((*first)->text, "load x");
    EXPECT_EQ((*first)->where, "job.hms:3");
    const auto second = lines();
    ASSERT_TRUE(second && *second);
    EXPECT_EQ((*second)->text, "list");
    EXPECT_EQ((*second)->where, "job.hms:5");
    const auto end = lines();
    EXPECT_TRUE(end && !*end);
}

TEST(Script, RefusesALineWithoutEnd) {
    std::istringstream text(std::string((1 << 20) + 1, 'x'));
    const auto line = lines_of(text, "job")();
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code(), Errc::kLimitExceeded);
    EXPECT_EQ(line.error().input(), "job:1");
}

TEST(Script, ReplacesVariables) {
    const Variables variables{{"a", "1"}, {"long_name", "x y"}};
    EXPECT_EQ(substitute("${a}-${long_name}-$a-$${a}", variables).value(), "1-x y-$a-${a}");
    EXPECT_NE(substitute("${b}", variables).error().message().find("no variable b"),
              std::string_view::npos);
    EXPECT_FALSE(substitute("${a", variables));
}

TEST(Script, SplitsWordsAndKeepsTheRestAsItIs) {
    WordReader words("request  'two words' \"it's\" {\"a\": \"b  c\"} ");
    EXPECT_EQ(words.next().value(), "request");
    EXPECT_EQ(words.next().value(), "two words");
    EXPECT_EQ(words.next().value(), "it's");
    EXPECT_EQ(words.rest(), "{\"a\": \"b  c\"}");
    EXPECT_FALSE(words.next().value());
    EXPECT_FALSE(WordReader("'open").next());
}

TEST(Script, FollowsJsonPointers) {
    const json::Value value = json::read(R"({"a":[{"b/c":1},2],"":3,"m~n":4})").value();
    ASSERT_NE(at_pointer(value, "/a/0/b~1c"), nullptr);
    EXPECT_EQ(*at_pointer(value, "/a/0/b~1c"), json::Value(1));
    EXPECT_EQ(*at_pointer(value, "/a/1"), json::Value(2));
    EXPECT_EQ(*at_pointer(value, "/m~0n"), json::Value(4));
    EXPECT_EQ(at_pointer(value, ""), &value);
    EXPECT_EQ(at_pointer(value, "/a/2"), nullptr);
    EXPECT_EQ(at_pointer(value, "/a/x"), nullptr);
    EXPECT_EQ(at_pointer(value, "/a/99999999999999999999"), nullptr);
    EXPECT_EQ(at_pointer(value, "a"), nullptr);
}

}  // namespace
}  // namespace catalog::host
