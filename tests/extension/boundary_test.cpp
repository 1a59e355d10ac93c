#include "boundary.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "catalog/core/error.hpp"

namespace catalog::extension {
namespace {

hmx_error empty_error(std::uint32_t size = sizeof(hmx_error)) {
    hmx_error error;
    std::memset(&error, 0x5A, sizeof(error));
    error.struct_size = size;
    return error;
}

TEST(ReadStruct, NullIsAllZeros) {
    hmx_call call;
    std::memset(&call, 0xFF, sizeof(call));
    ASSERT_TRUE(read_struct<hmx_call>(nullptr, call));
    EXPECT_EQ(call.deadline, 0);
    EXPECT_EQ(call.principal.data, nullptr);
}

TEST(ReadStruct, AShortOneIsZeroBehindItsEnd) {
    hmx_call given;
    std::memset(&given, 0xFF, sizeof(given));
    given.struct_size = offsetof(hmx_call, deadline);
    hmx_call call{};
    ASSERT_TRUE(read_struct(&given, call));
    EXPECT_EQ(call.flags, 0xFFFFFFFFu);
    EXPECT_EQ(call.deadline, 0);
    EXPECT_EQ(call.proof, nullptr);
}

TEST(ReadStruct, ReadsNoByteBehindTheWritersSize) {
    for (std::uint32_t size = 8; size <= sizeof(hmx_call); size += 8) {
        // Exactly as many bytes as it says, so that a sanitizer sees a read beyond.
        const std::unique_ptr<std::byte[]> bytes(new std::byte[size]);
        std::memset(bytes.get(), 0, size);
        std::memcpy(bytes.get(), &size, sizeof(size));
        hmx_call call{};
        EXPECT_TRUE(read_struct(reinterpret_cast<const hmx_call*>(bytes.get()), call)) << size;
    }
}

TEST(ReadStruct, RefusesOneThatEndsInsideAMember) {
    hmx_call given{};
    hmx_call call{};
    given.struct_size = offsetof(hmx_call, deadline) + 3;
    EXPECT_FALSE(read_struct(&given, call));
}

TEST(ReadStruct, ALargerOneIsReadAsFarAsItIsKnown) {
    struct Newer {
        hmx_call known;
        std::uint64_t unknown;
    };
    Newer newer{};
    newer.known.struct_size = sizeof(Newer);
    newer.known.priority = 7;
    hmx_call call{};
    ASSERT_TRUE(read_struct(&newer.known, call));
    EXPECT_EQ(call.priority, 7u);
    newer.known.struct_size = 0xFFFFFFF8u;
    EXPECT_TRUE(read_struct(&newer.known, call));
}

TEST(ReadStruct, RefusesASizeThatDoesNotHoldItself) {
    hmx_call given{};
    hmx_call call{};
    for (std::uint32_t size = 0; size < 4; ++size) {
        given.struct_size = size;
        EXPECT_FALSE(read_struct(&given, call)) << size;
    }
}

TEST(WriteStruct, WritesNoMoreThanTheCallersSize) {
    hmx_status_report from{};
    std::memset(&from, 0x11, sizeof(from));
    for (const std::uint32_t size : {4u, 8u, 20u, 128u, static_cast<std::uint32_t>(sizeof(from))}) {
        std::array<unsigned char, sizeof(from) + 64> room{};
        room.fill(0xEE);
        auto* to = reinterpret_cast<hmx_status_report*>(room.data());
        to->struct_size = size;
        ASSERT_TRUE(write_struct(from, to));
        EXPECT_EQ(to->struct_size, size);
        for (std::size_t i = size; i < room.size(); ++i)
            ASSERT_EQ(room[i], 0xEE) << size << " " << i;
    }
}

TEST(WriteStruct, LeavesAnUnknownTailAlone) {
    const hmx_status_report from{};
    std::array<unsigned char, sizeof(from) + 64> room{};
    room.fill(0xEE);
    auto* to = reinterpret_cast<hmx_status_report*>(room.data());
    to->struct_size = room.size();
    ASSERT_TRUE(write_struct(from, to));
    for (std::size_t i = sizeof(from); i < room.size(); ++i) ASSERT_EQ(room[i], 0xEE);
}

TEST(WriteStruct, RefusesNullAndTooSmall) {
    const hmx_status_report from{};
    EXPECT_FALSE(write_struct<hmx_status_report>(from, nullptr));
    hmx_status_report to{};
    to.struct_size = 3;
    EXPECT_FALSE(write_struct(from, &to));
}

TEST(FillError, TellsEverything) {
    hmx_error error = empty_error();
    EXPECT_EQ(report(&error, HMX_E_AGAIN, "later", 42), HMX_E_AGAIN);
    EXPECT_EQ(error.code, HMX_E_AGAIN);
    EXPECT_EQ(error.flags, HMX_ERR_RETRYABLE);
    EXPECT_EQ(error.retry_after_ns, 42u);
    EXPECT_STREQ(error.message, "later");
    EXPECT_EQ(error.struct_size, sizeof(hmx_error));
}

TEST(FillError, CutsALongMessageAtACharacter) {
    std::string message(485, 'a');
    message += "\xE2\x82\xAC and more";  // the euro sign would end at byte 488
    hmx_error error = empty_error();
    static_cast<void>(report(&error, HMX_E_IO, message));
    EXPECT_EQ(std::string(error.message), std::string(485, 'a'));
    EXPECT_NE(error.flags & HMX_ERR_TRUNCATED, 0u);
}

TEST(FillError, EndsAtTheCallersSize) {
    const std::uint32_t room = 10;
    hmx_error error = empty_error(offsetof(hmx_error, message) + room);
    static_cast<void>(report(&error, HMX_E_IO, "0123456789abcdef"));
    EXPECT_STREQ(error.message, "012345678");
    EXPECT_EQ(static_cast<unsigned char>(error.message[room]), 0x5A);
}

TEST(FillError, NeedsRoomForTheCode) {
    hmx_error error = empty_error(7);
    static_cast<void>(report(&error, HMX_E_IO, "x"));
    EXPECT_EQ(static_cast<unsigned>(error.code), 0x5A5A5A5Au);
    EXPECT_EQ(report(nullptr, HMX_E_IO, "x"), HMX_E_IO);
    hmx_error bare = empty_error(8);
    static_cast<void>(report(&bare, HMX_E_IO, "x"));
    EXPECT_EQ(bare.code, HMX_E_IO);
    EXPECT_EQ(bare.flags, 0x5A5A5A5Au);
}

TEST(FillError, StopsAMessageAtANul) {
    hmx_error error = empty_error();
    static_cast<void>(report(&error, HMX_E_IO, std::string_view("ab\0cd", 5)));
    EXPECT_STREQ(error.message, "ab");
    EXPECT_EQ(error.flags & HMX_ERR_TRUNCATED, 0u);
}

TEST(FailureOfError, HasInputCauseAndHint) {
    const Error error = Error(Errc::kPackageNotFound, "there is no such package")
                            .with_input("acme/blas")
                            .with_hint("publish it first");
    const Failure failure(error);
    EXPECT_EQ(failure.status(), HMX_E_NOT_FOUND);
    EXPECT_EQ(failure.domain_code(), 900u);
    EXPECT_EQ(failure.code(), "package_not_found");
    EXPECT_EQ(failure.message(), "acme/blas: there is no such package; publish it first");
    EXPECT_FALSE(failure.retryable());
}

TEST(FailureOfError, EveryCodeHasAStatusOfTheTable){
#define CATALOG_CHECK_STATUS(name, number, text, category, status)                      \
    EXPECT_GT(errc_abi_status(Errc::name), 0) << text;                                  \
    EXPECT_LT(errc_abi_status(Errc::name), static_cast<int>(HMX_STATUS_COUNT)) << text; \
    EXPECT_NE(errc_abi_status(Errc::name), static_cast<int>(HMX_E_UNKNOWN)) << text;
    CATALOG_ERRC_TABLE(CATALOG_CHECK_STATUS)
#undef CATALOG_CHECK_STATUS
}

TEST(StatusFlags, NeverSayBothRetryAndPermanent) {
    for (hmx_status status = 0; status < HMX_STATUS_COUNT; ++status) {
        const std::uint32_t flags = status_flags(status);
        EXPECT_NE(flags, HMX_ERR_RETRYABLE | HMX_ERR_PERMANENT) << status_name(status);
    }
    EXPECT_EQ(status_flags(HMX_OK), 0u);
}

TEST(StatusName, FollowsTheTable) {
#define CATALOG_CHECK_NAME(name, value)                                                    \
    {                                                                                      \
        std::string expected = #name;                                                      \
        if (expected.rfind("E_", 0) == 0) expected.erase(0, 2);                            \
        for (char& c : expected) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); \
        EXPECT_EQ(status_name(value), expected);                                           \
    }
    HMX_STATUS_TABLE(CATALOG_CHECK_NAME)
#undef CATALOG_CHECK_NAME
    EXPECT_EQ(status_name(-1), "unknown");
    EXPECT_EQ(status_name(HMX_STATUS_COUNT), "unknown");
}

TEST(Guarded, ContainsWhatIsThrown) {
    hmx_error error = empty_error();
    EXPECT_EQ(guarded(&error, []() -> hmx_status { throw std::runtime_error("broken"); }),
              HMX_E_INTERNAL);
    EXPECT_STREQ(error.message, "broken");
    EXPECT_EQ(guarded(&error, []() -> hmx_status { throw std::bad_alloc(); }), HMX_E_OUT_OF_MEMORY);
    EXPECT_EQ(guarded(nullptr, []() -> hmx_status { throw 7; }), HMX_E_INTERNAL);
}

TEST(Guarded, TakesOutcomesResultsAndStatuses) {
    hmx_error error = empty_error();
    EXPECT_EQ(guarded(&error, []() -> Outcome { return refuse(HMX_E_BUSY, "3 are out"); }),
              HMX_E_BUSY);
    EXPECT_STREQ(error.message, "3 are out");
    EXPECT_EQ(guarded(&error, []() -> Result<void> { return fail(Errc::kIo, "no"); }), HMX_E_IO);
    EXPECT_EQ(guarded(&error, []() -> Result<void> { return {}; }), HMX_OK);
    EXPECT_EQ(guarded(&error, [] { return hmx_status{HMX_E_END}; }), HMX_E_END);
}

TEST(Buffers, AreCountedUntilReleased) {
    Outstanding outstanding;
    const hmx_buf first = make_buffer("text", outstanding);
    const hmx_buf second = make_buffer("", outstanding);
    EXPECT_EQ(outstanding.count(), 2u);
    EXPECT_GE(outstanding.bytes(), 4u);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(first.data), first.size), "text");
    first.release(first.owner);
    second.release(second.owner);
    second.release(nullptr);
    EXPECT_EQ(outstanding.count(), 0u);
    EXPECT_EQ(outstanding.bytes(), 0u);
}

TEST(Failures, WhateverFailedForWantOfDescriptorsMetAQuota) {
    const Error limit(Errc::kTooManyOpenFiles, "as many files are open as the host allows");
    EXPECT_EQ(Failure(limit).status(), HMX_E_QUOTA_EXCEEDED);
    EXPECT_EQ(Failure(Error(Errc::kDatabaseOpen, "no").with_cause(limit)).status(),
              HMX_E_QUOTA_EXCEEDED);
    EXPECT_EQ(Failure(Error(Errc::kDatabaseOpen, "no")).status(), HMX_E_STORAGE);
}

TEST(Texts, ANullPointerHasNoBytes) {
    EXPECT_EQ(view(hmx_str{nullptr, 5}), "");
    EXPECT_FALSE(is_readable(hmx_str{nullptr, 5}));
    EXPECT_TRUE(is_readable(hmx_str{nullptr, 0}));
    EXPECT_EQ(view(to_abi("ab")), "ab");
}

}  // namespace
}  // namespace catalog::extension
