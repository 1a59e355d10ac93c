#include "catalog/content/dictionary.hpp"

// The trainer that takes its settings from the caller is there in every libzstd since 1.3.6.
// NOLINTNEXTLINE(readability-identifier-naming): the name is libzstd's.
#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <string>
#include <vector>

#include "catalog/merkle/hash.hpp"
#include "dictionary_impl.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kNumberAt = 4;
constexpr std::size_t kNumberEnd = 8;
constexpr std::uint32_t kMagic = 0xec30a437;
constexpr std::uint32_t kNumberMin = 1u << 15;
constexpr std::uint32_t kNumberEndOfFree = 1u << 31;
constexpr std::size_t kTrainedBytesMin = 1024;

// What samples share lies in few long stretches: one look at places of eight bytes finds what the
// search over several settings of ZDICT_trainFromBuffer does, in a tenth of its time.
constexpr unsigned kStretchBytesMin = 64;
constexpr unsigned kStretchBytesMax = 1024;
constexpr unsigned kPlaceBytes = 8;
constexpr unsigned kTableLog = 18;

std::size_t train(std::span<std::byte> out, const Bytes& joined,
                  const std::vector<std::size_t>& sizes) {
    ZDICT_fastCover_params_t settings{};
    settings.k =
        std::clamp(static_cast<unsigned>(out.size()) / 16, kStretchBytesMin, kStretchBytesMax);
    settings.d = kPlaceBytes;
    settings.f = kTableLog;
    settings.accel = 1;
    settings.splitPoint = 1.0;
    return ZDICT_trainFromBuffer_fastCover(out.data(), out.size(), joined.data(), sizes.data(),
                                           static_cast<unsigned>(sizes.size()), settings);
}

}  // namespace

Dictionary::Dictionary(std::unique_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
Dictionary::~Dictionary() = default;

std::uint32_t Dictionary::number() const noexcept { return impl_->number; }

Result<std::shared_ptr<const Dictionary>> Dictionary::load(ByteView bytes, int level) {
    if (bytes.size() > kDictionaryBytesMax)
        return fail(Errc::kDecompression,
                    "dictionary has more than " + std::to_string(kDictionaryBytesMax) + " bytes");
    auto impl = std::make_unique<Impl>();
    impl->number = ZSTD_getDictID_fromDict(bytes.data(), bytes.size());
    if (impl->number == 0)
        return fail(Errc::kDecompression, "bytes are not a zstd dictionary with a number");
    // Tables that do not hold together are refused here.
    impl->decompression.reset(ZSTD_createDDict(bytes.data(), bytes.size()));
    if (!impl->decompression)
        return fail(Errc::kDecompression, "zstd does not take the dictionary");
    if (level != 0) {
        impl->compression.reset(ZSTD_createCDict(bytes.data(), bytes.size(), zstd_level(level)));
        if (!impl->compression)
            return fail(Errc::kDecompression, "zstd does not take the dictionary");
    }
    return std::shared_ptr<const Dictionary>(new Dictionary(std::move(impl)));
}

Result<ContentHash> dictionary_id(ByteView bytes) {
    if (bytes.size() <= kNumberEnd || load_le<std::uint32_t>(bytes.data()) != kMagic)
        return fail(Errc::kDecompression, "bytes are not a trained dictionary");
    return merkle::hash_of(bytes.subspan(kNumberEnd));
}

std::uint32_t dictionary_number_of(const ContentHash& id) noexcept {
    const auto number = load_le<std::uint32_t>(id.digest.data());
    return kNumberMin + number % (kNumberEndOfFree - kNumberMin);
}

Result<Bytes> train_dictionary(std::span<const ByteView> samples, std::size_t bytes_max) {
    Bytes joined;
    std::vector<std::size_t> sizes;
    for (const ByteView sample : samples) {
        if (joined.size() + sample.size() > kDictionarySampleBytesMax) break;
        joined.insert(joined.end(), sample.begin(), sample.end());
        sizes.push_back(sample.size());
    }
    Bytes dictionary(std::clamp(bytes_max, kTrainedBytesMin, kDictionaryBytesMax));
    const std::size_t size = train(dictionary, joined, sizes);
    if (ZDICT_isError(size) != 0)
        return fail(Errc::kInvalidArgument,
                    std::string("samples give no dictionary: ") + ZDICT_getErrorName(size));
    dictionary.resize(size);
    CATALOG_TRY(const ContentHash id, dictionary_id(dictionary));
    const std::uint32_t number = dictionary_number_of(id);
    for (std::size_t i = 0; i < kNumberEnd - kNumberAt; ++i)
        dictionary[kNumberAt + i] = static_cast<std::byte>(number >> (8 * i));
    return dictionary;
}

}  // namespace catalog::content
