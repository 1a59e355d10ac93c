#include "catalog/content/content_transformer.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "zstd_handles.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kInputBytes = 64u << 10;
constexpr int kWindowLogMax = 23;

// A source that pulls through a transformer.
class TransformedSource {
public:
    TransformedSource(ByteSource source, std::unique_ptr<ContentTransformer> transformer)
        : source_(std::move(source)), transformer_(std::move(transformer)), input_(kInputBytes) {}

    Result<std::size_t> read(std::span<std::byte> out) {
        if (error_) return fail(*error_);
        auto count = pull(out);
        if (!count) error_ = count.error();
        return count;
    }

private:
    Result<std::size_t> pull(std::span<std::byte> out) {
        while (!ended_ && !out.empty()) {
            if (begin_ == end_ && !source_ended_) CATALOG_TRY_VOID(fetch());
            const ByteView in = ByteView(input_).subspan(begin_, end_ - begin_);
            CATALOG_TRY(const ContentTransformer::Step step,
                        transformer_->step(in, source_ended_, out));
            if (step.taken > in.size() || step.given > out.size()) return broken("takes too much");
            begin_ += step.taken;
            ended_ = step.ended;
            if (ended_) CATALOG_TRY_VOID(check_end());
            if (step.given != 0) return step.given;
            if (ended_ || step.taken != 0) continue;
            if (source_ended_ || end_ - begin_ == input_.size()) return broken("does not go on");
            CATALOG_TRY_VOID(fetch());
        }
        return 0;
    }

    Result<void> fetch() {
        std::copy(input_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  input_.begin() + static_cast<std::ptrdiff_t>(end_), input_.begin());
        end_ -= std::exchange(begin_, 0);
        CATALOG_TRY(const std::size_t count, source_(std::span(input_).subspan(end_)));
        end_ += count;
        source_ended_ = count == 0;
        return {};
    }

    Result<void> check_end() {
        if (begin_ == end_ && !source_ended_) CATALOG_TRY_VOID(fetch());
        if (begin_ == end_) return {};
        return fail(Error(Errc::kContentCorrupted, "there are bytes behind the end of the content")
                        .with_input(std::string(transformer_->name())));
    }

    Result<std::size_t> broken(const char* what) const {
        return fail(Error(Errc::kInternal, std::string("a transformer of content ") + what)
                        .with_input(std::string(transformer_->name())));
    }

    ByteSource source_;
    std::unique_ptr<ContentTransformer> transformer_;
    Bytes input_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool source_ended_ = false;
    bool ended_ = false;
    std::optional<Error> error_;
};

class ZstdCompression final : public ContentTransformer {
public:
    explicit ZstdCompression(int level) : level_(std::clamp(level, 1, 19)) {}

    std::string_view name() const noexcept override { return "zstd compression"; }

    Result<Step> step(ByteView in, bool is_last, std::span<std::byte> out) override {
        if (!context_) {
            context_.reset(ZSTD_createCCtx());
            if (!context_) return fail(Errc::kOutOfMemory, "zstd got no memory to compress");
            ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level_);
            ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
        }
        ZSTD_inBuffer input{in.data(), in.size(), 0};
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        const std::size_t left = ZSTD_compressStream2(context_.get(), &output, &input,
                                                      is_last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left) != 0)
            return fail(Error(Errc::kOutOfMemory,
                              std::string("zstd cannot compress: ") + ZSTD_getErrorName(left))
                            .with_input(std::string(name())));
        return Step{input.pos, output.pos, is_last && left == 0};
    }

private:
    int level_;
    ZstdOwner<ZSTD_CCtx> context_;
};

class ZstdDecompression final : public ContentTransformer {
public:
    explicit ZstdDecompression(std::uint64_t bytes_max) : left_(bytes_max), bytes_max_(bytes_max) {}

    std::string_view name() const noexcept override { return "zstd decompression"; }

    Result<Step> step(ByteView in, bool is_last, std::span<std::byte> out) override {
        if (!context_) {
            context_.reset(ZSTD_createDCtx());
            if (!context_) return fail(Errc::kOutOfMemory, "zstd got no memory to decompress");
            ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
        }
        ZSTD_inBuffer input{in.data(), in.size(), 0};
        ZSTD_outBuffer output{out.data(), out.size(), 0};
        if (!in.empty() || inside_) {
            if (!begins_as_frame(in)) return malformed("it does not begin as one");
            const std::size_t hint = ZSTD_decompressStream(context_.get(), &output, &input);
            if (ZSTD_isError(hint) != 0) return malformed(ZSTD_getErrorName(hint));
            inside_ = hint != 0;
            if (!inside_) start_bytes_ = 0;
            begun_ = true;
        }
        if (output.pos > left_)
            return fail(
                Error(Errc::kLimitExceeded,
                      "content decompresses to more than " + std::to_string(bytes_max_) + " bytes",
                      LimitDetail{"bytes_max", bytes_max_, bytes_max_ + 1})
                    .with_input(std::string(name())));
        left_ -= output.pos;
        const bool all_taken = is_last && input.pos == in.size();
        if (all_taken && output.pos == 0 && (inside_ || !begun_))
            return malformed("it is cut short");
        return Step{input.pos, output.pos, all_taken && !inside_};
    }

private:
    // Of a frame of RFC 8878 or one to be skipped. zstd knows older kinds as well, but only where
    // the first four bytes come at once.
    bool begins_as_frame(ByteView in) noexcept {
        if (start_bytes_ == 0) start_ = 0;
        for (; start_bytes_ < sizeof start_ && !in.empty(); ++start_bytes_, in = in.subspan(1))
            start_ |= static_cast<std::uint32_t>(in.front()) << (8 * start_bytes_);
        const std::uint32_t known = start_bytes_ < sizeof start_
                                        ? (std::uint32_t{1} << (8 * start_bytes_)) - 1
                                        : ~std::uint32_t{0};
        return ((start_ ^ ZSTD_MAGICNUMBER) & known) == 0 ||
               ((start_ ^ ZSTD_MAGIC_SKIPPABLE_START) & known & ZSTD_MAGIC_SKIPPABLE_MASK) == 0;
    }

    Result<Step> malformed(const char* what) const {
        return fail(Error(Errc::kDecompression, std::string("content is no zstd frame: ") + what)
                        .with_input(std::string(name())));
    }

    std::uint64_t left_;
    std::uint64_t bytes_max_;
    ZstdOwner<ZSTD_DCtx> context_;
    std::uint32_t start_ = 0;      ///< The first bytes of the frame, little-endian.
    std::size_t start_bytes_ = 0;  ///< So many of them, at most four.
    bool begun_ = false;
    bool inside_ = false;  ///< Of a frame.
};

class LineEndings final : public ContentTransformer {
public:
    explicit LineEndings(LineEnding ending) : ending_(ending) {}

    std::string_view name() const noexcept override { return "line endings"; }

    Result<Step> step(ByteView in, bool is_last, std::span<std::byte> out) override {
        constexpr auto kCr = std::byte{'\r'};
        constexpr auto kLf = std::byte{'\n'};
        Step step;
        const auto give = [&](std::byte byte) { out[step.given++] = byte; };
        if (owes_lf_) {
            give(kLf);
            owes_lf_ = false;
        }
        while (step.taken < in.size() && step.given < out.size()) {
            const std::byte byte = in[step.taken];
            const bool has_next = step.taken + 1 < in.size();
            // Whether it ends a line is told by the byte behind it.
            if (byte == kCr && !has_next && !is_last) break;
            const bool is_pair = byte == kCr && has_next && in[step.taken + 1] == kLf;
            step.taken += is_pair ? 2 : 1;
            if (byte != kLf && !is_pair) {
                give(byte);
                continue;
            }
            if (ending_ == LineEnding::kCrLf) give(kCr);
            owes_lf_ = step.given == out.size();
            if (!owes_lf_) give(kLf);
        }
        step.ended = is_last && step.taken == in.size() && !owes_lf_;
        return step;
    }

private:
    LineEnding ending_;
    bool owes_lf_ = false;  ///< There was no room for it.
};

}  // namespace

ByteSource transformed(ByteSource source, std::unique_ptr<ContentTransformer> transformer) {
    const auto made =
        std::make_shared<TransformedSource>(std::move(source), std::move(transformer));
    return [made](std::span<std::byte> out) { return made->read(out); };
}

ByteSource transformed(ByteSource source,
                       std::vector<std::unique_ptr<ContentTransformer>> transformers) {
    for (auto& transformer : transformers)
        source = transformed(std::move(source), std::move(transformer));
    return source;
}

std::unique_ptr<ContentTransformer> make_zstd_compression(int level) {
    return std::make_unique<ZstdCompression>(level);
}

std::unique_ptr<ContentTransformer> make_zstd_decompression(std::uint64_t bytes_max) {
    return std::make_unique<ZstdDecompression>(bytes_max);
}

std::unique_ptr<ContentTransformer> make_line_endings(LineEnding ending) {
    return std::make_unique<LineEndings>(ending);
}

}  // namespace catalog::content
