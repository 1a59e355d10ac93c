#pragma once
// ContentSource: somebody who may have good copies of objects.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::content {

/// Offers objects by their ids. Nothing that it gives is believed: whoever takes bytes computes
/// their id, so a source may be a stranger.
///
/// Thread safety: one thread at a time. Blocking: yes.
class ContentSource {
public:
    virtual ~ContentSource() = default;

    /// How reports name it, for example a path.
    [[nodiscard]] virtual std::string name() const = 0;

    /// Opens an object of that many bytes (nullopt: unknown). What it returns is used before the
    /// next call. Errors: kContentNotFound (it has none); any other says that this source cannot
    /// give it now. kCancelled and kDeadlineExceeded end the caller's work.
    [[nodiscard]] virtual Result<ByteSource> open(const ContentHash& id,
                                                  std::optional<std::uint64_t> size,
                                                  const CallContext& context) = 0;
};

/// Offers what another content store has, which is borrowed.
[[nodiscard]] std::unique_ptr<ContentSource> make_storage_source(ContentStorage& storage,
                                                                 std::string name);

/// Offers the regular files of a folder and of those below it, or one file; links are not followed.
/// A file is hashed when an object of its length is asked for first, every file when the length is
/// unknown. Memory: about 150 bytes a file. Nothing is read before the first `open`.
[[nodiscard]] std::unique_ptr<ContentSource> make_directory_source(
    std::shared_ptr<io::FileSystem> file_system, std::string path);

}  // namespace catalog::content
