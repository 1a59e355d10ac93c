#include "catalog/core/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <utility>

#include "catalog/core/result.hpp"

namespace catalog {
namespace {

static_assert(sizeof(Error) == sizeof(void*), "success must cost nothing");
static_assert(std::is_nothrow_copy_constructible_v<Error>);
static_assert(std::is_nothrow_copy_assignable_v<Error>);

TEST(Error, SaysWhatItWasMadeOf) {
    const Error error(Errc::kNotFound, "no such package", NotFoundDetail{"package", "a/b"});
    EXPECT_EQ(error.code(), Errc::kNotFound);
    EXPECT_EQ(error.message(), "no such package");
    EXPECT_EQ(error.input(), "");
    EXPECT_EQ(error.hint(), "");
    EXPECT_EQ(error.cause(), nullptr);
    ASSERT_NE(error.detail_as<NotFoundDetail>(), nullptr);
    EXPECT_EQ(error.detail_as<NotFoundDetail>()->id, "a/b");
}

TEST(Error, HasNoDetailUnlessItWasGivenOne) {
    const Error error(Errc::kIo, "broken");
    EXPECT_TRUE(std::holds_alternative<std::monostate>(error.detail()));
    EXPECT_EQ(error.detail_as<StorageDetail>(), nullptr);
}

TEST(Error, GivesItsDetailAsItsOwnTypeOnly) {
    const Error error(Errc::kLimitExceeded, "too long", LimitDetail{"json_bytes_max", 5, 6});
    EXPECT_EQ(error.detail_as<NotFoundDetail>(), nullptr);
    ASSERT_NE(error.detail_as<LimitDetail>(), nullptr);
    EXPECT_EQ(error.detail_as<LimitDetail>()->allowed, 5u);
    EXPECT_EQ(error.detail_as<LimitDetail>()->actual, 6u);
}

TEST(Error, CopiesShareOneContent) {
    const Error original(Errc::kIo, "broken");
    const Error copy = original;
    EXPECT_EQ(copy.message().data(), original.message().data());
}

TEST(Error, ACopyOutlivesTheOriginal) {
    Error copy(Errc::kIo, "other");
    {
        const Error original(Errc::kBusy, "locked", BusyDetail{"library", "pid 1"});
        copy = original;
    }
    EXPECT_EQ(copy.code(), Errc::kBusy);
    ASSERT_NE(copy.detail_as<BusyDetail>(), nullptr);
    EXPECT_EQ(copy.detail_as<BusyDetail>()->holder, "pid 1");
}

TEST(Error, MayBeAssignedToItself) {
    Error error(Errc::kIo, "broken");
    const Error& same = error;
    error = same;
    EXPECT_EQ(error.message(), "broken");
}

TEST(Error, AMovedFromErrorIsStillAnError) {
    Error error(Errc::kIo, "broken");
    const Error taken = std::move(error);
    EXPECT_EQ(taken.message(), "broken");
    EXPECT_EQ(error.message(), "broken");  // NOLINT(bugprone-use-after-move): that is the promise
}

TEST(WithInput, NamesTheInputUnlessItHasAName) {
    const Error error(Errc::kIo, "broken");
    const Error named = error.with_input("inner");
    EXPECT_EQ(named.input(), "inner");
    EXPECT_EQ(named.with_input("outer").input(), "inner");
}

TEST(WithInput, LeavesTheOriginalAlone) {
    const Error error(Errc::kIo, "broken", StorageDetail{"p", "read", 5});
    const Error named = error.with_input("file").with_hint("try again").with_detail({});
    EXPECT_EQ(error.input(), "");
    EXPECT_EQ(error.hint(), "");
    EXPECT_NE(error.detail_as<StorageDetail>(), nullptr);
    EXPECT_EQ(named.message(), "broken");
}

TEST(WithHint, ReplacesEarlierAdvice) {
    const Error error = Error(Errc::kIo, "broken").with_hint("first").with_hint("second");
    EXPECT_EQ(error.hint(), "second");
}

TEST(WithDetail, ReplacesEarlierDetail) {
    const Error error = Error(Errc::kIo, "broken", StorageDetail{"p", "read", 5})
                            .with_detail(NotFoundDetail{"file", "p"});
    EXPECT_EQ(error.detail_as<StorageDetail>(), nullptr);
    ASSERT_NE(error.detail_as<NotFoundDetail>(), nullptr);
    EXPECT_EQ(error.detail_as<NotFoundDetail>()->kind, "file");
}

TEST(WithDetail, KeepsEverythingElse) {
    const Error error = Error(Errc::kIo, "broken")
                            .with_input("file")
                            .with_hint("try again")
                            .with_cause(Error(Errc::kBusy, "locked"))
                            .with_detail(NotFoundDetail{});
    EXPECT_EQ(error.code(), Errc::kIo);
    EXPECT_EQ(error.input(), "file");
    EXPECT_EQ(error.hint(), "try again");
    ASSERT_NE(error.cause(), nullptr);
    EXPECT_EQ(error.cause()->code(), Errc::kBusy);
}

TEST(WithCause, AppendsAtTheInnermostEnd) {
    const Error error = Error(Errc::kCommitFailed, "outer")
                            .with_cause(Error(Errc::kDatabaseIo, "middle"))
                            .with_cause(Error(Errc::kIo, "inner"));
    EXPECT_EQ(error.code(), Errc::kCommitFailed);
    ASSERT_NE(error.cause(), nullptr);
    EXPECT_EQ(error.cause()->code(), Errc::kDatabaseIo);
    ASSERT_NE(error.cause()->cause(), nullptr);
    EXPECT_EQ(error.cause()->cause()->code(), Errc::kIo);
    EXPECT_EQ(error.cause()->cause()->cause(), nullptr);
}

TEST(WithCause, TakesAWholeChain) {
    const Error chain = Error(Errc::kDatabaseIo, "b").with_cause(Error(Errc::kIo, "c"));
    const Error error = Error(Errc::kCommitFailed, "a").with_cause(chain);
    EXPECT_EQ(error.to_string(), "a: b: c");
}

TEST(WithCause, DoesNotChangeWhoSharesTheChain) {
    const Error inner(Errc::kDatabaseIo, "b");
    const Error first = Error(Errc::kCommitFailed, "a").with_cause(inner);
    const Error second = first.with_cause(Error(Errc::kIo, "c"));
    EXPECT_EQ(first.to_string(), "a: b");
    EXPECT_EQ(second.to_string(), "a: b: c");
    EXPECT_EQ(inner.cause(), nullptr);
}

TEST(WithCause, AnErrorMayCauseItself) {
    const Error error(Errc::kIo, "again");
    EXPECT_EQ(error.with_cause(error).to_string(), "again: again");
}

TEST(Error, AChainOfAnyLengthIsDestroyedWithoutRecursion) {
    constexpr int kLinks = 300'000;
    Error error(Errc::kIo, "first");
    for (int i = 0; i < kLinks; ++i) error = Error(Errc::kIo, "again").with_cause(error);
    const Error* end = &error;
    int links = 0;
    while (end->cause() != nullptr) {
        end = end->cause();
        ++links;
    }
    EXPECT_EQ(links, kLinks);
    const Error kept = *end;  // the rest of the chain goes, this stays
    error = Error(Errc::kBusy, "other");
    EXPECT_EQ(kept.message(), "first");
}

TEST(Error, TextNamesInputsMessagesAndCausesButNoHints) {
    const Error error = Error(Errc::kManifestInvalid, "not a manifest")
                            .with_input("a.json")
                            .with_hint("write one")
                            .with_cause(Error(Errc::kJsonSyntax, "unexpected end")
                                            .with_input("line 3")
                                            .with_hint("close it"));
    EXPECT_EQ(error.to_string(), "a.json: not a manifest: line 3: unexpected end");
}

TEST(Fail, MakesTheFailingSideOfAResult) {
    const Result<int> made = fail(Errc::kNotFound, "gone", NotFoundDetail{"file", "x"});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), Errc::kNotFound);
    EXPECT_NE(made.error().detail_as<NotFoundDetail>(), nullptr);
    const Result<std::string> handed_on = fail(made.error());
    ASSERT_FALSE(handed_on);
    EXPECT_EQ(handed_on.error().message(), "gone");
}

}  // namespace
}  // namespace catalog
