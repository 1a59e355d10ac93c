#include "catalog/security/checkpoint.hpp"

#include <gtest/gtest.h>

#include "catalog/merkle/hash.hpp"
#include "support/core/key_stores.hpp"
#include "support/io/results.hpp"

namespace catalog::security {
namespace {

using io::testing::code_of;
using io::testing::must;

const Checkpoint kCheckpoint{"catalog/0123", 42, merkle::hash_of(as_bytes("root"))};

PublicKey library_key(KeyStore& keys) {
    return must(keys.default_key(KeyPurpose::kLibrary)).public_key;
}

TEST(Checkpoint, IsThreeLines) {
    EXPECT_EQ(kCheckpoint.text(), "catalog/0123\n42\n" + to_base64(kCheckpoint.root.digest) + "\n");
}

TEST(Checkpoint, OpensWhatItsKeySigned) {
    fakes::MemoryKeyStore keys(1);
    fakes::MemoryKeyStore others(2);
    const std::string note = must(sign_checkpoint(keys, kCheckpoint));
    EXPECT_EQ(must(open_checkpoint(note, "catalog/0123", library_key(keys))), kCheckpoint);
    EXPECT_EQ(code_of(open_checkpoint(note, "catalog/0123", library_key(others))),
              Errc::kSignatureMissing);
    EXPECT_EQ(code_of(open_checkpoint(note, "catalog/4567", library_key(keys))),
              Errc::kSignatureMissing);
}

TEST(Checkpoint, IgnoresSignaturesOfOthers) {
    fakes::MemoryKeyStore keys(1);
    fakes::MemoryKeyStore others(2);
    const std::string foreign = must(sign_checkpoint(others, kCheckpoint));
    const std::string note =
        must(sign_checkpoint(keys, kCheckpoint)) + foreign.substr(foreign.find("\n\n") + 2);
    EXPECT_EQ(must(open_checkpoint(note, "catalog/0123", library_key(keys))), kCheckpoint);
}

TEST(Checkpoint, AcceptsNoChangedByte) {
    fakes::MemoryKeyStore keys(1);
    const std::string note = must(sign_checkpoint(keys, kCheckpoint));
    for (std::size_t i = 0; i < note.size(); ++i) {
        for (const char flip : {'\1', '\4', ' '}) {
            std::string changed = note;
            changed[i] = static_cast<char>(changed[i] ^ flip);
            const Result<Checkpoint> opened =
                open_checkpoint(changed, "catalog/0123", library_key(keys));
            EXPECT_FALSE(opened) << i;
        }
        EXPECT_FALSE(open_checkpoint(note.substr(0, i), "catalog/0123", library_key(keys)));
    }
}

}  // namespace
}  // namespace catalog::security
