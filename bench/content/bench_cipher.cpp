// Sealing and opening records, index pages, ids and the files of the database, against OpenSSL
// called directly. What was sealed is opened and compared before anything is timed; the ways take
// turns, CPU time of the thread, the median of some turns.
//
//   bench_cipher

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/content/store_key.hpp"
#include "catalog/core/random.hpp"
#include "file_cipher.hpp"
#include "keyed_ids.hpp"
#include "page_cipher.hpp"
#include "record_cipher.hpp"

namespace {

using catalog::Bytes;
using catalog::ByteView;
namespace content = catalog::content;
namespace kv = catalog::kv;

constexpr std::size_t kTotalBytes = std::size_t{16} << 20;
constexpr int kTurns = 15;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "wrong: %s\n", what);
    std::exit(1);
}

unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}

Bytes random_bytes(std::size_t size) {
    Bytes bytes(size);
    require(catalog::make_system_random()->fill(bytes).has_value(), "random bytes");
    return bytes;
}

struct Way {
    std::string name;
    std::function<void()> run;
    std::vector<double> seconds = {};
};

// Runs the ways in turns and returns the median of each, seconds.
std::vector<double> medians(std::vector<Way> ways) {
    for (Way& way : ways) way.run();
    for (int turn = 0; turn < kTurns; ++turn)
        for (Way& way : ways) {
            const double start = cpu_seconds();
            way.run();
            way.seconds.push_back(cpu_seconds() - start);
        }
    std::vector<double> result;
    for (Way& way : ways) {
        std::sort(way.seconds.begin(), way.seconds.end());
        result.push_back(way.seconds[way.seconds.size() / 2]);
    }
    return result;
}

// OpenSSL with one context that keeps its key, and a nonce for each message.
class Peer {
public:
    explicit Peer(content::CipherAlgorithm algorithm) : key_(random_bytes(32)) {
        const auto* cipher = algorithm == content::CipherAlgorithm::kAes256Gcm
                                 ? EVP_aes_256_gcm()
                                 : EVP_chacha20_poly1305();
        EVP_EncryptInit_ex(seal_, cipher, nullptr, raw(key_.data()), nullptr);
        EVP_DecryptInit_ex(open_, cipher, nullptr, raw(key_.data()), nullptr);
    }
    ~Peer() {
        EVP_CIPHER_CTX_free(seal_);
        EVP_CIPHER_CTX_free(open_);
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void seal(const std::byte* nonce, ByteView plain, std::byte* out) {
        int length = 0;
        EVP_EncryptInit_ex(seal_, nullptr, nullptr, nullptr, raw(nonce));
        EVP_EncryptUpdate(seal_, nullptr, &length, raw(aad_), sizeof aad_);
        EVP_EncryptUpdate(seal_, raw(out), &length, raw(plain.data()),
                          static_cast<int>(plain.size()));
        EVP_EncryptFinal_ex(seal_, raw(out) + plain.size(), &length);
        EVP_CIPHER_CTX_ctrl(seal_, EVP_CTRL_AEAD_GET_TAG, 16, raw(out) + plain.size());
    }
    bool open(const std::byte* nonce, const std::byte* sealed, std::size_t size, std::byte* out) {
        int length = 0;
        std::byte tag[16];
        std::memcpy(tag, sealed + size, sizeof tag);
        EVP_DecryptInit_ex(open_, nullptr, nullptr, nullptr, raw(nonce));
        EVP_DecryptUpdate(open_, nullptr, &length, raw(aad_), sizeof aad_);
        EVP_DecryptUpdate(open_, raw(out), &length, raw(sealed), static_cast<int>(size));
        EVP_CIPHER_CTX_ctrl(open_, EVP_CTRL_AEAD_SET_TAG, 16, tag);
        return EVP_DecryptFinal_ex(open_, raw(out) + size, &length) == 1;
    }

private:
    Bytes key_;
    std::byte aad_[40] = {};
    EVP_CIPHER_CTX* seal_ = EVP_CIPHER_CTX_new();
    EVP_CIPHER_CTX* open_ = EVP_CIPHER_CTX_new();
};

content::StoreKeyRing make_ring() {
    content::StoreKeyRing ring;
    const auto random = catalog::make_system_random();
    const auto key = content::StoreKey::generate(*random);
    require(key.has_value(), "a store's key");
    ring.add(content::KeyGeneration{1}, *key);
    return ring;
}

void bench_records(content::CipherAlgorithm algorithm, std::size_t payload_bytes) {
    const auto random = catalog::make_system_random();
    const auto made =
        content::RecordCipher::create(make_ring(), {}, content::PackId{1}, *random, algorithm);
    require(made.has_value(), "a pack's cipher");
    const content::RecordCipher& cipher = **made;
    content::RecordSealer sealer(*made, random);

    const std::size_t count = kTotalBytes / payload_bytes;
    const Bytes plain = random_bytes(kTotalBytes);
    const Bytes header_bytes = random_bytes(content::kRecordHeaderBytes);
    const std::span<const std::byte, content::kRecordHeaderBytes> header(header_bytes);
    const std::size_t stride =
        content::sealed_record_bytes(static_cast<std::uint32_t>(payload_bytes));
    Bytes sealed(count * stride);
    Bytes opened(kTotalBytes);
    Bytes opened_header(content::kRecordHeaderBytes);

    const auto payload = [&](std::size_t i) {
        return ByteView(plain).subspan(i * payload_bytes, payload_bytes);
    };
    const auto record = [&](std::size_t i) {
        return std::span(sealed).subspan(i * stride, stride);
    };
    const auto seal = [&] {
        for (std::size_t i = 0; i < count; ++i)
            require(sealer.seal(i * stride, header, payload(i), record(i)).has_value(), "seal");
    };
    const auto open = [&] {
        for (std::size_t i = 0; i < count; ++i) {
            const ByteView bytes = record(i);
            require(
                cipher.open_header(i * stride, bytes,
                                   std::span<std::byte, content::kRecordHeaderBytes>(opened_header))
                        .has_value() &&
                    cipher
                        .open_payload(i * stride, bytes.first(content::kSealedHeaderBytes),
                                      bytes.subspan(content::kSealedHeaderBytes),
                                      std::span(opened).subspan(i * payload_bytes, payload_bytes))
                        .has_value(),
                "open");
        }
    };
    seal();
    open();
    require(opened == plain && opened_header == header_bytes, "what was opened");

    Peer peer(algorithm);
    const Bytes nonces = random_bytes(12 * count);
    const std::size_t peer_stride = payload_bytes + 16;
    Bytes peer_sealed(count * peer_stride);
    Bytes peer_header(content::kRecordHeaderBytes + 16);
    const auto nonce = [&](std::size_t i) { return nonces.data() + 12 * i; };
    const auto peer_seal = [&](bool with_header) {
        for (std::size_t i = 0; i < count; ++i) {
            if (with_header) peer.seal(nonce(i), header_bytes, peer_header.data());
            peer.seal(nonce(i), payload(i), peer_sealed.data() + i * peer_stride);
        }
    };
    const auto peer_open = [&](bool with_header) {
        for (std::size_t i = 0; i < count; ++i) {
            if (with_header)
                require(peer.open(nonce(count - 1), peer_header.data(), content::kRecordHeaderBytes,
                                  opened_header.data()),
                        "peer's header");
            require(peer.open(nonce(i), peer_sealed.data() + i * peer_stride, payload_bytes,
                              opened.data() + i * payload_bytes),
                    "peer's payload");
        }
    };
    peer_seal(true);
    const auto seconds = medians({{"seal", seal},
                                  {"EVP, header and payload", [&] { peer_seal(true); }},
                                  {"EVP, payload alone", [&] { peer_seal(false); }},
                                  {"open", open},
                                  {"EVP, header and payload", [&] { peer_open(true); }},
                                  {"EVP, payload alone", [&] { peer_open(false); }}});
    const auto rate = [&](std::size_t i) {
        return static_cast<double>(kTotalBytes) / seconds[i] / 1e9;
    };
    std::printf(
        "%-18s %7zu | seal %5.2f  EVP %5.2f (%4.2f)  payload %5.2f (%4.2f) | open %5.2f  "
        "EVP %5.2f (%4.2f)  payload %5.2f (%4.2f) GB/s\n",
        algorithm == content::CipherAlgorithm::kAes256Gcm ? "AES-256-GCM" : "ChaCha20-Poly1305",
        payload_bytes, rate(0), rate(1), rate(0) / rate(1), rate(2), rate(0) / rate(2), rate(3),
        rate(4), rate(3) / rate(4), rate(5), rate(3) / rate(5));
}

void bench_ids() {
    constexpr std::size_t kIds = 100'000;
    const Bytes key = random_bytes(32);
    const content::KeyedIds keyed(content::KeyView(key.data(), 32));
    std::vector<content::ChunkId> ids(kIds);
    const Bytes digests = random_bytes(kIds * 32);
    for (std::size_t i = 0; i < kIds; ++i)
        std::memcpy(ids[i].digest.data(), digests.data() + i * 32, 32);
    std::vector<content::ChunkId> out(kIds);
    std::vector<content::ChunkId> peer(kIds);
    const auto seconds =
        medians({{"keyed",
                  [&] {
                      for (std::size_t i = 0; i < kIds; ++i) out[i] = keyed.of(ids[i]);
                  }},
                 {"HMAC", [&] {
                      unsigned char message[33];
                      message[0] = 0x12;
                      for (std::size_t i = 0; i < kIds; ++i) {
                          std::memcpy(message + 1, ids[i].digest.data(), 32);
                          unsigned length = 0;
                          HMAC(EVP_sha256(), key.data(), 32, message, sizeof message,
                               raw(peer[i].digest.data()), &length);
                      }
                  }}});
    require(out == peer, "keyed ids");
    std::printf("keyed id %.3f us, OpenSSL's HMAC %.3f us\n", seconds[0] / kIds * 1e6,
                seconds[1] / kIds * 1e6);
}

void bench_pages() {
    constexpr std::size_t kPages = 4096;
    content::IndexRunInfo info;
    info.number = 1;
    const auto ring = make_ring();
    const auto cipher = content::make_page_cipher(ring, info, catalog::make_system_random());
    require(cipher.has_value(), "a page cipher");
    const Bytes plain = random_bytes(kPages * content::kIndexPageBytes);
    Bytes pages = plain;
    Bytes out(content::kIndexPageBytes);
    const auto page = [&](std::size_t i) {
        return content::IndexPage(pages.data() + i * content::kIndexPageBytes,
                                  content::kIndexPageBytes);
    };
    const auto seconds = medians(
        {{"seal",
          [&] {
              for (std::size_t i = 0; i < kPages; ++i)
                  require((*cipher)->seal(i, page(i)).has_value(), "seal a page");
          }},
         {"open", [&] {
              for (std::size_t i = 0; i < kPages; ++i)
                  require((*cipher)
                              ->open(i, page(i),
                                     content::IndexPage(out.data(), content::kIndexPageBytes))
                              .has_value(),
                          "open a page");
          }}});
    std::printf("index page: seal %.2f us, open %.2f us\n", seconds[0] / kPages * 1e6,
                seconds[1] / kPages * 1e6);
}

void bench_files(std::size_t piece) {
    const Bytes key = random_bytes(32);
    const auto cipher = kv::FileCipher::make(key);
    require(cipher.has_value(), "a file cipher");
    const kv::FileNonce nonce{};
    const Bytes plain = random_bytes(kTotalBytes);
    Bytes out(kTotalBytes);
    Bytes back(kTotalBytes);
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), nullptr, raw(key.data()), nullptr);
    const auto seconds =
        medians({{"apply",
                  [&] {
                      for (std::size_t at = 0; at < kTotalBytes; at += piece)
                          require((*cipher)
                                      ->apply(nonce, at, ByteView(plain).subspan(at, piece),
                                              std::span(out).subspan(at, piece))
                                      .has_value(),
                                  "apply");
                  }},
                 {"EVP", [&] {
                      for (std::size_t at = 0; at < kTotalBytes; at += piece) {
                          int length = 0;
                          EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, raw(nonce.data()));
                          EVP_EncryptUpdate(context, raw(back.data() + at), &length,
                                            raw(plain.data() + at), static_cast<int>(piece));
                      }
                  }}});
    EVP_CIPHER_CTX_free(context);
    require((*cipher)->apply(nonce, 0, out, back).has_value() && back == plain, "files");
    const double ours = static_cast<double>(kTotalBytes) / seconds[0] / 1e9;
    const double peers = static_cast<double>(kTotalBytes) / seconds[1] / 1e9;
    std::printf("database file, pieces of %6zu: %5.2f GB/s, EVP %5.2f GB/s (%4.2f)\n", piece, ours,
                peers, ours / peers);
}

}  // namespace

int main() {
    for (const auto algorithm :
         {content::CipherAlgorithm::kAes256Gcm, content::CipherAlgorithm::kChaCha20Poly1305})
        for (const std::size_t size : {std::size_t{4096}, std::size_t{16384}, std::size_t{65536}})
            bench_records(algorithm, size);
    bench_ids();
    bench_pages();
    for (const std::size_t piece : {std::size_t{8192}, std::size_t{65536}}) bench_files(piece);
}
