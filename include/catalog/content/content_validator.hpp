#pragma once
// ContentValidator: looks at a stream of bytes while it passes, and says when it is not what it
// should be.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// One look at one stream. Used once. Thread safety: one thread at a time. Memory does not depend
/// on the stream's length.
class ContentValidator {
public:
    virtual ~ContentValidator() = default;

    /// What errors name, for example "digest".
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;

    /// Looks at the next bytes. Errors: kContentCorrupted, kLimitExceeded, those of its kind.
    [[nodiscard]] virtual Result<void> update(ByteView bytes) = 0;

    /// Says of all that was seen that it is right; called once. Errors: as `update`.
    [[nodiscard]] virtual Result<void> finish() = 0;
};

/// Returns a source of the same bytes as `source`, every one of which the validators have seen; its
/// end is reported after all of them agreed. Bytes that passed before count only then. The input of
/// an error is the validator's name; after one every further call returns it again. Errors: of
/// `source` and the validators.
[[nodiscard]] ByteSource validated(ByteSource source,
                                   std::vector<std::unique_ptr<ContentValidator>> validators);

/// "size": from `bytes_min` to `bytes_max` bytes. Errors: kLimitExceeded with LimitDetail (more, as
/// soon as they are seen), kContentCorrupted (fewer).
[[nodiscard]] std::unique_ptr<ContentValidator> make_size_validator(std::uint64_t bytes_min,
                                                                    std::uint64_t bytes_max);

/// "digest": the bytes have this digest, by whichever algorithm it names. Errors: kContentCorrupted
/// with CorruptionDetail.
[[nodiscard]] std::unique_ptr<ContentValidator> make_digest_validator(const ContentHash& expected);

/// Returns the media type that the first bytes of a file tell, "" when they tell none that is
/// known: application/gzip, /zip, /zstd, /x-xz, /x-bzip2, /x-tar, /x-elf, /pdf, /wasm, image/png,
/// /jpeg, /gif. `head` are its first 512 bytes, or all of them.
[[nodiscard]] std::string_view media_type_of(ByteView head) noexcept;

/// "media type": the first bytes tell one of these. Errors: kContentCorrupted, after 512 bytes or
/// at the end.
[[nodiscard]] std::unique_ptr<ContentValidator> make_media_type_validator(
    std::vector<std::string> allowed);

/// A host's own; `finish` may be empty.
[[nodiscard]] std::unique_ptr<ContentValidator> make_validator(
    std::string name, std::function<Result<void>(ByteView)> update,
    std::function<Result<void>()> finish = {});

}  // namespace catalog::content
