#pragma once
// The page cipher of an encrypted store's index runs. docs/formats/encryption.md is the
// specification.

#include <memory>

#include "catalog/content/store_key.hpp"
#include "catalog/core/random.hpp"
#include "index_run.hpp"
#include "record_cipher.hpp"

namespace catalog::content {

/// Makes a cipher that seals the pages of a new run, under the newest generation of `keys`, and
/// opens them. Nonces are random, so a run that is written again under the number of a lost one is
/// no danger. Errors: kKeyNotFound (no keys), kOutOfMemory. `seal` fails with kRandomUnavailable
/// and kInternal (OpenSSL).
[[nodiscard]] Result<std::unique_ptr<PageCipher>> make_page_cipher(
    const StoreKeyRing& keys, const IndexRunInfo& run, std::shared_ptr<Random> random,
    CipherAlgorithm algorithm = preferred_algorithm());

/// Makes a cipher that opens the pages of an existing run; it does not seal (kUnsupported).
/// `page` is any page of it: the end says under which generation and algorithm the run is sealed.
/// Errors: kKeyNotFound (such a generation), kUnsupported (such an algorithm: damaged, perhaps),
/// kOutOfMemory. `open` fails with kPackInvalid.
[[nodiscard]] Result<std::unique_ptr<PageCipher>> open_page_cipher(const StoreKeyRing& keys,
                                                                   const IndexRunInfo& run,
                                                                   IndexPageView page);

/// Returns which generation a sealed page says that it is of; 0 when it is no whole page.
[[nodiscard]] KeyGeneration generation_of_page(ByteView page) noexcept;

}  // namespace catalog::content
