#pragma once
// FileKeyStore: the embedded KeyStore. Keys are files in the library's `keys/` folder, mode 0600.
// Format: docs/formats/keys.md.

#include <memory>
#include <string>
#include <vector>

#include "catalog/core/key_store.hpp"
#include "catalog/core/random.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::security {

/// Keeps one default key for each purpose. Thread safety: any thread. Blocking: reads files on
/// first use.
class FileKeyStore final : public KeyStore {
public:
    /// Opens the folder; it need not exist yet.
    FileKeyStore(std::shared_ptr<io::FileSystem> fs, std::string directory);
    ~FileKeyStore() override;

    /// Makes a key and keeps it as the default of its purpose, durably. Errors: kAlreadyExists,
    /// kRandomUnavailable, kIo ...
    [[nodiscard]] Result<KeyInfo> create(KeyPurpose purpose, Random& random);

    [[nodiscard]] Result<KeyInfo> default_key(KeyPurpose purpose) override;
    [[nodiscard]] Result<Signature> sign(std::string_view key_id, ByteView message) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::security
