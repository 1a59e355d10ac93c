// Sealed records: what was sealed comes back, anything else is refused.

#include "record_cipher.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "aead.hpp"
#include "catalog/internal/hkdf.hpp"
#include "encryption_bed.hpp"

namespace catalog::content {
namespace {

using testing::hex;
using testing::noise;
using testing::ring_of;
using testing::store_id;

constexpr CipherAlgorithm kAlgorithms[] = {CipherAlgorithm::kAes256Gcm,
                                           CipherAlgorithm::kChaCha20Poly1305};

/// One pack's cipher and sealer.
struct Pack {
    std::shared_ptr<const RecordCipher> cipher;
    RecordSealer sealer;

    static Pack make(CipherAlgorithm algorithm, std::uint32_t number = 1, std::uint64_t seed = 1) {
        const auto random = std::make_shared<fakes::SeededRandom>(seed * 1000 + number);
        auto cipher =
            RecordCipher::create(ring_of(seed), store_id(), PackId{number}, *random, algorithm);
        EXPECT_TRUE(cipher);
        return {*cipher, RecordSealer(*cipher, random)};
    }
    Bytes seal(std::uint64_t offset, const Bytes& header, const Bytes& payload) {
        Bytes out(sealed_record_bytes(static_cast<std::uint32_t>(payload.size())));
        const auto sealed = sealer.seal(
            offset, std::span<const std::byte, kRecordHeaderBytes>(header), payload, out);
        EXPECT_TRUE(sealed);
        return out;
    }
    /// Opens a whole record of which the payload's length is known.
    [[nodiscard]] Result<std::pair<Bytes, Bytes>> open(std::uint64_t offset, ByteView record,
                                                       std::size_t payload_bytes) const {
        Bytes header(kRecordHeaderBytes);
        Bytes payload(payload_bytes);
        if (auto done = cipher->open_header(offset, record,
                                            std::span<std::byte, kRecordHeaderBytes>(header));
            !done)
            return fail(done.error());
        if (auto done = cipher->open_payload(offset, record.first(kSealedHeaderBytes),
                                             record.subspan(kSealedHeaderBytes), payload);
            !done)
            return fail(done.error());
        return std::pair{header, payload};
    }
};

TEST(Hkdf, GivesTheKnownAnswersOfRfc5869) {
    struct Case {
        const char* key;
        const char* salt;
        const char* info;
        const char* out;
    };
    // Appendix A.1, A.2 and A.3.
    const Case cases[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
         "f0f1f2f3f4f5f6f7f8f9",
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
        {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2"
         "c"
         "2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
         "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8"
         "c"
         "8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
         "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbd"
         "c"
         "dddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65"
         "e"
         "590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
    };
    for (const Case& test : cases) {
        const Bytes expected = hex(test.out);
        Bytes out(expected.size());
        ASSERT_TRUE(internal::hkdf_sha256(hex(test.key), hex(test.salt), hex(test.info), out));
        EXPECT_EQ(to_hex(out), test.out);
    }
}

TEST(Hkdf, RefusesWhatItCannotDerive) {
    Bytes out(32);
    EXPECT_FALSE(internal::hkdf_sha256(out, {}, Bytes(internal::kHkdfInfoBytesMax + 1), out));
    Bytes long_out(255 * 32 + 1);
    EXPECT_FALSE(internal::hkdf_sha256(out, {}, {}, long_out));
}

TEST(Aead, GivesTheKnownAnswersOfRfc8439AndOfTheGcmSpecification) {
    struct Case {
        CipherAlgorithm algorithm;
        const char* key;
        const char* nonce;
        const char* associated;
        const char* plain;
        const char* sealed;
    };
    const Case cases[] = {
        // RFC 8439 section 2.8.2.
        {CipherAlgorithm::kChaCha20Poly1305,
         "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
         "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
         "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a2049662"
         "0"
         "4920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f72207468652066757475726"
         "5"
         "2c2073756e73637265656e20776f756c642062652069742e",
         "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69d"
         "a"
         "92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad67594558"
         "5"
         "808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"
         "1ae10b594f09e26a7e902ecbd0600691"},
        // McGrew and Viega, The Galois/Counter Mode of Operation, test case 16.
        {CipherAlgorithm::kAes256Gcm,
         "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
         "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
         "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e244"
         "9"
         "a6b525b16aedf5aa0de657ba637b39",
         "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105"
         "6"
         "828838c5f61e6393ba7a0abcc9f662"
         "76fc6ece0f4e1768cddf8853bb2d551b"},
    };
    for (const Case& test : cases) {
        const Bytes key = hex(test.key);
        const Bytes nonce = hex(test.nonce);
        const Bytes associated = hex(test.associated);
        const Bytes plain = hex(test.plain);
        const auto aead = Aead::make(test.algorithm, KeyView(key.data(), 32));
        ASSERT_TRUE(aead);
        const AeadFrame frame{std::span<const std::byte, 12>(nonce.data(), 12), associated};
        Bytes sealed(plain.size() + 16);
        ASSERT_TRUE((*aead)->seal(frame, plain, 0, sealed));
        EXPECT_EQ(to_hex(sealed), test.sealed);
        Bytes opened(plain.size());
        ASSERT_TRUE((*aead)->open(frame, sealed, opened));
        EXPECT_EQ(opened, plain);
    }
}

TEST(Aead, TakesZerosAloneForWhatDoesNotFit) {
    const Bytes key = noise(32, 1);
    const Bytes nonce = noise(12, 2);
    const auto aead = Aead::make(CipherAlgorithm::kAes256Gcm, KeyView(key.data(), 32));
    ASSERT_TRUE(aead);
    const AeadFrame frame{std::span<const std::byte, 12>(nonce.data(), 12), {}};
    Bytes plain = noise(20, 3);
    Bytes sealed(36);
    ASSERT_TRUE((*aead)->seal(frame, plain, 0, sealed));
    Bytes out(17);
    EXPECT_FALSE((*aead)->open(frame, sealed, out)) << "three bytes are hidden";
    EXPECT_EQ(out, Bytes(17));
    std::fill(plain.begin() + 17, plain.end(), std::byte{0});
    ASSERT_TRUE((*aead)->seal(frame, plain, 0, sealed));
    ASSERT_TRUE((*aead)->open(frame, sealed, out));
    EXPECT_EQ(out, Bytes(plain.begin(), plain.begin() + 17));
    EXPECT_FALSE((*aead)->open(frame, ByteView(sealed).first(16), out)) << "shorter than its tag";
    EXPECT_FALSE((*aead)->seal(frame, plain, 17, out));
}

TEST(RecordCipher, OpensWhatItSealed) {
    for (const CipherAlgorithm algorithm : kAlgorithms) {
        Pack pack = Pack::make(algorithm);
        std::uint64_t offset = kPackHeaderBytes;
        for (const std::size_t size : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 100u, 4096u, 65536u}) {
            const Bytes header = noise(kRecordHeaderBytes, size + 7);
            const Bytes payload = noise(size, size + 1);
            const Bytes record = pack.seal(offset, header, payload);
            EXPECT_EQ(record.size() % kRecordAlignment, 0u);
            EXPECT_LT(record.size(), kSealedHeaderBytes + size + kCipherTagBytes + 8);
            const auto opened = pack.open(offset, record, size);
            ASSERT_TRUE(opened) << opened.error().to_string();
            EXPECT_EQ(opened->first, header);
            EXPECT_EQ(opened->second, payload);
            offset += record.size();
        }
    }
}

TEST(RecordCipher, IsWhatOpenSslMakesOfKeyNonceAndContext) {
    for (const CipherAlgorithm algorithm : kAlgorithms) {
        Pack pack = Pack::make(algorithm, 0x01020304);
        const Bytes header = noise(kRecordHeaderBytes, 1);
        const Bytes payload = noise(1000, 2);
        const Bytes record = pack.seal(0x1122334455667788, header, payload);

        // The key by the specification alone.
        const StoreKeyRing ring = ring_of(1);
        const PackCipherHeader& head = pack.cipher->header();
        std::string info = "catalog.pack.v1 key";
        info += as_text(store_id());
        info += std::string("\x04\x03\x02\x01\x01\x00\x00\x00", 8);
        info += static_cast<char>(algorithm);
        Bytes key(32);
        ASSERT_TRUE(internal::hkdf_sha256((*ring.of(KeyGeneration{1}))->data_key(), head.salt,
                                          as_bytes(info), key));
        std::string context = "CATREC1\n";
        context += as_text(store_id());
        context += std::string("\x04\x03\x02\x01\x02\x00\x00\x00", 8);
        context += std::string("\x88\x77\x66\x55\x44\x33\x22\x11", 8);

        Bytes nonce(record.begin(), record.begin() + 12);
        EXPECT_EQ(nonce.back() & std::byte{1}, std::byte{0});
        nonce.back() |= std::byte{1};
        Bytes plain = payload;
        plain.resize(sealed_payload_bytes(1000) - 16);
        const auto* cipher =
            algorithm == CipherAlgorithm::kAes256Gcm ? EVP_aes_256_gcm() : EVP_chacha20_poly1305();
        const auto raw = [](const auto& bytes) {
            return reinterpret_cast<const unsigned char*>(bytes.data());
        };
        Bytes expected(plain.size() + 16);
        auto* out = reinterpret_cast<unsigned char*>(expected.data());
        EVP_CIPHER_CTX* ctx = EVP_CIPHER_CTX_new();
        int length = 0;
        ASSERT_EQ(EVP_EncryptInit_ex(ctx, cipher, nullptr, raw(key), raw(nonce)), 1);
        ASSERT_EQ(EVP_EncryptUpdate(ctx, nullptr, &length, raw(context),
                                    static_cast<int>(context.size())),
                  1);
        ASSERT_EQ(EVP_EncryptUpdate(ctx, out, &length, raw(plain), static_cast<int>(plain.size())),
                  1);
        ASSERT_EQ(EVP_EncryptFinal_ex(ctx, out + length, &length), 1);
        ASSERT_EQ(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + plain.size()), 1);
        EVP_CIPHER_CTX_free(ctx);
        EXPECT_EQ(to_hex(expected), to_hex(ByteView(record).subspan(kSealedHeaderBytes)));
    }
}

TEST(RecordCipher, SealsAPayloadThatLiesInTheRecordAlready) {
    Pack pack = Pack::make(CipherAlgorithm::kAes256Gcm);
    const Bytes header = noise(kRecordHeaderBytes, 1);
    const Bytes payload = noise(777, 2);
    Bytes record(sealed_record_bytes(777));
    std::copy(payload.begin(), payload.end(), record.begin() + kSealedHeaderBytes);
    ASSERT_TRUE(pack.sealer.seal(8, std::span<const std::byte, kRecordHeaderBytes>(header),
                                 ByteView(record).subspan(kSealedHeaderBytes, 777), record));
    // And opens it where it lies.
    const Bytes sealed_header(record.begin(), record.begin() + kSealedHeaderBytes);
    const std::span<std::byte> rest = std::span(record).subspan(kSealedHeaderBytes);
    ASSERT_TRUE(pack.cipher->open_payload(8, sealed_header, rest, rest.first(777)));
    EXPECT_EQ(Bytes(rest.begin(), rest.begin() + 777), payload);
}

TEST(RecordCipher, NoticesEveryFlippedBit) {
    for (const CipherAlgorithm algorithm : kAlgorithms) {
        Pack pack = Pack::make(algorithm);
        const Bytes header = noise(kRecordHeaderBytes, 1);
        const Bytes record = pack.seal(4096, header, noise(30, 2));
        for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
            Bytes flipped = record;
            flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
            EXPECT_FALSE(pack.open(4096, flipped, 30)) << "bit " << bit;
        }
        ASSERT_TRUE(pack.open(4096, record, 30));
    }
}

TEST(RecordCipher, GivesNothingAwayOfWhatItRefuses) {
    Pack pack = Pack::make(CipherAlgorithm::kAes256Gcm);
    Bytes record = pack.seal(4096, noise(kRecordHeaderBytes, 1), noise(300, 2));
    record.back() ^= std::byte{1};
    Bytes out(300, std::byte{0xee});
    const auto opened =
        pack.cipher->open_payload(4096, ByteView(record).first(kSealedHeaderBytes),
                                  ByteView(record).subspan(kSealedHeaderBytes), out);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Errc::kContentCorrupted);
    EXPECT_EQ(opened.error().input(), "00000001.pack");
    EXPECT_EQ(out, Bytes(300));
    record[20] ^= std::byte{1};
    Bytes header(kRecordHeaderBytes, std::byte{0xee});
    const auto head =
        pack.cipher->open_header(4096, record, std::span<std::byte, kRecordHeaderBytes>(header));
    ASSERT_FALSE(head);
    EXPECT_EQ(head.error().code(), Errc::kPackInvalid);
    EXPECT_EQ(header, Bytes(kRecordHeaderBytes));
}

TEST(RecordCipher, RefusesRecordsThatWereMovedOrMixed) {
    for (const CipherAlgorithm algorithm : kAlgorithms) {
        Pack pack = Pack::make(algorithm, 1);
        Pack other = Pack::make(algorithm, 2);
        const Bytes header = noise(kRecordHeaderBytes, 1);
        const Bytes payload = noise(60, 2);
        const Bytes a = pack.seal(4096, header, payload);
        const Bytes b = pack.seal(4096 + a.size(), header, payload);
        EXPECT_FALSE(pack.open(4096 + a.size(), a, 60)) << "same pack, other place";
        EXPECT_FALSE(other.open(4096, a, 60)) << "other pack";

        // The header of one with the payload of another, at the place of either.
        Bytes mixed = a;
        std::copy(b.begin() + kSealedHeaderBytes, b.end(), mixed.begin() + kSealedHeaderBytes);
        EXPECT_FALSE(pack.open(4096, mixed, 60));
        EXPECT_FALSE(pack.open(4096 + a.size(), mixed, 60));

        // Two records that were sealed for the same place: nonces tie header and payload.
        const Bytes again = pack.seal(4096, header, payload);
        mixed = a;
        std::copy(again.begin() + kSealedHeaderBytes, again.end(),
                  mixed.begin() + kSealedHeaderBytes);
        EXPECT_FALSE(pack.open(4096, mixed, 60));
    }
}

TEST(RecordCipher, DoesNotTakeAPayloadForAHeader) {
    Pack pack = Pack::make(CipherAlgorithm::kAes256Gcm);
    // A payload of 56 bytes, of which somebody makes a sealed header with the payload's nonce.
    const Bytes record = pack.seal(4096, noise(kRecordHeaderBytes, 1), noise(60, 2));
    Bytes forged(record.begin(), record.begin() + kCipherNonceBytes);
    forged.back() ^= std::byte{1};
    forged.insert(forged.end(), record.begin() + kSealedHeaderBytes, record.end());
    Bytes header(kRecordHeaderBytes);
    EXPECT_FALSE(
        pack.cipher->open_header(4096, forged, std::span<std::byte, kRecordHeaderBytes>(header)));
}

TEST(RecordCipher, RefusesOtherLengths) {
    Pack pack = Pack::make(CipherAlgorithm::kAes256Gcm);
    const Bytes header = noise(kRecordHeaderBytes, 1);
    const Bytes record = pack.seal(4096, header, noise(33, 2));
    for (std::size_t size = 0; size < record.size(); ++size)
        EXPECT_FALSE(
            pack.open(4096, ByteView(record).first(std::max(size, kSealedHeaderBytes) - 1), 33));
    // 33 to 36 bytes make records of one length; which it was only the header says.
    EXPECT_FALSE(pack.open(4096, record, 32));
    Bytes out(34);
    EXPECT_TRUE(pack.open(4096, record, 34)) << "one of the zeros";
    Bytes longer = record;
    longer.resize(longer.size() + 8);
    EXPECT_FALSE(pack.open(4096, longer, 33));
    const auto refused = [&](const Bytes& payload, std::size_t room) {
        Bytes sealed(room);
        const auto done = pack.sealer.seal(
            8, std::span<const std::byte, kRecordHeaderBytes>(header), payload, sealed);
        return !done && done.error().code() == Errc::kInvalidArgument;
    };
    EXPECT_TRUE(refused({}, sealed_record_bytes(0)));
    EXPECT_TRUE(refused(Bytes(10), sealed_record_bytes(10) + 8));
    EXPECT_TRUE(refused(Bytes(kChunkBytesMax + 1), sealed_record_bytes(kChunkBytesMax + 1)));
}

TEST(RecordCipher, IsOpenedFromThePacksHeaderByWhoHasTheKey) {
    for (const CipherAlgorithm algorithm : kAlgorithms) {
        Pack pack = Pack::make(algorithm);
        const Bytes payload = noise(500, 2);
        const Bytes record = pack.seal(4096, noise(kRecordHeaderBytes, 1), payload);
        auto reader = RecordCipher::open(ring_of(1), store_id(), PackId{1}, pack.cipher->header());
        ASSERT_TRUE(reader);
        pack.cipher = *reader;
        const auto opened = pack.open(4096, record, 500);
        ASSERT_TRUE(opened);
        EXPECT_EQ(opened->second, payload);
    }
}

TEST(RecordCipher, ChecksTheCommitmentBeforeItDecryptsAnything) {
    const Pack pack = Pack::make(CipherAlgorithm::kAes256Gcm);
    const PackCipherHeader right = pack.cipher->header();
    const auto code = [&](const StoreKeyRing& keys, const StoreId& store, PackId id,
                          const PackCipherHeader& header) {
        const auto opened = RecordCipher::open(keys, store, id, header);
        return opened ? Errc{} : opened.error().code();
    };
    EXPECT_EQ(code(ring_of(1), store_id(), PackId{1}, right), Errc{});
    EXPECT_EQ(code(ring_of(2), store_id(), PackId{1}, right), Errc::kKeyInvalid);
    EXPECT_EQ(code(ring_of(1), store_id(8), PackId{1}, right), Errc::kKeyInvalid);
    EXPECT_EQ(code(ring_of(1), store_id(), PackId{2}, right), Errc::kKeyInvalid);
    EXPECT_EQ(code({}, store_id(), PackId{1}, right), Errc::kKeyNotFound);
    for (std::size_t bit = 0; bit < 64 * 8; ++bit) {
        PackCipherHeader flipped = right;
        auto& half = bit < 32 * 8 ? flipped.salt : flipped.commitment;
        half[bit / 8 % 32] ^= static_cast<std::byte>(1u << (bit % 8));
        EXPECT_EQ(code(ring_of(1), store_id(), PackId{1}, flipped), Errc::kKeyInvalid);
    }
    PackCipherHeader other = right;
    other.algorithm = CipherAlgorithm::kChaCha20Poly1305;
    EXPECT_EQ(code(ring_of(1), store_id(), PackId{1}, other), Errc::kKeyInvalid);
    other.algorithm = CipherAlgorithm{9};
    EXPECT_EQ(code(ring_of(1), store_id(), PackId{1}, other), Errc::kKeyInvalid);
    other = right;
    other.generation = KeyGeneration{2};
    EXPECT_EQ(code(ring_of(1), store_id(), PackId{1}, other), Errc::kKeyNotFound);
}

TEST(RecordCipher, SealsUnderTheNewestGenerationAndOpensOlderOnes) {
    fakes::SeededRandom random(3);
    const auto old_pack = RecordCipher::create(ring_of(1, 1), store_id(), PackId{1}, random);
    const auto new_pack = RecordCipher::create(ring_of(1, 3), store_id(), PackId{2}, random);
    ASSERT_TRUE(old_pack && new_pack);
    EXPECT_EQ((*old_pack)->header().generation, KeyGeneration{1});
    EXPECT_EQ((*new_pack)->header().generation, KeyGeneration{3});
    EXPECT_TRUE(RecordCipher::open(ring_of(1, 3), store_id(), PackId{1}, (*old_pack)->header()));
}

TEST(RecordSealer, NeverUsesANonceTwice) {
    Pack pack = Pack::make(CipherAlgorithm::kAes256Gcm);
    const Bytes header(kRecordHeaderBytes);
    std::set<Bytes> nonces;
    for (int i = 0; i < 2000; ++i) {
        // The same place each time, as after a crash.
        const Bytes record = pack.seal(4096, header, Bytes(1));
        nonces.emplace(record.begin(), record.begin() + kCipherNonceBytes);
    }
    EXPECT_EQ(nonces.size(), 2000u);
    Pack other = Pack::make(CipherAlgorithm::kAes256Gcm, 1, 2);
    const Bytes record = other.seal(4096, header, Bytes(1));
    EXPECT_FALSE(nonces.contains(Bytes(record.begin(), record.begin() + kCipherNonceBytes)));
}

TEST(RecordSealer, SealsNothingWithoutRandomBytes) {
    const Pack pack = Pack::make(CipherAlgorithm::kAes256Gcm);
    const auto base = std::make_shared<fakes::SeededRandom>(1);
    RecordSealer sealer(pack.cipher, std::make_shared<fakes::FaultyRandom>(base, 0));
    const Bytes header(kRecordHeaderBytes);
    Bytes out(sealed_record_bytes(8));
    const std::span<const std::byte, kRecordHeaderBytes> head(header);
    const auto sealed = sealer.seal(8, head, Bytes(8), out);
    ASSERT_FALSE(sealed);
    EXPECT_EQ(sealed.error().code(), Errc::kRandomUnavailable);
    EXPECT_EQ(out, Bytes(out.size()));
    EXPECT_TRUE(sealer.seal(8, head, Bytes(8), out)) << "the next call has random bytes";
}

}  // namespace
}  // namespace catalog::content
