#pragma once
// PackDictionaries: the dictionaries that packs begin with, read when they are first asked for.

#include <catalog/internal/mutex.hpp>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>

#include "dictionary_record.hpp"
#include "pack_files.hpp"

namespace catalog::content {

/// Thread safety: any thread.
class PackDictionaries {
public:
    /// `files` outlives it.
    explicit PackDictionaries(PackFiles& files) : files_(files) {}

    /// Returns what a pack's first record says of its dictionary, looking at its header alone;
    /// nothing when it is none, or its header is damaged. Errors: kContentCorrupted (the pack is
    /// not there), kIo.
    [[nodiscard]] Result<std::optional<PackDictionary>> of(PackId pack);

    /// Returns the dictionary of that number for decoding; see StorageBackend::dictionary.
    [[nodiscard]] Result<std::shared_ptr<const Dictionary>> load(PackId pack, std::uint32_t number);

    /// Returns the bytes of the dictionary that a pack begins with, from that pack and no other.
    /// Errors: kContentCorrupted, kIo.
    [[nodiscard]] Result<Bytes> read(PackId pack);

    /// See StorageBackend::use_dictionary.
    [[nodiscard]] Result<void> use(ByteView dictionary);
    /// Returns what packs are to begin with; see StorageBackend::dictionary_in_use. Null: nothing.
    /// Errors: kIo.
    [[nodiscard]] Result<std::shared_ptr<const EncodedDictionary>> in_use();

    /// Returns what the records of all of them take, bytes. Errors: kIo.
    [[nodiscard]] Result<std::uint64_t> bytes();

    void forget();

private:
    struct Known {
        PackDictionary dictionary;
        ContentHash id;
        ChunkLocation location;
    };
    struct Loaded {
        std::uint32_t number = 0;
        std::shared_ptr<const Dictionary> dictionary;
    };
    static constexpr std::size_t kLoadedMax = 4;

    [[nodiscard]] Result<std::optional<Known>> look_at(PackId pack);
    /// The same, but what cannot be read is none: another one may do.
    [[nodiscard]] Result<std::optional<Known>> look_past_damage(PackId pack);
    /// Forgets what is known of the pack when it is not so.
    [[nodiscard]] Result<Bytes> read_known(const Known& known);
    [[nodiscard]] Result<Bytes> read_record_of(const Known& known);
    /// All packs, the newest first.
    [[nodiscard]] Result<std::vector<PackId>> packs() const;
    [[nodiscard]] Result<std::optional<Bytes>> read_elsewhere(PackId pack, std::uint32_t number);
    [[nodiscard]] Result<std::optional<Bytes>> read_newest();
    [[nodiscard]] Result<void> check_unique(const ContentHash& id);

    PackFiles& files_;
    internal::Mutex use_mutex_;  ///< Before `mutex_`.
    std::shared_ptr<const EncodedDictionary> in_use_ CATALOG_GUARDED_BY(use_mutex_);
    bool looked_for_ CATALOG_GUARDED_BY(use_mutex_) = false;
    internal::Mutex mutex_;
    std::map<PackId, std::optional<Known>> known_ CATALOG_GUARDED_BY(mutex_);
    std::list<Loaded> loaded_ CATALOG_GUARDED_BY(mutex_);  ///< Most recently used first.
};

}  // namespace catalog::content
