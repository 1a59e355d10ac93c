#include "segment_cold.hpp"

#include <zdict.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "catalog/internal/try.hpp"

namespace catalog::index {

namespace {

constexpr std::size_t kDictionaryBytes = 16u << 10;
constexpr std::size_t kSampleBytes = 256u << 10;
// Fewer texts have nothing to learn from.
constexpr std::size_t kSamplesMin = 1000;

struct FreeCompression {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};

tl::unexpected<Error> zstd_failed(std::size_t code) {
    return fail(Errc::kInternal,
                std::string("zstd did not compress a text: ") + ZSTD_getErrorName(code));
}

// Descriptions from all over the segment, so that the dictionary does not only know names that
// begin with one letter.
std::string train(const SegmentOrder& order) {
    std::string samples;
    std::vector<std::size_t> sizes;
    const std::size_t step = std::max<std::size_t>(1, order.docs.size() / (kSampleBytes / 64));
    for (std::size_t doc = 0; doc < order.docs.size(); doc += step) {
        const std::string_view text = DraftRow(order.docs[doc]).description();
        if (samples.size() + text.size() > kSampleBytes) break;
        if (text.empty()) continue;
        samples.append(text);
        sizes.push_back(text.size());
    }
    if (sizes.size() < kSamplesMin) return {};
    std::string dictionary(kDictionaryBytes, '\0');
    const std::size_t size =
        ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), samples.data(), sizes.data(),
                              static_cast<unsigned>(sizes.size()));
    dictionary.resize(ZDICT_isError(size) != 0 ? 0 : size);
    return dictionary;
}

class ColdWriter {
public:
    static Result<std::unique_ptr<ColdWriter>> make(std::string dictionary, int level) {
        auto writer = std::unique_ptr<ColdWriter>(new ColdWriter(std::move(dictionary)));
        if (writer->context_ == nullptr)
            return fail(Errc::kOutOfMemory, "no memory for compressing texts");
        ZSTD_CCtx* const context = writer->context_.get();
        // Lengths stand in the table of groups and sections have checksums.
        for (const auto& [parameter, value] :
             {std::pair(ZSTD_c_compressionLevel, level), std::pair(ZSTD_c_contentSizeFlag, 0),
              std::pair(ZSTD_c_checksumFlag, 0), std::pair(ZSTD_c_dictIDFlag, 0)})
            if (const std::size_t code = ZSTD_CCtx_setParameter(context, parameter, value);
                ZSTD_isError(code) != 0)
                return zstd_failed(code);
        if (!writer->dictionary_.empty()) {
            const std::size_t code = ZSTD_CCtx_loadDictionary(context, writer->dictionary_.data(),
                                                              writer->dictionary_.size());
            if (ZSTD_isError(code) != 0) return zstd_failed(code);
        }
        return writer;
    }

    Result<void> add(std::uint32_t doc, const DraftRow& row) {
        const std::size_t bytes = kColdRowHeadBytes + row.description().size() + row.rest().size();
        if (!plain_.empty() && plain_.size() + bytes > kColdGroupBytesMax)
            CATALOG_TRY_VOID(end_group());
        if (plain_.empty()) first_doc_ = doc;
        append_le(plain_, static_cast<std::uint32_t>(row.description().size()));
        append_le(plain_, static_cast<std::uint32_t>(row.rest().size()));
        plain_.append(row.description()).append(row.rest());
        return plain_.size() >= kColdGroupBytes ? end_group() : Result<void>();
    }

    Result<void> finish(SegmentFile& file, std::uint32_t docs) {
        if (!plain_.empty()) CATALOG_TRY_VOID(end_group());
        append_group(docs, 0);
        CATALOG_TRY_VOID(file.begin(SectionKind::kColdGroups));
        CATALOG_TRY_VOID(file.append(as_bytes(groups_)));
        CATALOG_TRY_VOID(file.begin(SectionKind::kColdBytes));
        CATALOG_TRY_VOID(file.append(as_bytes(packed_)));
        CATALOG_TRY_VOID(file.begin(SectionKind::kColdDictionary));
        return file.append(as_bytes(dictionary_));
    }

private:
    explicit ColdWriter(std::string dictionary)
        : dictionary_(std::move(dictionary)), context_(ZSTD_createCCtx()) {}

    void append_group(std::uint32_t first_doc, std::uint32_t plain_bytes) {
        append_le(groups_, first_doc);
        append_le(groups_, plain_bytes);
        append_le(groups_, std::uint64_t{packed_.size()});
    }

    Result<void> end_group() {
        append_group(first_doc_, static_cast<std::uint32_t>(plain_.size()));
        const std::size_t bound = ZSTD_compressBound(plain_.size());
        if (frame_.size() < bound) frame_.resize(bound);
        const std::size_t bytes = ZSTD_compress2(context_.get(), frame_.data(), frame_.size(),
                                                 plain_.data(), plain_.size());
        if (ZSTD_isError(bytes) != 0) return zstd_failed(bytes);
        // As many bytes as plain ones mean plain ones.
        packed_.append(bytes < plain_.size() ? std::string_view(frame_).substr(0, bytes)
                                             : std::string_view(plain_));
        plain_.clear();
        return {};
    }

    std::string dictionary_;
    std::unique_ptr<ZSTD_CCtx, FreeCompression> context_;
    std::string plain_;
    std::string frame_;
    std::string packed_;
    std::string groups_;
    std::uint32_t first_doc_ = 0;
};

}  // namespace

Result<void> write_cold(SegmentFile& file, const SegmentOrder& order, int level) {
    CATALOG_TRY(const auto writer, ColdWriter::make(train(order), level));
    const auto docs = static_cast<std::uint32_t>(order.docs.size());
    for (std::uint32_t doc = 0; doc < docs; ++doc) {
        order.prefetch_behind(doc);
        CATALOG_TRY_VOID(writer->add(doc, DraftRow(order.docs[doc])));
    }
    return writer->finish(file, docs);
}

}  // namespace catalog::index
