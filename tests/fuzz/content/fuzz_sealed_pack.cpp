// A sealed pack under a known key, so that what is behind the tags is met: the input as what stands
// behind a right header, and as records in the clear that are sealed first, index pages too. Every
// call answers or says damage, and what is opened is what its header promises.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "catalog/content/compressor.hpp"
#include "catalog/content/storage_backend.hpp"
#include "catalog/internal/crc32c.hpp"
#include "one_file.hpp"
#include "page_cipher.hpp"
#include "record_cipher.hpp"
#include "record_layout.hpp"

namespace {

using namespace catalog;
using namespace catalog::content;

void require(bool condition) {
    if (!condition) std::abort();
}

template <class T>
T must_have(Result<T> result) {
    require(result.has_value());
    return *std::move(result);
}

// The same in every run: a corpus holds what was sealed before.
class FuzzRandom final : public Random {
public:
    Result<void> fill(std::span<std::byte> out) override {
        for (std::byte& byte : out) byte = static_cast<std::byte>(next_ = next_ * 29 + 17);
        return {};
    }

private:
    std::uint32_t next_ = 1;
};

std::shared_ptr<const StoreEncryption> fuzz_encryption() {
    auto encryption = std::make_shared<StoreEncryption>();
    encryption->random = std::make_shared<FuzzRandom>();
    encryption->keys.add(KeyGeneration{1}, must_have(StoreKey::generate(*encryption->random)));
    return encryption;
}

constexpr PackId kPack{1};
constexpr std::size_t kHeaderCrcAt = 52;
constexpr std::size_t kStoredBytesAt = 12;
constexpr std::size_t kCodecAt = 4;

// Seals records one after the other; the length that a header says may be a lie.
class FuzzPack {
public:
    explicit FuzzPack(const StoreEncryption& store)
        : store_(store),
          cipher_(must_have(RecordCipher::create(store.keys, store.store, kPack, *store.random,
                                                 CipherAlgorithm::kChaCha20Poly1305))),
          sealer_(cipher_, store.random) {
        PackHeader header;
        header.pack = kPack;
        header.cipher = cipher_->header();
        bytes_ = encode_pack_header(header);
    }

    void add_records(ByteView in) {
        while (in.size() >= kRecordHeaderBytes) {
            std::array<std::byte, kRecordHeaderBytes> header{};
            std::copy_n(in.begin(), header.size(), header.begin());
            in = in.subspan(header.size());
            std::string crc;
            append_le(crc, internal::crc32c(ByteView(header).first(kHeaderCrcAt)));
            std::copy_n(as_bytes(crc).begin(), crc.size(), header.begin() + kHeaderCrcAt);
            const auto stored = load_le<std::uint32_t>(header.data() + kStoredBytesAt);
            const ByteView payload = in.first(std::min<std::size_t>(stored, in.size()));
            in = in.subspan(payload.size());
            if (header[kCodecAt] == static_cast<std::byte>(Codec::kIndex))
                add_index(header, payload);
            else if (!payload.empty() && payload.size() <= kChunkBytesMax)
                add_record(header, payload);
        }
    }
    [[nodiscard]] std::string& bytes() { return bytes_; }

private:
    using Header = std::array<std::byte, kRecordHeaderBytes>;

    void add_record(const Header& header, ByteView payload) {
        Bytes out(sealed_record_bytes(static_cast<std::uint32_t>(payload.size())));
        require(sealer_.seal(bytes_.size(), header, payload, out).has_value());
        bytes_ += as_text(out);
    }
    void add_index(const Header& header, ByteView pages) {
        std::array<std::byte, kSealedIndexHeadBytes> head{};
        require(
            sealer_.seal_header(bytes_.size(), header, std::span(head).first<kSealedHeaderBytes>())
                .has_value());
        bytes_ += as_text(head);
        const IndexRunInfo info{store_.store, RunOrigin::kPackFooter, 1};
        const auto cipher = must_have(
            make_page_cipher(store_.keys, info, store_.random, CipherAlgorithm::kChaCha20Poly1305));
        for (std::uint64_t page = 0; pages.size() >= kIndexPageBytes; ++page) {
            Bytes sealed = to_bytes(pages.first(kIndexPageBytes));
            pages = pages.subspan(kIndexPageBytes);
            require(cipher->seal(page, IndexPage(sealed)).has_value());
            bytes_ += as_text(sealed);
        }
        bytes_.append((kRecordAlignment - bytes_.size() % kRecordAlignment) % kRecordAlignment,
                      '\0');
    }

    const StoreEncryption& store_;
    std::shared_ptr<const RecordCipher> cipher_;
    RecordSealer sealer_;
    std::string bytes_;
};

class Reading final : public PackVisitor {
public:
    explicit Reading(StorageBackend& backend) : backend_(backend) {}

    Result<void> record(const ChunkLocation& location, const RecordHeader& header,
                        ByteView payload) override {
        require(payload.size() == header.stored_bytes);
        const auto peeked = backend_.peek(location);
        require(peeked && *peeked == header);
        Bytes buffer;
        const auto read = backend_.read(location, buffer);
        require(read && std::equal(payload.begin(), payload.end(), read->payload.begin()));
        (void)backend_.base_of(location);
        Bytes plain;
        if (compressor_.decompress(header.codec, payload, header.plain_bytes, plain))
            require(plain.size() == header.plain_bytes);
        require(plain.size() <= kChunkBytesMax);
        return {};
    }
    Result<void> damage(PackId, std::uint64_t, std::uint64_t bytes, const std::string&) override {
        require(bytes > 0);
        return {};
    }

private:
    StorageBackend& backend_;
    Compressor compressor_;
};

void try_sealed(const std::string& bytes, const std::shared_ptr<const StoreEncryption>& store) {
    PackOptions options;
    options.encryption = store;
    const auto backend = make_pack_backend(std::make_shared<fuzz::OneFileSystem>(bytes), "packs",
                                           /*read_only=*/true, options);
    const PackMark mark{kPack, bytes.size(), true, 0};
    (void)backend->inspect(mark);
    Reading visitor(*backend);
    require(backend->scan(mark, visitor).has_value());
    BackendMarks marks;
    marks.packs = {mark};
    require(backend->refresh(store->store, marks).has_value());
    require(backend->for_each([](const IndexEntry&) -> Result<void> { return {}; }).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    {
        const auto store = fuzz_encryption();
        FuzzPack pack(*store);
        try_sealed(pack.bytes() + input, store);
    }
    const auto store = fuzz_encryption();
    FuzzPack pack(*store);
    pack.add_records(as_bytes(input));
    try_sealed(pack.bytes(), store);
    return 0;
}
