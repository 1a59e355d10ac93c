#include "catalog/content/content_validator.hpp"

#include <algorithm>
#include <array>
#include <catalog/internal/try.hpp>
#include <optional>
#include <utility>

#include "catalog/merkle/hash.hpp"

namespace catalog::content {
namespace {

constexpr std::size_t kMediaHeadBytes = 512;

class ValidatedSource {
public:
    ValidatedSource(ByteSource source, std::vector<std::unique_ptr<ContentValidator>> validators)
        : source_(std::move(source)), validators_(std::move(validators)) {}

    Result<std::size_t> read(std::span<std::byte> out) {
        if (error_) return fail(*error_);
        if (ended_ || out.empty()) return 0;
        auto count = pull(out);
        if (!count) error_ = count.error();
        return count;
    }

private:
    Result<std::size_t> pull(std::span<std::byte> out) {
        CATALOG_TRY(const std::size_t count, source_(out));
        for (const auto& validator : validators_) {
            const auto right =
                count == 0 ? validator->finish() : validator->update(out.first(count));
            if (!right) return fail(right.error().with_input(std::string(validator->name())));
        }
        ended_ = count == 0;
        return count;
    }

    ByteSource source_;
    std::vector<std::unique_ptr<ContentValidator>> validators_;
    bool ended_ = false;
    std::optional<Error> error_;
};

class SizeValidator final : public ContentValidator {
public:
    SizeValidator(std::uint64_t bytes_min, std::uint64_t bytes_max)
        : bytes_min_(bytes_min), bytes_max_(bytes_max) {}

    std::string_view name() const noexcept override { return "size"; }
    Result<void> update(ByteView bytes) override {
        if (bytes.size() > bytes_max_ - seen_)
            return fail(Errc::kLimitExceeded,
                        "content has more than " + std::to_string(bytes_max_) + " bytes",
                        LimitDetail{"bytes_max", bytes_max_, seen_ + bytes.size()});
        seen_ += bytes.size();
        return {};
    }
    Result<void> finish() override {
        if (seen_ >= bytes_min_) return {};
        return fail(Errc::kContentCorrupted, "content has " + std::to_string(seen_) +
                                                 " bytes, and should have " +
                                                 std::to_string(bytes_min_) + " or more");
    }

private:
    std::uint64_t bytes_min_;
    std::uint64_t bytes_max_;
    std::uint64_t seen_ = 0;
};

class DigestValidator final : public ContentValidator {
public:
    explicit DigestValidator(const ContentHash& expected)
        : expected_(expected), hasher_(expected.algorithm) {}

    std::string_view name() const noexcept override { return "digest"; }
    Result<void> update(ByteView bytes) override {
        hasher_.update(bytes);
        return {};
    }
    Result<void> finish() override {
        const ContentHash actual = hasher_.finish();
        if (actual == expected_) return {};
        return fail(Errc::kContentCorrupted, "content does not match its digest",
                    CorruptionDetail{expected_.to_string(), actual.to_string(), {}});
    }

private:
    ContentHash expected_;
    merkle::Hasher hasher_;
};

class MediaTypeValidator final : public ContentValidator {
public:
    explicit MediaTypeValidator(std::vector<std::string> allowed) : allowed_(std::move(allowed)) {}

    std::string_view name() const noexcept override { return "media type"; }
    Result<void> update(ByteView bytes) override {
        if (checked_) return {};
        const std::size_t taken = std::min(bytes.size(), kMediaHeadBytes - head_.size());
        head_.insert(head_.end(), bytes.begin(),
                     bytes.begin() + static_cast<std::ptrdiff_t>(taken));
        return head_.size() < kMediaHeadBytes ? Result<void>() : check();
    }
    Result<void> finish() override { return checked_ ? Result<void>() : check(); }

private:
    Result<void> check() {
        checked_ = true;
        const std::string_view type = media_type_of(head_);
        if (std::ranges::find(allowed_, type) != allowed_.end()) return {};
        std::string wanted;
        for (const std::string& each : allowed_) wanted += (wanted.empty() ? "" : " or ") + each;
        return fail(Errc::kContentCorrupted,
                    "content is " +
                        (type.empty() ? std::string("of no known type") : std::string(type)) +
                        ", and should be " + wanted);
    }

    std::vector<std::string> allowed_;
    Bytes head_;
    bool checked_ = false;
};

class CustomValidator final : public ContentValidator {
public:
    CustomValidator(std::string name, std::function<Result<void>(ByteView)> update,
                    std::function<Result<void>()> finish)
        : name_(std::move(name)), update_(std::move(update)), finish_(std::move(finish)) {}

    std::string_view name() const noexcept override { return name_; }
    Result<void> update(ByteView bytes) override { return update_(bytes); }
    Result<void> finish() override { return finish_ ? finish_() : Result<void>(); }

private:
    std::string name_;
    std::function<Result<void>(ByteView)> update_;
    std::function<Result<void>()> finish_;
};

struct MediaMagic {
    std::string_view type;
    std::size_t offset;
    std::string_view bytes;
};

// RFC 1952, 8878, 2083; APPNOTE 4.3.7; POSIX pax; ELF-64 object file format; WebAssembly core 5.5.
constexpr std::array<MediaMagic, 13> kMediaMagics{{{"application/gzip", 0, "\x1f\x8b"},
                                                   {"application/zip", 0, "PK\x03\x04"},
                                                   {"application/zstd", 0, "\x28\xb5\x2f\xfd"},
                                                   {"application/x-xz", 0,
                                                    "\xfd"
                                                    "7zXZ"},
                                                   {"application/x-bzip2", 0, "BZh"},
                                                   {"application/x-tar", 257, "ustar"},
                                                   {"application/x-elf", 0,
                                                    "\x7f"
                                                    "ELF"},
                                                   {"application/pdf", 0, "%PDF-"},
                                                   {"application/wasm", 0, {"\0asm", 4}},
                                                   {"image/png", 0, "\x89PNG\r\n\x1a\n"},
                                                   {"image/jpeg", 0, "\xff\xd8\xff"},
                                                   {"image/gif", 0, "GIF87a"},
                                                   {"image/gif", 0, "GIF89a"}}};

}  // namespace

ByteSource validated(ByteSource source, std::vector<std::unique_ptr<ContentValidator>> validators) {
    const auto made = std::make_shared<ValidatedSource>(std::move(source), std::move(validators));
    return [made](std::span<std::byte> out) { return made->read(out); };
}

std::unique_ptr<ContentValidator> make_size_validator(std::uint64_t bytes_min,
                                                      std::uint64_t bytes_max) {
    return std::make_unique<SizeValidator>(bytes_min, bytes_max);
}

std::unique_ptr<ContentValidator> make_digest_validator(const ContentHash& expected) {
    return std::make_unique<DigestValidator>(expected);
}

std::string_view media_type_of(ByteView head) noexcept {
    const std::string_view text = as_text(head);
    for (const MediaMagic& magic : kMediaMagics)
        if (text.size() >= magic.offset + magic.bytes.size() &&
            text.compare(magic.offset, magic.bytes.size(), magic.bytes) == 0)
            return magic.type;
    return {};
}

std::unique_ptr<ContentValidator> make_media_type_validator(std::vector<std::string> allowed) {
    return std::make_unique<MediaTypeValidator>(std::move(allowed));
}

std::unique_ptr<ContentValidator> make_validator(std::string name,
                                                 std::function<Result<void>(ByteView)> update,
                                                 std::function<Result<void>()> finish) {
    return std::make_unique<CustomValidator>(std::move(name), std::move(update), std::move(finish));
}

}  // namespace catalog::content
