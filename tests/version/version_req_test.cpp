#include "catalog/version/version_req.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "support/version/generators.hpp"

namespace catalog::version {
namespace {

TEST(VersionReq, DefaultIsEveryRelease) {
    const VersionReq any;
    EXPECT_EQ(any.text(), "*");
    EXPECT_TRUE(any.matches(semver("0.0.0")));
    EXPECT_FALSE(any.matches(semver("1.0.0-a")));
    EXPECT_TRUE(any.matches(semver("1.0.0-a"), PrereleaseRule::kInclude));
    EXPECT_EQ(any, req("*"));
}

TEST(VersionReq, ExactlyAdmitsOneVersionAlone) {
    for (const char* text : {"1.2.3", "1.2.3-a"}) {
        const VersionReq exact = VersionReq::exactly(semver(text));
        EXPECT_TRUE(exact.matches(semver(text)));
        EXPECT_TRUE(exact.matches(semver(std::string(text) + "+build")));
        EXPECT_FALSE(exact.matches(semver("1.2.3-b")));
        EXPECT_FALSE(exact.matches(semver("1.2.4")));
        EXPECT_EQ(exact, req(exact.text()));
        EXPECT_EQ(exact.set(), VersionSet::exactly(semver(text)));
    }
}

TEST(VersionReq, TextIsKeptAsWritten) {
    EXPECT_EQ(req("  ^1.2 ").text(), "  ^1.2 ");
    EXPECT_NE(req("^1.2"), req("^1.2", Dialect::kNpm));
    EXPECT_NE(req("^1.2"), req("^1.2.0"));
}

TEST(VersionReq, DialectsHaveNames) {
    for (const Dialect dialect : {Dialect::kCargo, Dialect::kNpm})
        EXPECT_EQ(parse_dialect(dialect_name(dialect)).value(), dialect);
    EXPECT_EQ(parse_dialect("pip").error().code(), Errc::kInvalidArgument);
}

RC_GTEST_PROP(VersionReqProperty, ReleasesMatchExactlyWhenTheyAreInTheSet,
              (const VersionReq& req)) {
    const SemVer version = (*small_version()).with_prerelease("");
    RC_ASSERT(req.matches(version) == req.set().contains(version));
    // Widening the bounds loses nothing but a pre-release that the dialect's rule let in.
    if (req.matches(version)) RC_ASSERT(req.matches(version, PrereleaseRule::kInclude));
}

RC_GTEST_PROP(VersionReqProperty, ASpaceInFrontChangesNothing, ()) {
    // The one pass over simple ranges takes no text that begins with a space: the full readers do.
    const Dialect dialect = *rc::gen::element(Dialect::kCargo, Dialect::kNpm);
    static const std::vector<std::string> kOps = {"", "", "^", "~", "=", ">", ">=", "<", "<="};
    const auto number = [] { return std::to_string(*rc::gen::inRange(0, 4)); };
    std::string text;
    for (int count = *rc::gen::inRange(1, 4); count > 0; --count) {
        text += *rc::gen::elementOf(kOps) + number();
        for (int part = *rc::gen::inRange(0, 3); part > 0; --part)
            text += "." + (*rc::gen::inRange(0, 5) == 0 ? std::string("x") : number());
        if (count == 1) break;
        static const std::vector<std::string> kBetween = {" ", " ", " || ", " - "};
        text += dialect == Dialect::kCargo ? ", " : *rc::gen::elementOf(kBetween);
    }
    const Result<VersionReq> simple = VersionReq::parse(text, dialect);
    const Result<VersionReq> full = VersionReq::parse(" " + text, dialect);
    RC_ASSERT(simple.has_value() == full.has_value());
    if (!simple) return;
    RC_ASSERT(simple->set() == full->set());
    RC_ASSERT(simple->admitted_prereleases() == full->admitted_prereleases());
    for (const SemVer& version : version_grid(4))
        for (const PrereleaseRule rule : {PrereleaseRule::kDialect, PrereleaseRule::kInclude})
            RC_ASSERT(simple->matches(version, rule) == full->matches(version, rule));
}

/// The text is read by the one pass over simple ranges if that takes it; with a space in front it
/// is left to the full readers.
void assert_readers_agree(const std::string& text, Dialect dialect) {
    const Result<VersionReq> simple = VersionReq::parse(text, dialect);
    const Result<VersionReq> full = VersionReq::parse(" " + text, dialect);
    RC_ASSERT(simple.has_value() == full.has_value());
    if (!simple) {
        const auto offset = [](const Error& error) {
            return error.detail_as<LocationDetail>()->offset;
        };
        RC_ASSERT(offset(simple.error()) + 1 == offset(full.error()));
        return;
    }
    RC_ASSERT(simple->set() == full->set());
    RC_ASSERT(simple->admitted_prereleases() == full->admitted_prereleases());
    std::vector<SemVer> probes = version_grid(1);
    for (const VersionSet::Interval& interval : simple->set().intervals())
        for (const auto& bound : {interval.lower, interval.upper}) {
            if (!bound) continue;
            const SemVer& at = bound->version;
            for (const char* prerelease : {"", "0", "a"})
                probes.push_back(at.with_prerelease(prerelease));
            for (const std::uint64_t more : {1U, 2U})
                for (const char* prerelease : {"", "0"}) {
                    probes.emplace_back(at.major(), at.minor(), at.patch() + more, prerelease);
                    probes.emplace_back(at.major(), at.minor() + more, 0U, prerelease);
                    probes.emplace_back(at.major() + more, 0U, 0U, prerelease);
                }
        }
    for (const SemVer& version : probes)
        for (const PrereleaseRule rule : {PrereleaseRule::kDialect, PrereleaseRule::kInclude})
            RC_ASSERT(simple->matches(version, rule) == full->matches(version, rule));
}

RC_GTEST_PROP(VersionReqProperty, BothReadersAgreeOnNumbersOfAnyLength, ()) {
    const Dialect dialect = *rc::gen::element(Dialect::kCargo, Dialect::kNpm);
    static const std::vector<std::string> kOps = {"", "", "^", "~", "=", ">", ">=", "<", "<="};
    const auto number = [] {
        // One to eight digits, the first of them seldom a zero.
        const int digits = *rc::gen::weightedElement<int>(
            {{6, 1}, {6, 2}, {4, 3}, {3, 4}, {2, 5}, {3, 6}, {2, 7}, {1, 8}});
        std::string text(1, *rc::gen::elementOf(std::string("1234567899990")));
        while (text.size() < static_cast<std::size_t>(digits))
            text += *rc::gen::elementOf(std::string("0123456789999"));
        return text;
    };
    std::string text;
    for (int count = *rc::gen::inRange(1, 5); count > 0; --count) {
        text += *rc::gen::elementOf(kOps) + number();
        for (int part = *rc::gen::weightedElement<int>({{1, 0}, {1, 1}, {4, 2}}); part > 0; --part)
            text += "." + (*rc::gen::inRange(0, 8) == 0 ? std::string("x") : number());
        if (count == 1) break;
        static const std::vector<std::string> kBetween = {" ", " || ", "||", " - "};
        text += dialect == Dialect::kCargo ? "," : *rc::gen::elementOf(kBetween);
    }
    assert_readers_agree(text, dialect);
}

RC_GTEST_PROP(VersionReqProperty, BothReadersAgreeOnDamagedText, ()) {
    const Dialect dialect = *rc::gen::element(Dialect::kCargo, Dialect::kNpm);
    std::string text = *damaged_range_text(dialect);
    if (*rc::gen::inRange(0, 4) == 0) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
        text.insert(at, 1, *rc::gen::elementOf(std::string("\0/:;\x7f\x80\xb0\xff!", 9)));
    }
    assert_readers_agree(text, dialect);
}

RC_GTEST_PROP(VersionReqProperty, WhatMatchesIsInTheSet, (const VersionReq& req)) {
    const SemVer version = *small_version();
    if (req.matches(version)) RC_ASSERT(req.set().contains(version));
}

RC_GTEST_PROP(VersionReqProperty, TextIsReadBackEqual, (const VersionReq& req)) {
    const VersionReq again = catalog::version::req(req.text(), req.dialect());
    RC_ASSERT(again == req);
    RC_ASSERT(again.set() == req.set());
}

RC_GTEST_PROP(VersionReqProperty, ReadableTextOfTheSetIsARangeOfTheSameReleases,
              (const VersionReq& written)) {
    std::string text = written.set().to_string();
    RC_PRE(text != "none");
    std::erase(text, ',');  // npm separates by white space
    const VersionReq again = req(text, Dialect::kNpm);
    const SemVer version = *small_version();
    RC_ASSERT(again.matches(version, PrereleaseRule::kInclude) == written.set().contains(version));
}

RC_GTEST_PROP(VersionReqProperty, ParseTakesAnyBytes, (const std::string& text)) {
    for (const Dialect dialect : {Dialect::kCargo, Dialect::kNpm})
        if (const Result<VersionReq> parsed = VersionReq::parse(text, dialect))
            RC_ASSERT(parsed->text() == text);
}

}  // namespace
}  // namespace catalog::version
