#pragma once
// Error codes: one stable number for every way in which a call can fail, grouped by module.
//
// The table below is the only place where a code is defined. Numbers and names are part of the C
// ABI, of `--json` output and of logs: they are never reused and never change. `docs/errors.md` is
// checked against this table by a test.

#include <cstdint>
#include <string_view>

namespace catalog {

/// What a caller can do about an error; the command line's exit code follows from it.
enum class ErrorCategory : std::uint8_t {
    kAnswer,       ///< The question was understood and the answer is no: not found, unsatisfiable,
                   ///< damage found. Exit 1.
    kUsage,        ///< The call itself is wrong: contradictory options, wrong state. Exit 2.
    kInput,        ///< What the caller gave is missing, unreadable or malformed. Exit 3.
    kEnvironment,  ///< The machine is at fault: I/O error, disk full, store cannot be opened.
                   ///< Exit 4.
    kRefused,      ///< Busy or denied. Exit 5.
    kInterrupted,  ///< Cancelled or past its deadline; nothing was changed. Exit 130.
    kInternal,     ///< A defect of the library. Exit 4.
};

// X(enumerator, number, text, category, C status of include/catalog/abi/extension.h)
#define CATALOG_ERRC_TABLE(X)                                                 \
    /* core: 1-99 */                                                          \
    X(kInvalidArgument, 1, "invalid_argument", kInput, 2)                     \
    X(kNotFound, 2, "not_found", kAnswer, 3)                                  \
    X(kAlreadyExists, 3, "already_exists", kInput, 4)                         \
    X(kFailedPrecondition, 4, "failed_precondition", kUsage, 5)               \
    X(kUnsupported, 5, "unsupported", kInput, 6)                              \
    X(kCancelled, 6, "cancelled", kInterrupted, 12)                           \
    X(kDeadlineExceeded, 7, "deadline_exceeded", kInterrupted, 13)            \
    X(kLimitExceeded, 8, "limit_exceeded", kInput, 27)                        \
    X(kPermissionDenied, 9, "permission_denied", kRefused, 8)                 \
    X(kBusy, 10, "busy", kRefused, 11)                                        \
    X(kOutOfMemory, 11, "out_of_memory", kEnvironment, 14)                    \
    X(kInternal, 12, "internal", kInternal, 31)                               \
    X(kInvalidName, 13, "invalid_name", kInput, 2)                            \
    X(kInvalidHash, 14, "invalid_hash", kInput, 2)                            \
    X(kRandomUnavailable, 15, "random_unavailable", kEnvironment, 15)         \
    /* json: 100-199 */                                                       \
    X(kJsonSyntax, 100, "json_syntax", kInput, 2)                             \
    X(kJsonDepth, 101, "json_depth", kInput, 27)                              \
    X(kJsonDuplicateKey, 102, "json_duplicate_key", kInput, 2)                \
    X(kJsonEncoding, 103, "json_encoding", kInput, 2)                         \
    X(kJsonNumber, 104, "json_number", kInput, 2)                             \
    X(kJsonType, 105, "json_type", kInput, 2)                                 \
    X(kJsonNotCanonical, 106, "json_not_canonical", kInput, 16)               \
    /* version: 200-299 */                                                    \
    X(kVersionSyntax, 200, "version_syntax", kInput, 2)                       \
    X(kRequirementSyntax, 201, "requirement_syntax", kInput, 2)               \
    X(kVersionConflict, 202, "version_conflict", kAnswer, 22)                 \
    /* merkle: 300-399 */                                                     \
    X(kProofInvalid, 300, "proof_invalid", kAnswer, 24)                       \
    /* io: 400-499 */                                                         \
    X(kIo, 400, "io", kEnvironment, 15)                                       \
    X(kFileNotFound, 401, "file_not_found", kInput, 3)                        \
    X(kFileExists, 402, "file_exists", kInput, 4)                             \
    X(kNotADirectory, 403, "not_a_directory", kInput, 2)                      \
    X(kIsADirectory, 404, "is_a_directory", kInput, 2)                        \
    X(kNotEmpty, 405, "not_empty", kInput, 5)                                 \
    X(kAccessDenied, 406, "access_denied", kInput, 15)                        \
    X(kStorageFull, 407, "storage_full", kEnvironment, 26)                    \
    X(kPathUnsafe, 408, "path_unsafe", kInput, 2)                             \
    X(kSyncFailed, 409, "sync_failed", kEnvironment, 15)                      \
    X(kTooManyOpenFiles, 410, "too_many_open_files", kEnvironment, 9)         \
    X(kReadOnlyFileSystem, 411, "read_only_file_system", kEnvironment, 15)    \
    X(kEndOfFile, 412, "end_of_file", kInput, 29)                             \
    X(kFileKind, 413, "file_kind", kInput, 2)                                 \
    /* kv: 500-599 */                                                         \
    X(kDatabaseOpen, 500, "database_open", kEnvironment, 26)                  \
    X(kDatabaseIo, 501, "database_io", kEnvironment, 26)                      \
    X(kDatabaseCorrupt, 502, "database_corrupt", kEnvironment, 16)            \
    X(kCommitFailed, 503, "commit_failed", kEnvironment, 26)                  \
    X(kCommitQueueClosed, 504, "commit_queue_closed", kUsage, 5)              \
    X(kCommitConflict, 505, "commit_conflict", kRefused, 11)                  \
    /* package: 600-699 */                                                    \
    X(kManifestInvalid, 600, "manifest_invalid", kInput, 2)                   \
    X(kTomlSyntax, 601, "toml_syntax", kInput, 2)                             \
    X(kMetadataInvalid, 602, "metadata_invalid", kInput, 2)                   \
    X(kFileTableInvalid, 603, "file_table_invalid", kInput, 2)                \
    X(kDuplicatePath, 604, "duplicate_path", kInput, 2)                       \
    X(kStateTransition, 605, "state_transition", kUsage, 5)                   \
    X(kModeRefused, 606, "mode_refused", kInput, 2)                           \
    X(kLinkRefused, 607, "link_refused", kInput, 2)                           \
    /* content: 700-799 */                                                    \
    X(kContentNotFound, 700, "content_not_found", kAnswer, 3)                 \
    X(kContentCorrupted, 701, "content_corrupted", kAnswer, 16)               \
    X(kPackInvalid, 702, "pack_invalid", kEnvironment, 16)                    \
    X(kDecompression, 703, "decompression", kAnswer, 16)                      \
    X(kContentChanged, 704, "content_changed", kInput, 15)                    \
    /* resolve: 800-899 */                                                    \
    X(kUnsatisfiable, 800, "unsatisfiable", kAnswer, 23)                      \
    X(kDependencyCycle, 801, "dependency_cycle", kAnswer, 21)                 \
    X(kUnknownPackage, 802, "unknown_package", kInput, 3)                     \
    X(kProviderFailed, 803, "provider_failed", kEnvironment, 21)              \
    X(kLockFileInvalid, 804, "lock_file_invalid", kInput, 2)                  \
    X(kBudgetExhausted, 805, "budget_exhausted", kEnvironment, 13)            \
    X(kPackageListInvalid, 806, "package_list_invalid", kInput, 2)            \
    X(kUniverseInvalid, 807, "universe_invalid", kEnvironment, 16)            \
    /* index: 900-999 */                                                      \
    X(kPackageNotFound, 900, "package_not_found", kAnswer, 3)                 \
    X(kPackageExists, 901, "package_exists", kInput, 4)                       \
    X(kIndexCorrupted, 902, "index_corrupted", kEnvironment, 16)              \
    X(kHandleStale, 903, "handle_stale", kAnswer, 3)                          \
    X(kQueryInvalid, 904, "query_invalid", kInput, 2)                         \
    /* security: 1000-1099 */                                                 \
    X(kSignatureInvalid, 1000, "signature_invalid", kAnswer, 19)              \
    X(kSignatureMissing, 1001, "signature_missing", kAnswer, 19)              \
    X(kUntrustedKey, 1002, "untrusted_key", kAnswer, 18)                      \
    X(kKeyNotFound, 1003, "key_not_found", kEnvironment, 20)                  \
    X(kKeyInvalid, 1004, "key_invalid", kInput, 18)                           \
    X(kSecurityRejected, 1005, "security_rejected", kAnswer, 24)              \
    X(kCheckpointInvalid, 1006, "checkpoint_invalid", kAnswer, 16)            \
    X(kRollbackDetected, 1007, "rollback_detected", kAnswer, 24)              \
    /* consensus: 1100-1199 */                                                \
    X(kConsensusRejected, 1100, "consensus_rejected", kAnswer, 17)            \
    X(kConsensusUnavailable, 1101, "consensus_unavailable", kEnvironment, 10) \
    /* distribution: 1200-1299 */                                             \
    X(kNetwork, 1200, "network", kEnvironment, 25)                            \
    X(kPeerRejected, 1201, "peer_rejected", kAnswer, 25)                      \
    X(kFetchFailed, 1202, "fetch_failed", kEnvironment, 25)                   \
    /* lifecycle: 1300-1399 */                                                \
    X(kNotInstalled, 1300, "not_installed", kAnswer, 3)                       \
    X(kInstallConflict, 1301, "install_conflict", kAnswer, 21)                \
    X(kPrefixInvalid, 1302, "prefix_invalid", kInput, 2)                      \
    X(kGenerationNotFound, 1303, "generation_not_found", kAnswer, 3)          \
    X(kPrefixDamaged, 1304, "prefix_damaged", kAnswer, 16)                    \
    X(kStillRequired, 1305, "still_required", kAnswer, 21)                    \
    X(kImportRefused, 1306, "import_refused", kInput, 2)                      \
    /* library: 1400-1499 */                                                  \
    X(kLibraryNotFound, 1400, "library_not_found", kEnvironment, 3)           \
    X(kLibraryExists, 1401, "library_exists", kInput, 4)                      \
    X(kLibraryFormat, 1402, "library_format", kEnvironment, 7)                \
    X(kLibraryLocked, 1403, "library_locked", kRefused, 11)                   \
    X(kLibraryDamaged, 1404, "library_damaged", kAnswer, 16)                  \
    X(kLibraryReadOnly, 1405, "library_read_only", kRefused, 5)               \
    X(kEnvironmentInvalid, 1406, "environment_invalid", kUsage, 2)

/// Stable code of an error. Values never change; new ones are added at the end of their module's
/// group.
enum class Errc : std::uint16_t {
#define CATALOG_ERRC_ENUM(name, number, text, category, status) name = number,
    CATALOG_ERRC_TABLE(CATALOG_ERRC_ENUM)
#undef CATALOG_ERRC_ENUM
};

/// Returns the stable lower-case name of `code`, for example "not_found"; "unknown" for a number
/// outside the table.
[[nodiscard]] std::string_view errc_name(Errc code) noexcept;

/// Returns what a caller can do about `code`; kInternal for a number outside the table.
[[nodiscard]] ErrorCategory errc_category(Errc code) noexcept;

/// Returns the status number of the C ABI that `code` maps to (1, "unknown", for a number outside
/// the table).
[[nodiscard]] std::int32_t errc_abi_status(Errc code) noexcept;

/// Returns the module that owns `code` by its number: "core", "json", ..., "library"; "unknown"
/// outside every group.
[[nodiscard]] std::string_view errc_module(Errc code) noexcept;

}  // namespace catalog
