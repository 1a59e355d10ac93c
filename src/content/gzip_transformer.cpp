// Transformers to and from gzip (RFC 1952), by zlib.

#include <zlib.h>

#include <algorithm>
#include <string>

#include "catalog/content/content_transformer.hpp"

namespace catalog::content {
namespace {

// The window of 32 KiB that every reader of gzip has; 16 more stands for gzip's frame.
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kGzipMemoryLevel = 8;  // zlib's own choice.
constexpr int kUnknownSystem = 255;
// zlib counts in 32 bits.
constexpr std::size_t kZlibBytesMax = 1u << 30;

// What zlib calls a stream: where it is in input and output, and what it keeps between.
class ZlibStream {
public:
    using End = int (*)(z_stream*);
    explicit ZlibStream(End end) : end_(end) {}
    ~ZlibStream() {
        if (begun_) end_(&stream_);
    }
    ZlibStream(const ZlibStream&) = delete;
    ZlibStream& operator=(const ZlibStream&) = delete;

    [[nodiscard]] bool begun() const noexcept { return begun_; }
    void set_begun() noexcept { begun_ = true; }
    [[nodiscard]] z_stream* get() noexcept { return &stream_; }

    // Calls `work` and returns how far it came.
    template <class Work>
    ContentTransformer::Step run(ByteView in, std::span<std::byte> out, const Work& work) {
        const auto in_bytes = static_cast<uInt>(std::min(in.size(), kZlibBytesMax));
        const auto out_bytes = static_cast<uInt>(std::min(out.size(), kZlibBytesMax));
        // zlib's type says that it writes there, and zlib that it does not.
        // NOLINTNEXTLINE(*-const-cast)
        stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
        stream_.avail_in = in_bytes;
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = out_bytes;
        work(stream_);
        return {in_bytes - stream_.avail_in, out_bytes - stream_.avail_out, false};
    }

private:
    End end_;
    z_stream stream_{};
    bool begun_ = false;
};

tl::unexpected<Error> gzip_error(Errc code, const std::string& what, std::string_view name) {
    return fail(Error(code, what).with_input(std::string(name)));
}

class GzipCompression final : public ContentTransformer {
public:
    explicit GzipCompression(int level) : level_(std::clamp(level, 1, 9)) {}

    std::string_view name() const noexcept override { return "gzip compression"; }

    Result<Step> step(ByteView in, bool is_last, std::span<std::byte> out) override {
        if (!stream_.begun()) {
            if (deflateInit2(stream_.get(), level_, Z_DEFLATED, kGzipWindowBits, kGzipMemoryLevel,
                             Z_DEFAULT_STRATEGY) != Z_OK)
                return gzip_error(Errc::kOutOfMemory, "zlib got no memory to compress", name());
            stream_.set_begun();
            header_.os = kUnknownSystem;
            deflateSetHeader(stream_.get(), &header_);
        }
        const bool finish = is_last && in.size() <= kZlibBytesMax;
        int answer = Z_OK;
        Step step = stream_.run(in, out, [&](z_stream& stream) {
            answer = deflate(&stream, finish ? Z_FINISH : Z_NO_FLUSH);
        });
        step.ended = answer == Z_STREAM_END;
        return step;
    }

private:
    int level_;
    gz_header header_{};
    ZlibStream stream_{deflateEnd};
};

class GzipDecompression final : public ContentTransformer {
public:
    explicit GzipDecompression(std::uint64_t bytes_max) : left_(bytes_max), bytes_max_(bytes_max) {}

    std::string_view name() const noexcept override { return "gzip decompression"; }

    Result<Step> step(ByteView in, bool is_last, std::span<std::byte> out) override {
        if (!stream_.begun()) {
            if (inflateInit2(stream_.get(), kGzipWindowBits) != Z_OK)
                return gzip_error(Errc::kOutOfMemory, "zlib got no memory to decompress", name());
            stream_.set_begun();
        }
        Step step;
        if (!in.empty() || inside_) {
            // Another member may follow.
            if (!inside_) inflateReset(stream_.get());
            inside_ = begun_ = true;
            int answer = Z_OK;
            step = stream_.run(in, out,
                               [&](z_stream& stream) { answer = inflate(&stream, Z_NO_FLUSH); });
            if (answer == Z_MEM_ERROR)
                return gzip_error(Errc::kOutOfMemory, "zlib got no memory to decompress", name());
            // Z_BUF_ERROR: there was nothing to take, or no room.
            if (answer != Z_OK && answer != Z_STREAM_END && answer != Z_BUF_ERROR)
                return malformed(stream_.get()->msg != nullptr ? stream_.get()->msg
                                                               : "it needs a dictionary");
            inside_ = answer != Z_STREAM_END;
        }
        if (step.given > left_)
            return fail(
                Error(Errc::kLimitExceeded,
                      "content decompresses to more than " + std::to_string(bytes_max_) + " bytes",
                      LimitDetail{"bytes_max", bytes_max_, bytes_max_ + 1})
                    .with_input(std::string(name())));
        left_ -= step.given;
        const bool all_taken = is_last && step.taken == in.size();
        if (all_taken && step.given == 0 && (inside_ || !begun_))
            return malformed("it is cut short");
        step.ended = all_taken && !inside_;
        return step;
    }

private:
    Result<Step> malformed(const char* what) const {
        return gzip_error(Errc::kDecompression, std::string("content is no gzip member: ") + what,
                          name());
    }

    std::uint64_t left_;
    std::uint64_t bytes_max_;
    ZlibStream stream_{inflateEnd};
    bool begun_ = false;
    bool inside_ = false;  ///< Of a member.
};

}  // namespace

std::unique_ptr<ContentTransformer> make_gzip_compression(int level) {
    return std::make_unique<GzipCompression>(level);
}

std::unique_ptr<ContentTransformer> make_gzip_decompression(std::uint64_t bytes_max) {
    return std::make_unique<GzipDecompression>(bytes_max);
}

}  // namespace catalog::content
