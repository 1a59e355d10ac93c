// Files as an encrypted store writes them: right bytes in, other bytes on the disk, no stream used
// twice.

#include "encrypted_file_system.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <random>

#include "catalog/internal/hkdf.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::kv {
namespace {

using io::OpenMode;
using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using testing::store_key;

struct Bed {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::shared_ptr<io::FileSystem> fs = over(disk, store_key());

    static std::shared_ptr<io::FileSystem> over(std::shared_ptr<io::FileSystem> disk,
                                                ByteView key) {
        return make_encrypted_file_system(std::move(disk), must(FileCipher::make(key)),
                                          make_system_random());
    }
    void write(const std::string& path, std::string_view text) const {
        const auto file = must(fs->open_write(path, OpenMode::kTruncate));
        must(file->append(as_bytes(text)));
        must(file->close());
    }
    [[nodiscard]] std::string raw(const std::string& path) const {
        return must(io::read_file(*disk, path, 1u << 24));
    }
};

std::string text_of(std::size_t size, unsigned seed) {
    std::mt19937 dice(seed);
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(dice() & 0xff);
    return text;
}

TEST(EncryptedFileSystem, GivesBackWhatWasWrittenInAnyPieces) {
    const Bed bed;
    std::mt19937 dice(3);
    const std::string text = text_of(200'000, 1);
    const auto file = must(bed.fs->open_write("/file", OpenMode::kTruncate));
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t count = std::min<std::size_t>(dice() % 5000, text.size() - at);
        must(file->append(as_bytes(text).subspan(at, count)));
        at += count;
        ASSERT_EQ(file->size(), at);
    }
    must(file->close());
    EXPECT_EQ(must(io::read_file(*bed.fs, "/file", 1u << 20)), text);
    EXPECT_EQ(must(bed.fs->info("/file")).size, text.size());
    EXPECT_EQ(bed.raw("/file").size(), text.size() + kFileHeadBytes);

    const auto reader = must(bed.fs->open_read("/file"));
    EXPECT_EQ(must(reader->info()).size, text.size());
    for (int i = 0; i < 300; ++i) {
        const std::size_t at = dice() % (text.size() + 100);
        Bytes out(dice() % 9000);
        const std::size_t got = must(reader->read_at(at, out));
        const std::size_t there = at < text.size() ? text.size() - at : 0;
        ASSERT_EQ(got, std::min(out.size(), there));
        ASSERT_EQ(as_text(ByteView(out).first(got)),
                  std::string_view(text).substr(std::min(at, text.size()), got));
    }
}

TEST(EncryptedFileSystem, IsAesInCounterModeBehindItsHead) {
    const Bed bed;
    const std::string text = text_of(1000, 1);
    bed.write("/file", text);
    const std::string raw = bed.raw("/file");
    EXPECT_EQ(raw.substr(0, 8), "CATDBEN\n");
    Bytes key(32);
    ASSERT_TRUE(internal::hkdf_sha256(store_key(), {}, as_bytes("catalog.kv.v1 cipher"), key));
    const auto octets = [](const auto& bytes) {
        return reinterpret_cast<const unsigned char*>(bytes.data());
    };
    const std::string nonce = raw.substr(16, 16);
    std::string expected(text.size(), '\0');
    int length = 0;
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    ASSERT_EQ(EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), nullptr, octets(key), octets(nonce)),
              1);
    ASSERT_EQ(EVP_EncryptUpdate(context, reinterpret_cast<unsigned char*>(expected.data()), &length,
                                octets(text), static_cast<int>(text.size())),
              1);
    EVP_CIPHER_CTX_free(context);
    EXPECT_EQ(to_hex(as_bytes(raw).subspan(kFileHeadBytes)), to_hex(as_bytes(expected)));
}

TEST(FileCipher, CountsAsOneNumberOf128Bits) {
    const auto cipher = must(FileCipher::make(store_key()));
    FileNonce nonce;
    nonce.fill(std::byte{0xff});
    nonce[15] = std::byte{0xfe};
    const std::string text = text_of(100, 2);
    Bytes whole(text.size());
    must(cipher->apply(nonce, 0, as_bytes(text), whole));
    for (std::size_t at = 0; at < text.size(); ++at) {
        Bytes part(text.size() - at);
        must(cipher->apply(nonce, at, as_bytes(text).subspan(at), part));
        ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<long>(at)));
    }
    // Far away in the file.
    const std::uint64_t far = (std::uint64_t{1} << 40) + 5;
    must(cipher->apply(nonce, far, as_bytes(text), whole));
    must(cipher->apply(nonce, far, whole, whole));
    EXPECT_EQ(as_text(whole), text);
}

TEST(EncryptedFileSystem, UsesAnotherStreamForEachFile) {
    const Bed bed;
    const std::string zeros(4096, '\0');
    bed.write("/a", zeros);
    bed.write("/b", zeros);
    const std::string first = bed.raw("/a");
    bed.write("/a", zeros);
    const std::string again = bed.raw("/a");
    EXPECT_NE(first.substr(kFileHeadBytes), bed.raw("/b").substr(kFileHeadBytes));
    EXPECT_NE(first.substr(kFileHeadBytes), again.substr(kFileHeadBytes));
}

TEST(EncryptedFileSystem, NeverEncryptsTwiceAtOnePlace) {
    const Bed bed;
    bed.write("/file", "some text");
    for (const OpenMode mode : {OpenMode::kAppend, OpenMode::kReadWrite}) {
        const auto file = must(bed.fs->open_write("/file", mode));
        EXPECT_EQ(code_of(file->append(as_bytes("x"))), Errc::kUnsupported);
        EXPECT_EQ(code_of(file->write_at(0, as_bytes("x"))), Errc::kUnsupported);
        EXPECT_TRUE(file->sync());
    }
    EXPECT_EQ(must(io::read_file(*bed.fs, "/file", 100)), "some text");
    const auto file = must(bed.fs->open_write("/other", OpenMode::kCreateNew));
    must(file->append(as_bytes("some text")));
    must(file->truncate(9));
    must(file->append(as_bytes("!")));
    must(file->truncate(4));
    EXPECT_EQ(code_of(file->append(as_bytes("x"))), Errc::kUnsupported);
    EXPECT_EQ(must(io::read_file(*bed.fs, "/other", 100)), "some");
    EXPECT_EQ(code_of(bed.fs->map("/file", 0, 4)), Errc::kUnsupported);
    EXPECT_EQ(code_of(bed.fs->open_directory("/")), Errc::kUnsupported);
}

TEST(EncryptedFileSystem, StopsAfterAnAppendThatFailed) {
    const Bed bed;
    const auto file = must(bed.fs->open_write("/file", OpenMode::kTruncate));
    must(file->append(as_bytes("one")));
    bed.disk->fail_next(io::testing::FileOperation::kAppend, "/file", io::testing::Fault{});
    EXPECT_FALSE(file->append(as_bytes("two")));
    // Part of it may stand there: going on would encrypt other bytes with that stream.
    EXPECT_EQ(code_of(file->append(as_bytes("three"))), Errc::kUnsupported);
}

TEST(EncryptedFileSystem, TakesAFileWithoutAWholeHeadForEmpty) {
    const Bed bed;
    bed.write("/file", "some text");
    const std::string raw = bed.raw("/file");
    for (std::size_t size = 0; size <= kFileHeadBytes; ++size) {
        must(io::write_file_durably(*bed.disk, "/cut", as_bytes(raw).first(size)));
        EXPECT_EQ(must(bed.fs->info("/cut")).size, 0u);
        EXPECT_EQ(must(io::read_file(*bed.fs, "/cut", 100)), "");
    }
    // A crash may keep a length and lose the bytes.
    must(io::write_file_durably(*bed.disk, "/cut", as_bytes(std::string(kFileHeadBytes, '\0'))));
    EXPECT_EQ(must(io::read_file(*bed.fs, "/cut", 100)), "");
    // Whoever has it open sees it grow.
    must(io::write_file_durably(*bed.disk, "/grows", {}));
    const auto reader = must(bed.fs->open_read("/grows"));
    Bytes out(100);
    EXPECT_EQ(must(reader->read_at(0, out)), 0u);
    const auto writer = must(bed.disk->open_write("/grows", OpenMode::kReadWrite));
    must(writer->append(as_bytes(raw)));
    EXPECT_EQ(must(reader->read_at(0, out)), 9u);
}

TEST(EncryptedFileSystem, NoticesDamageToTheHead) {
    const Bed bed;
    bed.write("/file", "some text");
    const std::string raw = bed.raw("/file");
    for (std::size_t bit = 0; bit < kFileHeadBytes * 8; ++bit) {
        std::string flipped = raw;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        must(io::write_file_durably(*bed.disk, "/file", as_bytes(flipped)));
        ASSERT_EQ(code_of(io::read_file(*bed.fs, "/file", 100)), Errc::kDatabaseCorrupt) << bit;
    }
}

TEST(EncryptedFileSystem, TellsAWrongKeyFromDamage) {
    const Bed bed;
    bed.write("/file", "some text");
    const auto other = Bed::over(bed.disk, as_bytes("another key of thirty-two bytes."));
    EXPECT_EQ(code_of(io::read_file(*other, "/file", 100)), Errc::kKeyInvalid);
    EXPECT_EQ(code_of(FileCipher::make(as_bytes("short"))), Errc::kInvalidArgument);
}

TEST(EncryptedFileSystem, SyncsTheHeadOfALog) {
    const Bed bed;
    must(bed.fs->make_directories("/db"));
    const auto log = must(bed.fs->open_write("/db/000012.log", OpenMode::kTruncate));
    const auto table = must(bed.fs->open_write("/db/000013.sst", OpenMode::kTruncate));
    must(bed.disk->sync_directory("/db"));
    must(bed.disk->sync_directory("/"));
    const auto after = bed.disk->recover(io::testing::CrashPolicy::kDropUnsynced);
    EXPECT_EQ(must(after->info("/db/000012.log")).size, kFileHeadBytes);
    EXPECT_EQ(must(after->info("/db/000013.sst")).size, 0u);
}

}  // namespace
}  // namespace catalog::kv
