#include "catalog/content/dictionary.hpp"

#include <zdict.h>

#include <string>
#include <vector>

#include "dictionary_impl.hpp"

namespace catalog::content {

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

Result<Bytes> train_dictionary(std::span<const ByteView> samples) {
    Bytes joined;
    std::vector<std::size_t> sizes;
    for (const ByteView sample : samples) {
        if (joined.size() + sample.size() > kDictionarySampleBytesMax) break;
        joined.insert(joined.end(), sample.begin(), sample.end());
        sizes.push_back(sample.size());
    }
    Bytes dictionary(kDictionaryBytesMax);
    const std::size_t size =
        ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), joined.data(), sizes.data(),
                              static_cast<unsigned>(sizes.size()));
    if (ZDICT_isError(size) != 0)
        return fail(Errc::kInvalidArgument,
                    std::string("samples give no dictionary: ") + ZDICT_getErrorName(size));
    dictionary.resize(size);
    return dictionary;
}

}  // namespace catalog::content
