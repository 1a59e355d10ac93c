#pragma once
// Checkpoint: the signed head of a library's log, a C2SP signed note (c2sp.org/tlog-checkpoint,
// c2sp.org/signed-note).

#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/core/content_hash.hpp"
#include "catalog/core/key_store.hpp"
#include "catalog/core/result.hpp"

namespace catalog::security {

struct Checkpoint {
    std::string origin;      ///< "catalog/" and the library's id.
    std::uint64_t size = 0;  ///< Leaves.
    ContentHash root;        ///< RFC 6962 root over them.
    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;

    /// Returns the note's text: origin, size, base64 root, each with a newline.
    [[nodiscard]] std::string text() const;
};

/// Signs with the store's default library key and returns the whole note. Errors: kKeyNotFound,
/// kKeyInvalid, kIo.
[[nodiscard]] Result<std::string> sign_checkpoint(KeyStore& keys, const Checkpoint& checkpoint);

/// Reads a note and checks its signature by `key`; lines of unknown keys are ignored. Errors:
/// kCheckpointInvalid, kSignatureInvalid, kSignatureMissing.
[[nodiscard]] Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view origin,
                                                 const PublicKey& key);

}  // namespace catalog::security
