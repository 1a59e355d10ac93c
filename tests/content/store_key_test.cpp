// Secrets in memory, the keys that follow from them, and ids under one of them.

#include "catalog/content/store_key.hpp"

#include <gtest/gtest.h>
#include <openssl/hmac.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "catalog/internal/hkdf.hpp"
#include "encryption_bed.hpp"
#include "keyed_ids.hpp"
#include "locked_bytes.hpp"

namespace catalog::content {
namespace {

using testing::noise;
using testing::ring_of;

TEST(StoreKey, DerivesEachKeyUnderItsLabel) {
    const Bytes master = noise(32, 1);
    const auto key = StoreKey::from_master(KeyView(master.data(), 32));
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex((*key)->master()), to_hex(master));
    const auto derived = [&](std::string_view label) {
        Bytes out(32);
        EXPECT_TRUE(internal::hkdf_sha256(master, {}, as_bytes(label), out));
        return to_hex(out);
    };
    EXPECT_EQ(to_hex((*key)->data_key()), derived("catalog.store.v1 data"));
    EXPECT_EQ(to_hex((*key)->id_key()), derived("catalog.store.v1 id"));
    EXPECT_EQ(to_hex((*key)->index_key()), derived("catalog.store.v1 index"));
    EXPECT_EQ(to_hex((*key)->database_key()), derived("catalog.store.v1 database"));
}

TEST(StoreKey, ComesFromTheInjectedRandom) {
    fakes::SeededRandom random(5);
    const auto key = StoreKey::generate(random);
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex((*key)->master()), to_hex(noise(32, 5)));
    fakes::FaultyRandom faulty(std::make_shared<fakes::SeededRandom>(5), 0);
    const auto none = StoreKey::generate(faulty);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code(), Errc::kRandomUnavailable);
}

/// Runs `check` in a child process and returns its exit code.
template <class Check>
int in_a_child(const Check& check) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(check());
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(StoreKey, SaysWhenItsMemoryMayNotBeLocked) {
    constexpr int kLocked = 10;
    constexpr int kNotLocked = 11;
    constexpr int kCannotTell = 12;
    const auto make_key = [] {
        fakes::SeededRandom random(5);
        const auto key = StoreKey::generate(random);
        if (!key) return 1;
        StoreKeyRing ring;
        ring.add(KeyGeneration{1}, *key);
        if (ring.locked() != (*key)->locked()) return 2;
        return (*key)->locked() ? kLocked : kNotLocked;
    };
    const int refused = in_a_child([&] {
        const rlimit none{0, 0};
        if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0) return 3;
        // The superuser is above the limit.
        if (::geteuid() == 0 && ::setuid(65534) != 0) return 4;
        const char here = 0;
        return ::mlock(&here, 1) == 0 ? kCannotTell : make_key();
    });
    if (refused == kCannotTell) GTEST_SKIP() << "sanitizers make mlock do nothing";
    EXPECT_EQ(refused, kNotLocked) << "and the key works all the same";
    const int granted = in_a_child([&] {
        rlimit limit{};
        if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 3;
        const bool room = ::geteuid() == 0 || limit.rlim_cur >= 65536;
        return room ? make_key() : kLocked;
    });
    EXPECT_EQ(granted, kLocked);
}

TEST(StoreKey, CannotBeOverwritten) {
    fakes::SeededRandom random(5);
    const auto key = StoreKey::generate(random);
    ASSERT_TRUE(key);
    const int ended = in_a_child([&] {
        const rlimit none{0, 0};
        (void)::setrlimit(RLIMIT_CORE, &none);
        *const_cast<volatile std::byte*>((*key)->master().data()) = std::byte{1};
        return 0;
    });
    EXPECT_NE(ended, 0);
}

TEST(LockedBytes, BeginAsZerosAndMove) {
    auto made = LockedBytes::make(100);
    ASSERT_TRUE(made);
    EXPECT_EQ(Bytes(made->bytes().begin(), made->bytes().end()), Bytes(100));
    made->bytes()[0] = std::byte{7};
    LockedBytes moved = *std::move(made);
    EXPECT_EQ(moved.bytes()[0], std::byte{7});
    auto other = LockedBytes::make(1);
    ASSERT_TRUE(other);
    *other = std::move(moved);
    EXPECT_EQ(other->bytes().size(), 100u);
}

TEST(StoreKeyRing, KnowsItsGenerations) {
    const StoreKeyRing ring = ring_of(1, 3);
    EXPECT_EQ(ring.newest(), KeyGeneration{3});
    EXPECT_EQ(ring.generations(),
              (std::vector{KeyGeneration{1}, KeyGeneration{2}, KeyGeneration{3}}));
    EXPECT_NE(to_hex((*ring.of(KeyGeneration{1}))->master()),
              to_hex((*ring.of(KeyGeneration{2}))->master()));
    const auto missing = ring.of(KeyGeneration{4});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code(), Errc::kKeyNotFound);
    EXPECT_EQ(StoreKeyRing().newest(), KeyGeneration{0});
}

TEST(KeyedIds, AreHmacSha256OfAlgorithmAndDigest) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const Bytes key = noise(32, seed);
        const KeyedIds ids(KeyView(key.data(), 32));
        ChunkId id;
        id.algorithm = seed % 2 == 0 ? HashAlgorithm::kSha256 : HashAlgorithm::kBlake2b256;
        const Bytes digest = noise(32, seed + 100);
        std::copy(digest.begin(), digest.end(), id.digest.begin());
        Bytes message{static_cast<std::byte>(id.algorithm)};
        message.insert(message.end(), digest.begin(), digest.end());
        Bytes expected(32);
        unsigned length = 0;
        HMAC(EVP_sha256(), key.data(), 32, octets(message.data()), message.size(),
             octets(expected.data()), &length);
        const ChunkId keyed = ids.of(id);
        EXPECT_EQ(to_hex(keyed.bytes()), to_hex(expected));
        EXPECT_EQ(keyed.algorithm, id.algorithm);
        EXPECT_EQ(ids.of(id), keyed) << "the state was used up";
    }
}

}  // namespace
}  // namespace catalog::content
