#pragma once
// KeyWrapper: what a host gives so that its own key (a device, an agent, a key service) opens an
// encrypted store, without that key leaving it.

#include <memory>
#include <string>

#include "catalog/core/bytes.hpp"
#include "catalog/core/key_store.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// Longest name of a wrapper, and longest result of a wrapping, bytes.
inline constexpr std::size_t kWrapperNameBytesMax = 128;
inline constexpr std::size_t kWrappedKeyBytesMax = 1024;

/// Encrypts and decrypts short secrets under a key that it holds. Thread safety: any thread.
/// Blocking: may ask a device or a person.
class KeyWrapper {
public:
    virtual ~KeyWrapper() = default;

    /// Returns what tells this key from others, 1 to 128 bytes, the same each time. Stored with
    /// what was wrapped, in the clear.
    [[nodiscard]] virtual std::string name() const = 0;

    /// Encrypts 32 bytes so that `unwrap` gives them back for the same `context` alone. At most
    /// 1024 bytes. Errors: kKeyNotFound, kPermissionDenied, kIo, kRandomUnavailable.
    [[nodiscard]] virtual Result<Bytes> wrap(ByteView secret, ByteView context) = 0;

    /// Decrypts what `wrap` gave. Errors: kPermissionDenied (other key, other context, altered),
    /// kKeyNotFound, kIo.
    [[nodiscard]] virtual Result<Bytes> unwrap(ByteView wrapped, ByteView context) = 0;
};

/// A KeyWrapper over the key store that the host injected anyway, which can sign and nothing else:
/// the wrapping key is HKDF-SHA256 of a signature of a fresh random text under a label that nothing
/// else signs. It relies on signatures being the same for the same text, as RFC 8032 has it; a
/// store that signs otherwise is refused by `wrap`. Who can have that store sign can open what was
/// wrapped; with the embedded store, whose keys are files (docs/formats/keys.md), that is everyone
/// who can read them.
///
/// `wrap` asks for two signatures, `unwrap` for one. Errors beside those of KeyWrapper: those of
/// KeyStore::default_key, kUnsupported (signatures that differ).
[[nodiscard]] Result<std::shared_ptr<KeyWrapper>> make_signing_key_wrapper(
    std::shared_ptr<KeyStore> keys, std::shared_ptr<Random> random,
    KeyPurpose purpose = KeyPurpose::kLibrary);

}  // namespace catalog::content
