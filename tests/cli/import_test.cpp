// Imports that are interrupted, and what people are told of bad lines.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <istream>
#include <streambuf>
#include <string>
#include <string_view>

#include "cli_bed.hpp"

namespace catalog::cli {
namespace {

constexpr std::uint64_t kLines = 12'000;

std::string package_lines() {
    std::string text;
    for (std::uint64_t i = 0; i < kLines; ++i)
        text += "{\"name\":\"package-" + std::to_string(i) + "\",\"version\":\"1.0.0\"}\n";
    return text;
}

/// Text that asks for a stop once a share of it has been read.
class InterruptingBuffer final : public std::streambuf {
public:
    InterruptingBuffer(std::string text, std::size_t stop_at, std::stop_source stop)
        : text_(std::move(text)), stop_at_(stop_at), stop_(std::move(stop)) {}

protected:
    int_type underflow() override {
        if (at_ >= stop_at_) stop_.request_stop();
        if (at_ == text_.size()) return traits_type::eof();
        const std::size_t size = std::min(kPieceBytes, text_.size() - at_);
        setg(text_.data() + at_, text_.data() + at_, text_.data() + at_ + size);
        at_ += size;
        return traits_type::to_int_type(*gptr());
    }

private:
    static constexpr std::size_t kPieceBytes = 4096;

    std::string text_;
    const std::size_t stop_at_;
    std::stop_source stop_;
    std::size_t at_ = 0;
};

std::int64_t number(const json::Value& document, std::string_view name) {
    return *document.find(name)->as_int();
}

TEST(Import, LeavesWholeCommitsWhenItIsInterruptedAndGoesOnWhenRepeated) {
    CliBed bed;
    ASSERT_EQ(bed.run({"init"}).code, 0);
    const std::string text = package_lines();
    std::stop_source stop;
    InterruptingBuffer buffer(text, text.size() / 2, stop);
    std::istream in(&buffer);
    const Answer interrupted = bed.run_on({"import", "-"}, in, stop.get_token());
    EXPECT_EQ(interrupted.code, 130) << interrupted.out << interrupted.error;
    const std::int64_t kept = number(bed.run({"--json", "stats"}).documents().at(0), "versions");
    EXPECT_GE(kept, static_cast<std::int64_t>(kLines) / 2 - 1);
    EXPECT_LT(kept, static_cast<std::int64_t>(kLines));
    EXPECT_EQ(bed.run({"show", "package-" + std::to_string(kept - 1)}).code, 0);
    EXPECT_EQ(bed.run({"show", "package-" + std::to_string(kept)}).code, 1);
    EXPECT_EQ(bed.run({"verify", "--deep"}).code, 0);
    const Answer again = bed.run({"--json", "import", bed.file("all.jsonl", text)});
    EXPECT_EQ(again.code, 0) << again.out;
    const json::Value report = again.documents().at(0);
    EXPECT_EQ(number(report, "already_there"), kept);
    EXPECT_EQ(number(report, "imported"), static_cast<std::int64_t>(kLines) - kept);
    EXPECT_EQ(number(bed.run({"--json", "stats"}).documents().at(0), "versions"),
              static_cast<std::int64_t>(kLines));
    EXPECT_EQ(bed.run({"verify", "--deep"}).code, 0);
}

TEST(Import, NamesEachBadLineOnce) {
    CliBed bed;
    ASSERT_EQ(bed.run({"init"}).code, 0);
    const Answer answer = bed.run({"import", bed.file("bad.jsonl",
                                                      "{\"name\":\"a\",\"version\":\"1.0.0\"}\n"
                                                      "{\"name\":\"b\"}\n[1]\n"
                                                      "{\"name\":\"a\",\"version\":\"1.0.0\","
                                                      "\"license\":\"MIT\"}\n")});
    EXPECT_EQ(answer.code, 3);
    EXPECT_EQ(answer.out, "1 imported, 0 already there, 3 of 4 lines refused\n");
    EXPECT_NE(answer.error.find("refused: line 2: package: member \"version\" is missing\n"),
              std::string::npos)
        << answer.error;
    EXPECT_NE(answer.error.find("refused: line 3: a package must be an object\n"),
              std::string::npos)
        << answer.error;
    EXPECT_NE(answer.error.find("refused: line 4: a@1.0.0 is published already with other content"),
              std::string::npos)
        << answer.error;
}

TEST(Import, KeepsTheLastChangeOfEachKeyOfACommit) {
    // Lines of one commit in no order, with a name of many versions: counts and listing are as if
    // each line had been a commit of its own.
    CliBed bed;
    CliBed one_by_one;
    ASSERT_EQ(bed.run({"init"}).code, 0);
    ASSERT_EQ(one_by_one.run({"init"}).code, 0);
    std::string all;
    for (const char* line : {"{\"name\":\"z\",\"version\":\"1.0.0\",\"yanked\":true}\n",
                             "{\"name\":\"a\",\"version\":\"2.0.0\",\"keywords\":[\"k\"]}\n",
                             "{\"name\":\"z\",\"version\":\"0.1.0\"}\n",
                             "{\"name\":\"a\",\"version\":\"1.0.0\",\"keywords\":[\"k\"]}\n",
                             "{\"name\":\"a\",\"version\":\"2.0.0\",\"keywords\":[\"k\"]}\n"}) {
        all += line;
        EXPECT_EQ(one_by_one.run({"import", "-"}, line).code, 0);
    }
    ASSERT_EQ(bed.run({"import", "-"}, all).out,
              "4 imported, 1 already there, 0 of 5 lines refused\n");
    for (const std::vector<std::string>& look :
         {std::vector<std::string>{"--json", "list", "--all-versions", "--yanked"},
          {"--json", "search", "k", "--all-versions"}}) {
        const Answer answer = bed.run(look);
        EXPECT_EQ(answer.out, one_by_one.run(look).out);
        EXPECT_EQ(answer.code, 0);
    }
    const json::Value stats = bed.run({"--json", "stats"}).documents().at(0);
    EXPECT_EQ(number(stats, "names"), 2);
    EXPECT_EQ(number(stats, "versions"), 4);
    EXPECT_EQ(number(stats, "yanked"), 1);
    EXPECT_EQ(bed.run({"verify", "--deep"}).code, 0);
}

}  // namespace
}  // namespace catalog::cli
