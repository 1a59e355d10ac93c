#include "catalog/library/library_keys.hpp"

#include <algorithm>
#include <utility>

#include "catalog/internal/try.hpp"
#include "library_impl.hpp"

namespace catalog::library {

std::string key_slots_path(const std::string& library) {
    return io::join_path(io::join_path(library, "keys"), "store.slots");
}

Result<content::KeySlots> open_key_slots(const std::shared_ptr<io::FileSystem>& fs,
                                         const std::string& library) {
    const std::string path = key_slots_path(library);
    auto slots = content::KeySlots::open(fs, path);
    if (slots) return slots;
    const Errc code = slots.error().code();
    if (code != Errc::kFileNotFound && code != Errc::kKeyInvalid) return slots;
    return fail(Error(Errc::kLibraryDamaged, code == Errc::kFileNotFound
                                                 ? "the key slots of the library are missing"
                                                 : "the key slots of the library are damaged")
                    .with_input(path)
                    .with_hint("put the file back from a copy; without it nothing of the library "
                               "can be read")
                    .with_cause(slots.error()));
}

struct LibraryKeys::Impl {
    std::shared_ptr<Random> random;
    std::unique_ptr<io::FileLock> lock;
    content::KeySlots slots;
    std::shared_ptr<const content::UnlockedKeys> keys;
};

LibraryKeys::LibraryKeys(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
LibraryKeys::LibraryKeys(LibraryKeys&&) noexcept = default;
LibraryKeys& LibraryKeys::operator=(LibraryKeys&&) noexcept = default;
LibraryKeys::~LibraryKeys() = default;

Result<bool> LibraryKeys::is_encrypted(const std::string& path, const Environment& environment) {
    const Environment filled = environment.with_defaults();
    CATALOG_TRY(const LibraryFile file, read_library_file(*filled.file_system, path));
    return file.encrypted;
}

namespace {

Result<content::KeySlots> slots_of_encrypted(const std::string& path,
                                             const Environment& environment) {
    CATALOG_TRY(const bool encrypted, LibraryKeys::is_encrypted(path, environment));
    if (!encrypted)
        return fail(Error(Errc::kFailedPrecondition, "the library is not encrypted")
                        .with_input(path)
                        .with_hint("a library is encrypted when it is made, or never"));
    return open_key_slots(environment.file_system, path);
}

}  // namespace

Result<std::vector<content::SlotInfo>> LibraryKeys::list(const std::string& path,
                                                         const Environment& environment) {
    CATALOG_TRY(const content::KeySlots slots,
                slots_of_encrypted(path, environment.with_defaults()));
    return slots.slots();
}

Result<std::vector<content::KeyUse>> LibraryKeys::use(const std::string& path,
                                                      const Environment& environment) {
    const Environment filled = environment.with_defaults();
    CATALOG_TRY(const content::KeySlots slots, slots_of_encrypted(path, filled));
    CATALOG_TRY(auto use, content::find_key_use(*filled.file_system, path));
    for (const content::KeyGeneration each : slots.generations())
        if (std::ranges::find(use, each, &content::KeyUse::generation) == use.end())
            use.push_back({each, 0, 0, 0});
    std::ranges::sort(use, {}, &content::KeyUse::generation);
    return use;
}

Result<LibraryKeys> LibraryKeys::open(const std::string& path, const LibraryOptions& options,
                                      const Environment& environment) {
    const Environment filled = environment.with_defaults();
    CATALOG_TRY_VOID(slots_of_encrypted(path, filled));
    if (!options.key)
        return fail(Error(Errc::kKeyNotFound, "no key was given that opens the library's slots",
                          NotFoundDetail{"key", path})
                        .with_input(path));
    // What is changed has to be read under the lock.
    CATALOG_TRY(auto lock, take_library_lock(filled, path, options));
    CATALOG_TRY(content::KeySlots slots, slots_of_encrypted(path, filled));
    auto keys = slots.unlock(*options.key);
    if (!keys) return fail(Error(keys.error()).with_input(path));
    return LibraryKeys(std::make_unique<Impl>(
        Impl{filled.random, std::move(lock), std::move(slots), *std::move(keys)}));
}

std::vector<content::SlotInfo> LibraryKeys::slots() const { return impl_->slots.slots(); }

content::SlotId LibraryKeys::opened() const noexcept { return impl_->keys->slot(); }

std::vector<content::KeyGeneration> LibraryKeys::generations() const {
    return impl_->slots.generations();
}

Result<content::SlotId> LibraryKeys::add(const content::SlotSecret& secret) {
    return impl_->slots.add_slot(*impl_->keys, secret, *impl_->random);
}

Result<void> LibraryKeys::remove(content::SlotId slot) {
    return impl_->slots.remove_slot(*impl_->keys, slot);
}

Result<content::SlotId> LibraryKeys::replace(content::SlotId slot,
                                             const content::SlotSecret& secret) {
    return impl_->slots.replace_slot(*impl_->keys, slot, secret, *impl_->random);
}

Result<void> LibraryKeys::rotate() {
    CATALOG_TRY(impl_->keys, impl_->slots.add_generation(*impl_->keys, *impl_->random));
    return {};
}

Result<void> LibraryKeys::renew(const std::vector<content::SlotSecret>& secrets) {
    CATALOG_TRY(impl_->keys, impl_->slots.renew(*impl_->keys, secrets, *impl_->random));
    return {};
}

}  // namespace catalog::library
