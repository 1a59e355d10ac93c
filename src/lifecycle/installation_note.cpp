#include "installation_note.hpp"

#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"

namespace catalog::lifecycle {

namespace {

Result<InstallationNote> read_note(std::string_view prefix, std::string_view text) {
    CATALOG_TRY(const json::Value document, json::read(text));
    const json::Object* object = document.as_object();
    if (object == nullptr) return fail(Errc::kJsonType, "not an object");
    InstallationNote note;
    note.prefix = std::string(prefix);
    CATALOG_TRY(note.generation, json::require_uint(*object, "generation", "note"));
    CATALOG_TRY(const std::string state, json::require_string(*object, "state", "note"));
    CATALOG_TRY(note.state, package::parse_state(state));
    if (note.state != package::PackageState::kInstalling &&
        note.state != package::PackageState::kInstalled &&
        note.state != package::PackageState::kUpdating)
        return fail(Errc::kInvalidArgument, "the state is not one of an installation");
    return note;
}

Result<void> commit_note(const Services& services, kv::WriteBatch batch, LedgerStep step = {}) {
    kv::Commit commit;
    commit.batch = std::move(batch);
    commit.prepare = std::move(step);
    return services.queue->submit(std::move(commit));
}

}  // namespace

std::string encode_note(std::uint64_t generation, package::PackageState state) {
    return json::write_canonical(
        json::Object{{"generation", generation}, {"state", package::state_name(state)}});
}

Result<InstallationNote> decode_note(std::string_view prefix, std::string_view text) {
    Result<InstallationNote> note = read_note(prefix, text);
    if (note) return note;
    return fail(Error(Errc::kDatabaseCorrupt,
                      "the note of a prefix is malformed: " + std::string(note.error().message()))
                    .with_input(std::string(prefix))
                    .with_cause(note.error()));
}

Result<void> note_intent(const Services& services, const std::string& prefix,
                         std::uint64_t generation, bool update) {
    if (services.read_only) return {};
    kv::WriteBatch batch;
    batch.put(services.families.installations, prefix,
              encode_note(generation, update ? package::PackageState::kUpdating
                                             : package::PackageState::kInstalling));
    return commit_note(services, std::move(batch));
}

Result<void> note_current(const Services& services, const std::string& prefix,
                          const Generation* generation) {
    if (services.read_only) return {};
    kv::WriteBatch batch;
    std::vector<AssetPackage> packages;
    if (generation == nullptr) {
        batch.remove(services.families.installations, prefix);
    } else {
        batch.put(services.families.installations, prefix,
                  encode_note(generation->number, package::PackageState::kInstalled));
        for (const InstalledPackage& package : generation->packages) {
            packages.emplace_back(package.id);
            packages.back().digest = package.digest;
        }
    }
    LedgerStep step;
    if (services.assets != nullptr) {
        CATALOG_TRY(step, services.assets->installed(prefix, packages));
    }
    return commit_note(services, std::move(batch), std::move(step));
}

Result<std::vector<InstallationNote>> installation_notes(const Services& services) {
    std::vector<InstallationNote> notes;
    const std::unique_ptr<kv::Iterator> iterator =
        services.store->iterate(services.families.installations);
    for (iterator->seek(""); iterator->valid(); iterator->next()) {
        CATALOG_TRY(InstallationNote note, decode_note(iterator->key(), iterator->value()));
        notes.push_back(std::move(note));
    }
    CATALOG_TRY_VOID(iterator->status());
    return notes;
}

}  // namespace catalog::lifecycle
