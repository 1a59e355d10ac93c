#pragma once
// EncryptedFileSystem: the files of a store as RocksDB and the code around it want them, encrypted
// on the file system beneath.

#include <memory>
#include <string>

#include "catalog/core/random.hpp"
#include "catalog/io/file_system.hpp"
#include "file_cipher.hpp"

namespace catalog::kv {

/// Makes a file system whose files are those of `fs`, encrypted under `cipher`, each with a random
/// nonce in the 64 bytes in front of it; lengths and offsets do not count these. Names are as they
/// are, and so are locks.
///
/// The stream of a file must never encrypt two things at one place, so a file is written once, from
/// its first byte to its last: append works on a file that this handle created, as long as it was
/// not cut; write_at is kUnsupported. Whoever opens an existing file to write may sync it, cut it,
/// and nothing else. Mapping and safe folders are kUnsupported.
///
/// A file that a crash left shorter than its head is empty. A write-ahead log's head is synced when
/// it is made, so one that is damaged was damaged later: reading it is kDatabaseCorrupt.
///
/// Thread safety: as `fs`. Reading has the errors of FileCipher::read_head, opening for writing
/// those of Random::fill.
[[nodiscard]] std::shared_ptr<io::FileSystem> make_encrypted_file_system(
    std::shared_ptr<io::FileSystem> fs, std::shared_ptr<const FileCipher> cipher,
    std::shared_ptr<Random> random);

/// Tells from CURRENT whether the store in folder `path` can be opened with `cipher` (null: without
/// one). `fs` is the file system beneath. Nothing is checked when there is no store. Errors:
/// kKeyInvalid (encrypted and no key; a key and not encrypted; another key), kDatabaseCorrupt,
/// kUnsupported, those of the file system.
[[nodiscard]] Result<void> check_store_key(io::FileSystem& fs, const std::string& path,
                                           const FileCipher* cipher);

}  // namespace catalog::kv
