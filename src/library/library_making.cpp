// Making a library, and what making and opening share: its file, its lock.

#include <unistd.h>

#include <algorithm>
#include <array>

#include "catalog/internal/try.hpp"
#include "catalog/library/asset_library.hpp"
#include "catalog/security/file_key_store.hpp"
#include "library_impl.hpp"

namespace catalog::library {

namespace {

constexpr std::string_view kLibraryFileName = "library.toml";
constexpr std::uint64_t kLibraryFileBytesMax = 64u << 10;
constexpr std::chrono::milliseconds kLockPoll{20};

/// What stands in a library's folder. A folder that holds nothing else, and no library.toml, is one
/// whose making was cut short.
constexpr std::array<std::string_view, 7> kLibraryEntries{
    "LOCK", "db", "index", "installations", "keys", "packs", "segments"};

Result<void> check_creatable(io::FileSystem& fs, const std::string& path) {
    CATALOG_TRY(const bool there, io::exists(fs, path));
    if (!there) return {};
    CATALOG_TRY(const std::vector<io::DirectoryEntry> entries, fs.list(path));
    for (const io::DirectoryEntry& entry : entries) {
        if (entry.name == kLibraryFileName)
            return fail(
                Error(Errc::kLibraryExists, "there is a library here already").with_input(path));
        if (std::ranges::find(kLibraryEntries, entry.name) == kLibraryEntries.end() &&
            !io::is_temporary_name(entry.name))
            return fail(Error(Errc::kLibraryExists, "the folder is not empty")
                            .with_input(path)
                            .with_hint("give a folder that does not exist or is empty"));
    }
    return {};
}

// What a making leaves in the folder beside the database and library.toml.
struct MadeKeys {
    KeyInfo library;
    KeyInfo publisher;
    std::shared_ptr<const content::UnlockedKeys> store;  // Null: not encrypted.
};

Result<MadeKeys> make_keys(const std::string& path, const LibraryOptions& options,
                           const Environment& environment) {
    MadeKeys made;
    io::FileSystem& fs = *environment.file_system;
    const std::string directory = io::join_path(path, "keys");
    std::shared_ptr<KeyStore> keys = environment.key_store;
    if (!keys) {
        // Keys of a making that was cut short were never used: they are made anew.
        CATALOG_TRY_VOID(fs.remove_tree(directory));
        auto files = std::make_shared<security::FileKeyStore>(environment.file_system, directory);
        for (const KeyPurpose purpose : {KeyPurpose::kLibrary, KeyPurpose::kPublisher})
            CATALOG_TRY_VOID(files->create(purpose, *environment.random));
        keys = std::move(files);
    }
    CATALOG_TRY(made.library, keys->default_key(KeyPurpose::kLibrary));
    CATALOG_TRY(made.publisher, keys->default_key(KeyPurpose::kPublisher));
    if (!options.key) return made;
    CATALOG_TRY_VOID(io::make_directories_durably(fs, directory));
    if (auto removed = fs.remove_file(key_slots_path(path));
        !removed && removed.error().code() != Errc::kFileNotFound)
        return fail(removed.error());
    content::StoreId store{};
    CATALOG_TRY_VOID(environment.random->fill(store));
    CATALOG_TRY(const content::KeySlots slots,
                content::KeySlots::create(environment.file_system, key_slots_path(path), store,
                                          *options.key, *environment.random));
    CATALOG_TRY(made.store, slots.unlock(*options.key));
    return made;
}

}  // namespace

// The database stays under the key that it was made with.
Result<std::shared_ptr<const content::StoreKey>> database_key(const content::StoreKeyRing& ring) {
    return ring.first();
}

Result<LibraryFile> read_library_file(io::FileSystem& fs, const std::string& path) {
    const std::string file_path = io::join_path(path, kLibraryFileName);
    Result<std::string> text = io::read_file(fs, file_path, kLibraryFileBytesMax);
    if (!text) {
        if (text.error().code() != Errc::kFileNotFound &&
            text.error().code() != Errc::kNotADirectory)
            return fail(text.error());
        return fail(Error(Errc::kLibraryNotFound, "there is no library here",
                          NotFoundDetail{"library", path})
                        .with_input(path)
                        .with_hint("make one with: catalog init " + path));
    }
    return LibraryFile::decode(*text, file_path);
}

Result<std::unique_ptr<io::FileLock>> take_library_lock(const Environment& environment,
                                                        const std::string& path,
                                                        const LibraryOptions& options) {
    const std::string lock_path = io::join_path(path, "LOCK");
    const MonotonicTime deadline = environment.clock->now_monotonic() + options.lock_wait;
    for (;;) {
        Result<std::unique_ptr<io::FileLock>> lock = environment.file_system->try_lock(lock_path);
        if (lock) {
            const std::string what = options.holder.empty() ? "catalog library" : options.holder;
            CATALOG_TRY_VOID(
                (*lock)->set_holder("pid " + std::to_string(::getpid()) + " (" + what + ")"));
            return lock;
        }
        if (lock.error().code() != Errc::kBusy) return fail(lock.error());
        if (environment.clock->now_monotonic() >= deadline) {
            const auto* busy = lock.error().detail_as<BusyDetail>();
            const std::string holder =
                busy != nullptr && !busy->holder.empty() ? busy->holder : "another process";
            return fail(Error(Errc::kLibraryLocked, "the library is being written by " + holder,
                              BusyDetail{path, holder})
                            .with_input(path)
                            .with_hint("wait until it has ended, or open the library for reading")
                            .with_cause(lock.error()));
        }
        environment.clock->sleep_for(kLockPoll, {});
    }
}

Result<void> AssetLibrary::create(const std::string& path, const LibraryOptions& options,
                                  const Environment& environment) {
    const Environment filled = environment.with_defaults();
    io::FileSystem& fs = *filled.file_system;
    CATALOG_TRY_VOID(check_creatable(fs, path));
    if (!is_chunk_bytes_average(options.chunk_bytes_average))
        return fail(Errc::kInvalidArgument,
                    "the average chunk is a power of two from 4 KiB to 1 MiB");
    if (options.compression_level < 1 || options.compression_level > 19)
        return fail(Errc::kInvalidArgument, "the compression level is 1 to 19");
    CATALOG_TRY_VOID(io::make_directories_durably(fs, path));
    CATALOG_TRY(const std::unique_ptr<io::FileLock> lock, take_library_lock(filled, path, options));
    CATALOG_TRY_VOID(check_creatable(fs, path));  // somebody else may have been faster
    LibraryFile file;
    CATALOG_TRY_VOID(filled.random->fill(file.id.bytes));
    file.created = filled.clock->now_wall();
    file.chunk_bytes_average = options.chunk_bytes_average;
    file.compression_level = options.compression_level;
    CATALOG_TRY(const MadeKeys keys, make_keys(path, options, filled));
    file.encrypted = keys.store != nullptr;
    file.library_key = keys.library.public_key;
    file.publishers = {keys.publisher.public_key};
    // As the keys: one of a making that was cut short may be under a key that is gone.
    CATALOG_TRY_VOID(fs.remove_tree(io::join_path(path, "db")));
    kv::OpenOptions database;
    database.families = family_names();
    database.create_if_missing = true;
    database.random = filled.random;
    std::shared_ptr<const content::StoreKey> key;  // Outlives the opening.
    if (keys.store) {
        CATALOG_TRY(key, database_key(keys.store->ring()));
        database.encryption_key = key->database_key();
    }
    CATALOG_TRY_VOID(kv::open_rocksdb(filled.file_system, io::join_path(path, "db"), database));
    const std::string text = file.encode();
    return io::write_file_durably(fs, io::join_path(path, kLibraryFileName), as_bytes(text));
}

}  // namespace catalog::library
