// The file of key slots: who opens it, how it changes, and what a wrong or hostile one does.

#include "catalog/content/key_slots.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "catalog/internal/crc32c.hpp"
#include "encryption_bed.hpp"
#include "support/content/key_wrappers.hpp"
#include "support/core/golden.hpp"
#include "support/core/key_stores.hpp"
#include "support/io/crash_test.hpp"
#include "support/io/faulty_file_system.hpp"
#include "support/io/results.hpp"

namespace catalog::content {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using testing::FaultyKeyWrapper;
using testing::MemoryKeyWrapper;
using testing::store_id;

const std::string kPath = "/keys/store.slots";

Passphrase cheap(std::string_view text) {
    Passphrase passphrase{text, {}};
    passphrase.cost.memory_kib = 8;
    passphrase.cost.passes = 1;
    return passphrase;
}

RecoveryKey recovery_key(std::uint64_t seed) {
    fakes::SeededRandom random(seed);
    return must(RecoveryKey::generate(random));
}

std::shared_ptr<KeyWrapper> host(std::uint64_t seed) {
    return std::make_shared<MemoryKeyWrapper>(seed);
}

/// A file system with one file of slots, opened by "first".
struct Bed {
    std::shared_ptr<SimulatedFileSystem> fs = SimulatedFileSystem::make();
    fakes::SeededRandom random;
    KeySlots slots;
    std::shared_ptr<const UnlockedKeys> keys;

    explicit Bed(std::uint64_t seed = 1)
        : random(seed), slots(make(fs, random)), keys(must(slots.unlock(cheap("first")))) {}

    static KeySlots make(const std::shared_ptr<SimulatedFileSystem>& fs, Random& random) {
        must(fs->make_directories("/keys"));
        must(fs->sync_directory("/"));
        return must(KeySlots::create(fs, kPath, store_id(), cheap("first"), random));
    }
    [[nodiscard]] std::string bytes() const { return must(io::read_file(*fs, kPath, 1u << 20)); }
    void put(const std::string& bytes) const {
        must(io::write_file_durably(*fs, kPath, as_bytes(bytes)));
    }
    /// Opens the file anew.
    [[nodiscard]] Result<KeySlots> reopened(const KeySlotLimits& limits = {}) const {
        return KeySlots::open(fs, kPath, limits);
    }
};

std::string master_of(const UnlockedKeys& keys, std::uint32_t generation = 1) {
    return to_hex(must(keys.ring().of(KeyGeneration{generation}))->master());
}

/// Makes the checksum right again, as who alters a file on purpose does.
std::string with_checksum(std::string bytes) {
    std::string crc;
    append_le(crc, internal::crc32c(as_bytes(bytes).first(bytes.size() - 8)));
    bytes.replace(bytes.size() - 8, 4, crc);
    return bytes;
}

TEST(KeySlots, OpenForEachKindOfSecret) {
    Bed bed;
    must(bed.slots.add_slot(*bed.keys, recovery_key(7), bed.random));
    must(bed.slots.add_slot(*bed.keys, host(3), bed.random));
    const KeySlots slots = must(bed.reopened());
    EXPECT_EQ(slots.store(), store_id());
    const std::string master = master_of(*bed.keys);
    EXPECT_EQ(master_of(*must(slots.unlock(cheap("first")))), master);
    EXPECT_EQ(master_of(*must(slots.unlock(recovery_key(7)))), master);
    EXPECT_EQ(master_of(*must(slots.unlock(host(3)))), master);
    EXPECT_EQ(must(slots.unlock(host(3)))->slot(), SlotId{3});
    const auto infos = slots.slots();
    ASSERT_EQ(infos.size(), 3u);
    EXPECT_EQ(infos[0].kind, SlotKind::kPassphrase);
    EXPECT_EQ(infos[0].cost.memory_kib, 8u);
    EXPECT_EQ(infos[1].kind, SlotKind::kRecoveryKey);
    EXPECT_EQ(infos[2].kind, SlotKind::kHost);
    EXPECT_EQ(infos[2].wrapper, "memory:3");
    EXPECT_EQ(must(bed.fs->info(kPath)).mode & 0777u, 0600u);
}

TEST(KeySlots, GiveOneAnswerToEveryWrongSecret) {
    Bed bed;
    must(bed.slots.add_slot(*bed.keys, recovery_key(7), bed.random));
    must(bed.slots.add_slot(*bed.keys, host(3), bed.random));
    must(bed.slots.add_slot(*bed.keys, cheap("second"), bed.random));
    std::set<std::string> answers;
    for (const SlotSecret& wrong :
         {SlotSecret(cheap("First")), SlotSecret(cheap("")), SlotSecret(cheap("first ")),
          SlotSecret(recovery_key(8)), SlotSecret(host(4)),
          SlotSecret(std::make_shared<FaultyKeyWrapper>(
              host(3), 0, Error(Errc::kPermissionDenied, "the device knows better")))}) {
        const auto refused = bed.slots.unlock(wrong);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), Errc::kPermissionDenied);
        answers.insert(refused.error().to_string() + std::string(refused.error().hint()));
    }
    EXPECT_EQ(answers.size(), 1u);
}

TEST(KeySlots, HoldNoSecretInTheClear) {
    Bed bed;
    const RecoveryKey recovery = recovery_key(7);
    must(bed.slots.add_slot(*bed.keys, recovery, bed.random));
    const std::string bytes = bed.bytes();
    const auto key = must(bed.keys->ring().of(KeyGeneration{1}));
    for (const ByteView secret : {ByteView(key->master()), ByteView(key->data_key()),
                                  ByteView(recovery.bytes()), as_bytes("first")})
        for (std::size_t at = 0; at + 5 <= secret.size(); at += 5)
            EXPECT_EQ(bytes.find(as_text(secret.subspan(at, 5))), std::string::npos);
}

TEST(KeySlots, ChangeAPassphraseWithoutTouchingTheKeys) {
    Bed bed;
    const std::string master = master_of(*bed.keys);
    const SlotId id = must(bed.slots.replace_slot(*bed.keys, SlotId{1}, cheap("new"), bed.random));
    EXPECT_EQ(id, SlotId{2});
    const KeySlots slots = must(bed.reopened());
    EXPECT_EQ(slots.slots().size(), 1u);
    EXPECT_EQ(master_of(*must(slots.unlock(cheap("new")))), master);
    EXPECT_EQ(code_of(slots.unlock(cheap("first"))), Errc::kPermissionDenied);
}

TEST(KeySlots, GoDownToOneAndUpToSixteen) {
    Bed bed;
    EXPECT_EQ(code_of(bed.slots.remove_slot(*bed.keys, SlotId{1})), Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(bed.slots.remove_slot(*bed.keys, SlotId{9})), Errc::kNotFound);
    EXPECT_EQ(code_of(bed.slots.replace_slot(*bed.keys, SlotId{9}, cheap("x"), bed.random)),
              Errc::kNotFound);
    for (std::uint64_t i = 1; i < kKeySlotsMax; ++i)
        must(bed.slots.add_slot(*bed.keys, recovery_key(i), bed.random));
    EXPECT_EQ(code_of(bed.slots.add_slot(*bed.keys, recovery_key(99), bed.random)),
              Errc::kLimitExceeded);
    for (std::uint32_t i = 1; i < kKeySlotsMax; ++i)
        must(bed.slots.remove_slot(*bed.keys, SlotId{i}));
    KeySlots slots = must(bed.reopened());
    ASSERT_EQ(slots.slots().size(), 1u);
    EXPECT_EQ(code_of(slots.unlock(cheap("first"))), Errc::kPermissionDenied);
    const auto keys = must(slots.unlock(recovery_key(15)));
    EXPECT_EQ(code_of(slots.remove_slot(*keys, SlotId{16})), Errc::kFailedPrecondition);
    EXPECT_EQ(must(slots.add_slot(*keys, cheap("x"), bed.random)), SlotId{17}) << "never twice";
}

TEST(KeySlots, KeepOlderGenerationsBesideTheNewest) {
    Bed bed;
    must(bed.slots.add_slot(*bed.keys, recovery_key(7), bed.random));
    const auto keys = must(bed.slots.add_generation(*bed.keys, bed.random));
    EXPECT_EQ(keys->ring().newest(), KeyGeneration{2});
    EXPECT_EQ(master_of(*keys, 1), master_of(*bed.keys, 1));
    EXPECT_NE(master_of(*keys, 2), master_of(*keys, 1));
    // A slot that was not opened for it knows the new one too.
    KeySlots slots = must(bed.reopened());
    EXPECT_EQ(slots.generations(), (std::vector{KeyGeneration{1}, KeyGeneration{2}}));
    EXPECT_EQ(master_of(*must(slots.unlock(recovery_key(7))), 2), master_of(*keys, 2));

    EXPECT_EQ(code_of(slots.drop_generation(*keys, KeyGeneration{2}, bed.random)),
              Errc::kFailedPrecondition);
    EXPECT_EQ(code_of(slots.drop_generation(*keys, KeyGeneration{3}, bed.random)), Errc::kNotFound);
    const auto left = must(slots.drop_generation(*keys, KeyGeneration{1}, bed.random));
    EXPECT_EQ(left->ring().generations(), std::vector{KeyGeneration{2}});
    EXPECT_EQ(master_of(*must(must(bed.reopened()).unlock(cheap("first"))), 2),
              master_of(*keys, 2));
}

TEST(KeySlots, KeepOfTheFirstGenerationWhatIdsAndDatabaseNeed) {
    Bed bed;
    auto keys = must(bed.slots.add_generation(*bed.keys, bed.random));
    const auto first = must(keys->ring().first());
    ASSERT_TRUE(first->is_whole());
    keys = must(bed.slots.drop_generation(*keys, KeyGeneration{1}, bed.random));
    EXPECT_EQ(code_of(bed.slots.drop_generation(*keys, KeyGeneration{1}, bed.random)),
              Errc::kNotFound);
    const auto expect_remains = [&](const StoreKeyRing& ring) {
        EXPECT_EQ(code_of(ring.of(KeyGeneration{1})), Errc::kKeyNotFound);
        EXPECT_EQ(ring.oldest(), KeyGeneration{1});
        const auto remains = must(ring.first());
        EXPECT_FALSE(remains->is_whole());
        EXPECT_EQ(to_hex(remains->id_key()), to_hex(first->id_key()));
        EXPECT_EQ(to_hex(remains->database_key()), to_hex(first->database_key()));
        for (const KeyView key : {remains->master(), remains->data_key(), remains->index_key()})
            EXPECT_TRUE(std::ranges::all_of(key, [](std::byte b) { return b == std::byte{0}; }));
    };
    expect_remains(keys->ring());
    bed.slots = must(bed.reopened());
    EXPECT_EQ(bed.slots.generations(), std::vector{KeyGeneration{2}});
    expect_remains(must(bed.slots.unlock(cheap("first")))->ring());
    // They stay through all later changes; later generations go without any.
    keys = must(bed.slots.renew(*keys, {cheap("other")}, bed.random));
    expect_remains(keys->ring());
    keys = must(bed.slots.drop_generation(*keys, KeyGeneration{2}, bed.random));
    bed.slots = must(bed.reopened());
    EXPECT_EQ(bed.slots.generations(), std::vector{KeyGeneration{3}});
    keys = must(bed.slots.unlock(cheap("other")));
    expect_remains(keys->ring());
    while (bed.slots.generations().size() < kKeyGenerationsMax)
        keys = must(bed.slots.add_generation(*keys, bed.random));
    EXPECT_EQ(code_of(bed.slots.add_generation(*keys, bed.random)), Errc::kLimitExceeded);
    bed.slots = must(bed.reopened());
    expect_remains(must(bed.slots.unlock(cheap("other")))->ring());
}

TEST(KeySlots, TakeSixtyFourGenerations) {
    Bed bed;
    auto keys = bed.keys;
    for (std::size_t i = 1; i < kKeyGenerationsMax; ++i)
        keys = must(bed.slots.add_generation(*keys, bed.random));
    EXPECT_EQ(code_of(bed.slots.add_generation(*keys, bed.random)), Errc::kLimitExceeded);
    EXPECT_EQ(code_of(bed.slots.renew(*keys, {cheap("x")}, bed.random)), Errc::kLimitExceeded);
    EXPECT_EQ(must(must(bed.reopened()).unlock(cheap("first")))->ring().generations().size(),
              kKeyGenerationsMax);
}

TEST(KeySlots, RenewedShutOutWhoHadAnotherSlot) {
    Bed bed;
    must(bed.slots.add_slot(*bed.keys, cheap("former colleague"), bed.random));
    const auto former = must(bed.slots.unlock(cheap("former colleague")));
    const auto keys =
        must(bed.slots.renew(*bed.keys, {cheap("first"), recovery_key(7), host(1)}, bed.random));
    EXPECT_EQ(keys->ring().newest(), KeyGeneration{2});
    KeySlots slots = must(bed.reopened());
    EXPECT_EQ(slots.slots().size(), 3u);
    EXPECT_EQ(code_of(slots.unlock(cheap("former colleague"))), Errc::kPermissionDenied);
    // The ring key that he had opens nothing of the new file.
    EXPECT_EQ(code_of(slots.add_slot(*former, cheap("back again"), bed.random)),
              Errc::kPermissionDenied);
    for (const SlotSecret& secret :
         {SlotSecret(cheap("first")), SlotSecret(recovery_key(7)), SlotSecret(host(1))}) {
        const auto opened = must(slots.unlock(secret));
        EXPECT_EQ(master_of(*opened, 1), master_of(*bed.keys, 1));
        EXPECT_EQ(master_of(*opened, 2), master_of(*keys, 2));
    }
    EXPECT_EQ(code_of(slots.renew(*keys, {}, bed.random)), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(slots.renew(*keys, std::vector<SlotSecret>(17, host(1)), bed.random)),
              Errc::kLimitExceeded);
}

TEST(KeySlots, ChangeForTheirOwnKeysAlone) {
    Bed bed;
    const Bed other(2);
    const UnlockedKeys& wrong = *other.keys;
    EXPECT_EQ(code_of(bed.slots.add_slot(wrong, cheap("x"), bed.random)), Errc::kPermissionDenied);
    EXPECT_EQ(code_of(bed.slots.remove_slot(wrong, SlotId{1})), Errc::kPermissionDenied);
    EXPECT_EQ(code_of(bed.slots.replace_slot(wrong, SlotId{1}, cheap("x"), bed.random)),
              Errc::kPermissionDenied);
    EXPECT_EQ(code_of(bed.slots.add_generation(wrong, bed.random)), Errc::kPermissionDenied);
    EXPECT_EQ(code_of(bed.slots.drop_generation(wrong, KeyGeneration{1}, bed.random)),
              Errc::kPermissionDenied);
    EXPECT_EQ(code_of(bed.slots.renew(wrong, {cheap("x")}, bed.random)), Errc::kPermissionDenied);
}

TEST(KeySlots, RefuseSecretsThatMakeNoSense) {
    Bed bed;
    const auto add = [&](const SlotSecret& secret) {
        return code_of(bed.slots.add_slot(*bed.keys, secret, bed.random));
    };
    EXPECT_EQ(add(cheap("")), Errc::kInvalidArgument);
    EXPECT_EQ(add(cheap(std::string(kPassphraseBytesMax + 1, 'x'))), Errc::kLimitExceeded);
    EXPECT_EQ(add(std::shared_ptr<KeyWrapper>()), Errc::kInvalidArgument);
    EXPECT_EQ(code_of(bed.slots.unlock(std::shared_ptr<KeyWrapper>())), Errc::kInvalidArgument);
    Passphrase costly = cheap("x");
    costly.cost.memory_kib = (1u << 20) + 1;
    EXPECT_EQ(add(costly), Errc::kLimitExceeded);
    costly = cheap("x");
    costly.cost.passes = 17;
    EXPECT_EQ(add(costly), Errc::kLimitExceeded);
    costly.cost.passes = 0;
    EXPECT_EQ(add(costly), Errc::kInvalidArgument);
    costly = cheap("x");
    costly.cost.memory_kib = 7;
    EXPECT_EQ(add(costly), Errc::kInvalidArgument);
    EXPECT_EQ(bed.slots.slots().size(), 1u);
    EXPECT_EQ(code_of(KeySlots::create(bed.fs, kPath, store_id(), cheap("x"), bed.random)),
              Errc::kFileExists);
}

TEST(KeySlots, PassOnWhatAHostsKeySays) {
    Bed bed;
    const Error broken(Errc::kIo, "the device is unplugged");
    EXPECT_EQ(code_of(bed.slots.add_slot(
                  *bed.keys, std::make_shared<FaultyKeyWrapper>(host(1), 0, broken), bed.random)),
              Errc::kIo);
    EXPECT_EQ(bed.slots.slots().size(), 1u);
    must(bed.slots.add_slot(*bed.keys, host(1), bed.random));
    EXPECT_EQ(code_of(bed.slots.unlock(std::make_shared<FaultyKeyWrapper>(host(1), 0, broken))),
              Errc::kIo);
}

TEST(KeySlots, NoticeEveryFlippedBit) {
    Bed bed;
    must(bed.slots.add_slot(*bed.keys, recovery_key(7), bed.random));
    must(bed.slots.add_slot(*bed.keys, host(3), bed.random));
    must(bed.slots.add_generation(*bed.keys, bed.random));
    const std::string whole = bed.bytes();
    KeySlotLimits limits;
    limits.memory_kib_max = 1024;
    const auto opens = [&](const std::string& bytes, const SlotSecret& secret) {
        bed.put(bytes);
        const auto slots = bed.reopened(limits);
        return slots && slots->unlock(secret);
    };
    ASSERT_TRUE(opens(whole, recovery_key(7)));
    std::size_t past_the_reader = 0;
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        std::string flipped = whole;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        ASSERT_FALSE(inspect_key_slots(as_bytes(flipped), limits)) << "bit " << bit;
        // Who flips it on purpose makes the checksum right; the bits of that come out the same.
        flipped = with_checksum(flipped);
        if (flipped == whole) continue;
        if (!inspect_key_slots(as_bytes(flipped), limits)) continue;
        ++past_the_reader;
        ASSERT_FALSE(opens(flipped, recovery_key(7))) << "bit " << bit;
        if (bit % 16 != 0) continue;
        ASSERT_FALSE(opens(flipped, cheap("first"))) << "bit " << bit;
        ASSERT_FALSE(opens(flipped, host(3))) << "bit " << bit;
    }
    EXPECT_GT(past_the_reader, whole.size()) << "most bytes look like any others";
}

TEST(KeySlots, SayWhetherTheSecretIsWrongOrTheFileAltered) {
    Bed bed;
    must(bed.slots.add_slot(*bed.keys, recovery_key(7), bed.random));
    std::string bytes = bed.bytes();
    // The other slot's salt.
    bytes[48 + 24] = static_cast<char>(bytes[48 + 24] ^ 1);
    bed.put(with_checksum(bytes));
    const KeySlots slots = must(bed.reopened());
    EXPECT_EQ(code_of(slots.unlock(recovery_key(7))), Errc::kKeyInvalid);
    EXPECT_EQ(code_of(slots.unlock(cheap("first"))), Errc::kPermissionDenied);
}

TEST(KeySlots, TakeNoSlotOfAnotherStore) {
    Bed bed;
    Bed other(2);
    // Both were made with the same passphrase; the other store's slot is put in.
    const std::string mine = bed.bytes();
    std::string bytes = other.bytes();
    ASSERT_EQ(mine.size(), bytes.size());
    constexpr std::size_t kSlotAt = 48;
    constexpr std::size_t kSlotBytes = 56 + 72;
    std::string spliced = mine;
    spliced.replace(kSlotAt, kSlotBytes, bytes.substr(kSlotAt, kSlotBytes));
    bed.put(with_checksum(spliced));
    EXPECT_EQ(code_of(must(bed.reopened()).unlock(cheap("first"))), Errc::kKeyInvalid);
    // A whole file for another store.
    bytes[16] = static_cast<char>(bytes[16] ^ 1);
    bed.put(with_checksum(bytes));
    EXPECT_EQ(code_of(must(bed.reopened()).unlock(cheap("first"))), Errc::kPermissionDenied);
}

TEST(KeySlots, RefuseWhatAHostileFileDemandsBeforeTakingMemory) {
    const Bed bed;
    const auto demanding = [&](std::size_t at, std::uint32_t value) {
        std::string number;
        append_le(number, value);
        std::string bytes = bed.bytes();
        bytes.replace(at, 4, number);
        return inspect_key_slots(as_bytes(with_checksum(bytes)));
    };
    constexpr std::size_t kMemoryAt = 48 + 8;
    constexpr std::size_t kPassesAt = 48 + 12;
    for (const auto& refused : {demanding(kMemoryAt, 0xffffffff), demanding(kMemoryAt, 1u << 31),
                                demanding(kMemoryAt, (1u << 20) + 1), demanding(kPassesAt, 17),
                                demanding(kPassesAt, 0xffffffff)}) {
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), Errc::kLimitExceeded);
        const auto* limit = refused.error().detail_as<LimitDetail>();
        ASSERT_NE(limit, nullptr);
        EXPECT_GT(limit->actual, limit->allowed);
    }
    EXPECT_EQ(code_of(demanding(kMemoryAt, 7)), Errc::kKeyInvalid);
    EXPECT_EQ(code_of(demanding(kPassesAt, 0)), Errc::kKeyInvalid);
    EXPECT_TRUE(demanding(kMemoryAt, 1u << 20));
}

TEST(KeySlots, RefuseFilesThatAreNone) {
    const Bed bed;
    const std::string whole = bed.bytes();
    const auto code = [](std::string bytes) { return code_of(inspect_key_slots(as_bytes(bytes))); };
    EXPECT_EQ(code(whole), std::nullopt);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_EQ(code(whole.substr(0, size)), Errc::kKeyInvalid);
        if (size < 40) continue;
        std::string cut = whole.substr(0, size);
        std::string length;
        append_le(length, static_cast<std::uint32_t>(size));
        cut.replace(12, 4, length);
        EXPECT_EQ(code(with_checksum(cut)), Errc::kKeyInvalid) << size;
    }
    EXPECT_EQ(code(whole + '\0'), Errc::kKeyInvalid);
    EXPECT_EQ(code(std::string(100'000, 'x')), Errc::kKeyInvalid);
    const auto with_number = [&](std::size_t at, std::uint32_t value) {
        std::string number;
        append_le(number, value);
        std::string bytes = whole;
        return with_checksum(bytes.replace(at, 4, number));
    };
    EXPECT_EQ(code(with_number(8, 2)), Errc::kKeyInvalid) << "all generations are whole";
    EXPECT_EQ(code(with_number(8, 3)), Errc::kUnsupported) << "version";
    EXPECT_EQ(code(with_number(8, 0)), Errc::kKeyInvalid);
    for (const std::uint32_t slots : {0u, 2u, 17u, 0xffffffffu})
        EXPECT_EQ(code(with_number(32, slots)), Errc::kKeyInvalid);
    for (const std::uint32_t generations : {0u, 2u, 65u, 0xffffffffu})
        EXPECT_EQ(code(with_number(36, generations)), Errc::kKeyInvalid);
    EXPECT_EQ(code(with_number(40, 1)), Errc::kKeyInvalid) << "an id above the next";
    EXPECT_EQ(code(with_number(48, 0)), Errc::kKeyInvalid) << "slot 0";
    for (const std::uint32_t kind : {0u, 2u, 3u, 4u, 0x101u})
        EXPECT_EQ(code(with_number(48 + 4, kind)), Errc::kKeyInvalid) << kind;
    EXPECT_EQ(code(with_number(48 + 16, 0xffffffff)), Errc::kKeyInvalid) << "lengths";
}

TEST(KeySlots, AreTheOldOrTheNewOnesAfterACrash) {
    std::string old_master;
    const auto count = io::testing::for_each_crash(
        [&] {
            const Bed bed;
            old_master = master_of(*bed.keys);
            return bed.fs;
        },
        [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
            fakes::SeededRandom random(77);
            auto slots = KeySlots::open(fs, kPath);
            if (!slots) return;
            const auto keys = slots->unlock(cheap("first"));
            if (!keys) return;
            (void)slots->replace_slot(**keys, SlotId{1}, cheap("new"), random);
        },
        [&](const std::shared_ptr<SimulatedFileSystem>& fs, const io::testing::CrashPoint&) {
            const auto slots = KeySlots::open(fs, kPath);
            ASSERT_TRUE(slots) << slots.error().to_string();
            const auto before = slots->unlock(cheap("first"));
            const auto after = slots->unlock(cheap("new"));
            ASSERT_NE(before.has_value(), after.has_value());
            EXPECT_EQ(master_of(before ? **before : **after), old_master);
        });
    EXPECT_GE(count.points, 4u);
}

// One change of each kind after the other. Whoever could open the file after the last change that
// was acknowledged, or after the one under way, still can; nobody else can.
TEST(KeySlots, NeverLockOutTheOwnerNorLetInWhoWasShutOut) {
    using Passphrases = std::set<std::string>;
    using State = std::pair<Passphrases, std::vector<KeyGeneration>>;
    const auto one = KeyGeneration{1};
    const auto two = KeyGeneration{2};
    const auto three = KeyGeneration{3};
    const std::vector<State> states{{{"first"}, {one}},         {{"first", "second"}, {one}},
                                    {{"new", "second"}, {one}}, {{"new", "second"}, {one, two}},
                                    {{"new"}, {one, two}},      {{"new"}, {two}},
                                    {{"last"}, {two, three}}};
    std::size_t acknowledged = 0;
    std::string id_key;
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) -> Result<void> {
        fakes::SeededRandom random(77);
        CATALOG_TRY(KeySlots slots, KeySlots::open(fs, kPath));
        CATALOG_TRY(auto keys, slots.unlock(cheap("first")));
        CATALOG_TRY_VOID(slots.add_slot(*keys, cheap("second"), random));
        ++acknowledged;
        CATALOG_TRY_VOID(slots.replace_slot(*keys, SlotId{1}, cheap("new"), random));
        ++acknowledged;
        CATALOG_TRY(keys, slots.add_generation(*keys, random));
        ++acknowledged;
        CATALOG_TRY_VOID(slots.remove_slot(*keys, SlotId{2}));
        ++acknowledged;
        CATALOG_TRY(keys, slots.drop_generation(*keys, one, random));
        ++acknowledged;
        CATALOG_TRY_VOID(slots.renew(*keys, {cheap("last")}, random));
        ++acknowledged;
        return {};
    };
    std::set<std::size_t> met;
    const auto count = io::testing::for_each_crash(
        [&] {
            const Bed bed;
            acknowledged = 0;
            id_key = to_hex(must(bed.keys->ring().first())->id_key());
            return bed.fs;
        },
        [&](const std::shared_ptr<SimulatedFileSystem>& fs) { (void)work(fs); },
        [&](const std::shared_ptr<SimulatedFileSystem>& fs, const io::testing::CrashPoint&) {
            const auto slots = KeySlots::open(fs, kPath);
            ASSERT_TRUE(slots) << slots.error().to_string();
            State found{{}, slots->generations()};
            for (const char* text : {"first", "second", "new", "last"}) {
                const auto keys = slots->unlock(cheap(text));
                if (!keys) continue;
                found.first.insert(text);
                EXPECT_EQ(to_hex(must((*keys)->ring().first())->id_key()), id_key);
            }
            const bool next = acknowledged + 1 < states.size() && found == states[acknowledged + 1];
            ASSERT_TRUE(next || found == states[acknowledged]) << acknowledged;
            met.insert(next ? acknowledged + 1 : acknowledged);
        });
    EXPECT_GE(count.points, 24u);
    EXPECT_EQ(met.size(), states.size());
}

TEST(KeySlots, StayAsTheyWereWhenAChangeFails) {
    for (std::uint64_t call = 1;; ++call) {
        Bed bed;
        const auto faulty = std::make_shared<io::testing::FaultyFileSystem>(bed.fs);
        KeySlots slots = must(KeySlots::open(faulty, kPath));
        const std::string before = bed.bytes();
        faulty->fail_nth(faulty->calls() + call, io::testing::Fault{});
        const auto added = slots.add_slot(*bed.keys, recovery_key(7), bed.random);
        if (added) break;
        EXPECT_EQ(slots.slots().size(), 1u);
        // The last call syncs the folder: by then the new file has its name.
        const KeySlots found = must(bed.reopened());
        EXPECT_TRUE(found.unlock(cheap("first"))) << call;
        if (bed.bytes() != before) {
            EXPECT_TRUE(found.unlock(recovery_key(7))) << call;
        }
        // And the next change works.
        ASSERT_TRUE(slots.add_slot(*bed.keys, recovery_key(8), bed.random));
        EXPECT_TRUE(must(bed.reopened()).unlock(recovery_key(8)));
        ASSERT_LT(call, 50u);
    }
}

TEST(KeySlots, AreNotMadeWithoutRandomBytes) {
    for (std::size_t call = 0;; ++call) {
        const auto fs = SimulatedFileSystem::make();
        must(fs->make_directories("/keys"));
        fakes::FaultyRandom random(std::make_shared<fakes::SeededRandom>(1), call);
        const auto made = KeySlots::create(fs, kPath, store_id(), cheap("first"), random);
        if (made) {
            EXPECT_EQ(call, 5u);  // ring key, master, its nonce, salt, the ring key's nonce
            break;
        }
        EXPECT_EQ(made.error().code(), Errc::kRandomUnavailable);
        EXPECT_FALSE(must(io::exists(*fs, kPath)));
    }
}

TEST(KeySlots, OpenForWhomTheyShouldAfterAnyChanges) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937 dice(seed);
        const auto roll = [&](std::uint32_t sides) {
            return static_cast<std::uint32_t>(dice() % sides);
        };
        Bed bed(seed);
        std::map<SlotId, std::string> model{{SlotId{1}, "first"}};
        std::map<std::uint32_t, std::string> masters{{1, master_of(*bed.keys)}};
        const std::string id_key = to_hex(must(bed.keys->ring().first())->id_key());
        auto keys = bed.keys;
        for (int step = 0; step < 25; ++step) {
            const std::string text = "pass " + std::to_string(step);
            const auto victim =
                std::next(model.begin(), roll(static_cast<std::uint32_t>(model.size())));
            const std::uint32_t choice = roll(6);
            if (choice <= 1 && model.size() < kKeySlotsMax) {
                model[must(bed.slots.add_slot(*keys, cheap(text), bed.random))] = text;
            } else if (choice == 2 && model.size() > 1) {
                must(bed.slots.remove_slot(*keys, victim->first));
                model.erase(victim);
            } else if (choice == 3) {
                const SlotId id =
                    must(bed.slots.replace_slot(*keys, victim->first, cheap(text), bed.random));
                model.erase(victim);
                model[id] = text;
            } else if (choice == 4) {
                keys = must(bed.slots.add_generation(*keys, bed.random));
                const std::uint32_t newest = masters.rbegin()->first + 1;
                masters[newest] = master_of(*keys, newest);
            } else if (choice == 5 && masters.size() > 1) {
                keys = must(bed.slots.drop_generation(*keys, KeyGeneration{masters.begin()->first},
                                                      bed.random));
                masters.erase(masters.begin());
            }
            bed.slots = must(bed.reopened());
        }
        ASSERT_EQ(bed.slots.slots().size(), model.size());
        for (const auto& [id, text] : model) {
            const auto opened = must(bed.slots.unlock(cheap(text)));
            EXPECT_EQ(opened->slot(), id);
            ASSERT_EQ(opened->ring().generations().size(), masters.size());
            for (const auto& [generation, master] : masters)
                EXPECT_EQ(master_of(*opened, generation), master);
            EXPECT_EQ(to_hex(must(opened->ring().first())->id_key()), id_key);
        }
        for (int step = 0; step < 25; ++step) {
            const std::string text = "pass " + std::to_string(step);
            const bool known = std::any_of(model.begin(), model.end(),
                                           [&](const auto& slot) { return slot.second == text; });
            if (!known) {
                EXPECT_EQ(code_of(bed.slots.unlock(cheap(text))), Errc::kPermissionDenied);
            }
        }
    }
}

TEST(KeySlots, AreTheGoldenBytes) {
    Bed bed(42);
    must(bed.slots.add_slot(*bed.keys, recovery_key(7), bed.random));
    must(bed.slots.add_slot(*bed.keys, host(3), bed.random));
    const auto keys = must(bed.slots.add_generation(*bed.keys, bed.random));
    // What an earlier release wrote opens today.
    if (std::getenv("CATALOG_UPDATE_GOLDEN") == nullptr) {
        const std::string written = bed.bytes();
        bed.put(golden::read("content/store.slots"));
        for (const SlotSecret& secret :
             {SlotSecret(cheap("first")), SlotSecret(recovery_key(7)), SlotSecret(host(3))})
            EXPECT_EQ(master_of(*must(must(bed.reopened()).unlock(secret)), 2),
                      master_of(*keys, 2));
        bed.put(written);
    }
    golden::expect("content/store.slots", bed.bytes());
    // Version 2: with what is left of the first generation.
    const auto left = must(bed.slots.drop_generation(*keys, KeyGeneration{1}, bed.random));
    const std::string id_key = to_hex(must(left->ring().first())->id_key());
    if (std::getenv("CATALOG_UPDATE_GOLDEN") == nullptr) {
        const std::string written = bed.bytes();
        bed.put(golden::read("content/store-parts.slots"));
        const auto opened = must(must(bed.reopened()).unlock(recovery_key(7)));
        EXPECT_EQ(to_hex(must(opened->ring().first())->id_key()), id_key);
        bed.put(written);
    }
    golden::expect("content/store-parts.slots", bed.bytes());
}

std::shared_ptr<KeyWrapper> signing_wrapper(std::uint64_t seed) {
    return must(make_signing_key_wrapper(std::make_shared<fakes::MemoryKeyStore>(seed),
                                         std::make_shared<fakes::SeededRandom>(seed)));
}

TEST(KeySlots, OpenForAKeyStoreThatSigns) {
    Bed bed;
    must(bed.slots.add_slot(*bed.keys, signing_wrapper(5), bed.random));
    const KeySlots slots = must(bed.reopened());
    EXPECT_EQ(master_of(*must(slots.unlock(signing_wrapper(5)))), master_of(*bed.keys));
    EXPECT_EQ(code_of(slots.unlock(signing_wrapper(6))), Errc::kPermissionDenied);
}

}  // namespace
}  // namespace catalog::content
