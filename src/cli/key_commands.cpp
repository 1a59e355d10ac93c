// keys: who can open an encrypted library.

#include <CLI/CLI.hpp>

#include <memory>

#include "app.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/library/library_keys.hpp"
#include "secrets.hpp"
#include "text.hpp"

namespace catalog::cli {

namespace {

using content::SlotKind;

constexpr const char* kNewPassphraseVariable = "CATALOG_NEW_PASSPHRASE";

std::string_view kind_text(SlotKind kind) {
    switch (kind) {
        case SlotKind::kPassphrase:
            return "passphrase";
        case SlotKind::kRecoveryKey:
            return "recovery key";
        case SlotKind::kHost:
            return "host";
    }
    return "unknown";
}

std::uint64_t number_of(content::SlotId slot) { return static_cast<std::uint32_t>(slot); }

json::Object to_json(const content::SlotInfo& slot) {
    json::Object object{{"id", number_of(slot.id)}, {"kind", std::string(kind_text(slot.kind))}};
    if (slot.kind == SlotKind::kPassphrase) {
        object["memory_kib"] = static_cast<std::uint64_t>(slot.cost.memory_kib);
        object["passes"] = static_cast<std::uint64_t>(slot.cost.passes);
    }
    if (slot.kind == SlotKind::kHost) object["wrapper"] = slot.wrapper;
    return object;
}

json::Object to_json(const content::KeyUse& use) {
    return {{"generation", static_cast<std::uint64_t>(use.generation)},
            {"packs", use.packs},
            {"bytes", use.bytes},
            {"bytes_put_aside", use.bytes_put_aside}};
}

std::string generation_text(content::KeyGeneration generation) {
    if (generation == content::KeyGeneration{0}) return "unknown";
    return std::to_string(static_cast<std::uint32_t>(generation));
}

std::string details_text(const content::SlotInfo& slot) {
    if (slot.kind == SlotKind::kHost) return printable(slot.wrapper);
    if (slot.kind != SlotKind::kPassphrase) return "";
    return "Argon2id, " + size_text(std::uint64_t{slot.cost.memory_kib} << 10) + ", " +
           std::to_string(slot.cost.passes) + (slot.cost.passes == 1 ? " pass" : " passes");
}

Result<ExitCode> list_slots(Session& session) {
    CATALOG_TRY(const auto slots,
                library::LibraryKeys::list(session.library_path(), session.environment()));
    CATALOG_TRY(const auto use,
                library::LibraryKeys::use(session.library_path(), session.environment()));
    if (session.json()) {
        json::Array all;
        for (const content::SlotInfo& slot : slots) all.emplace_back(to_json(slot));
        json::Array generations;
        for (const content::KeyUse& each : use) generations.emplace_back(to_json(each));
        session.print_json(
            json::Object{{"slots", std::move(all)}, {"generations", std::move(generations)}});
        return ExitCode::kOk;
    }
    Table table({"slot", "opens with", ""});
    for (const content::SlotInfo& slot : slots)
        table.add({std::to_string(number_of(slot.id)), std::string(kind_text(slot.kind)),
                   details_text(slot)});
    session.print(table.to_string());
    Table generations({"generation", "packs", "bytes", "put aside"});
    for (const content::KeyUse& each : use)
        generations.add({generation_text(each.generation), std::to_string(each.packs),
                         size_text(each.bytes), size_text(each.bytes_put_aside)});
    session.print("\n" + generations.to_string());
    return ExitCode::kOk;
}

/// The slots, open for changes, with what opened them.
struct OpenedKeys {
    UserSecret secret;
    library::LibraryKeys keys;
};

Result<OpenedKeys> open_keys(Session& session) {
    CATALOG_TRY_VOID(library::LibraryKeys::list(session.library_path(), session.environment()));
    CATALOG_TRY(UserSecret secret, secret_to_open(session));
    library::LibraryOptions options = session.writer_options();
    options.key = secret.slot_secret();
    CATALOG_TRY(auto keys,
                library::LibraryKeys::open(session.library_path(), options, session.environment()));
    return OpenedKeys{std::move(secret), std::move(keys)};
}

ExitCode print_slot(Session& session, content::SlotId slot) {
    if (session.json())
        session.print_json(json::Object{{"id", number_of(slot)}});
    else
        session.print("slot " + std::to_string(number_of(slot)) + "\n");
    return ExitCode::kOk;
}

Result<ExitCode> add_passphrase(Session& session, const std::string& file) {
    CATALOG_TRY(OpenedKeys opened, open_keys(session));
    CATALOG_TRY(const UserSecret added, new_passphrase(session, file, kNewPassphraseVariable));
    CATALOG_TRY(const content::SlotId slot, opened.keys.add(added.slot_secret()));
    return print_slot(session, slot);
}

Result<ExitCode> change_passphrase(Session& session, const std::string& file) {
    CATALOG_TRY(OpenedKeys opened, open_keys(session));
    CATALOG_TRY(const UserSecret added, new_passphrase(session, file, kNewPassphraseVariable));
    CATALOG_TRY(const content::SlotId slot,
                opened.keys.replace(opened.keys.opened(), added.slot_secret()));
    return print_slot(session, slot);
}

Result<ExitCode> add_recovery_key(Session& session) {
    CATALOG_TRY(OpenedKeys opened, open_keys(session));
    CATALOG_TRY(const content::RecoveryKey key,
                content::RecoveryKey::generate(*session.environment().random));
    CATALOG_TRY(const content::SlotId slot, opened.keys.add(key));
    if (session.json()) {
        session.print_json(json::Object{{"id", number_of(slot)}, {"recovery_key", key.text()}});
        return ExitCode::kOk;
    }
    session.print(key.text() + "\n");
    session.note("slot " + std::to_string(number_of(slot)) +
                 "; write the key down: it is shown this once");
    return ExitCode::kOk;
}

Result<ExitCode> remove_slot(Session& session, std::uint32_t slot) {
    CATALOG_TRY(OpenedKeys opened, open_keys(session));
    CATALOG_TRY_VOID(opened.keys.remove(content::SlotId{slot}));
    return print_slot(session, content::SlotId{slot});
}

Result<ExitCode> rotate(Session& session, bool only_this) {
    CATALOG_TRY(OpenedKeys opened, open_keys(session));
    if (only_this)
        CATALOG_TRY_VOID(opened.keys.renew({opened.secret.slot_secret()}));
    else
        CATALOG_TRY_VOID(opened.keys.rotate());
    const auto generations = opened.keys.generations();
    const auto newest = static_cast<std::uint64_t>(generations.back());
    if (session.json())
        session.print_json(json::Object{{"generation", newest},
                                        {"slots", std::uint64_t{opened.keys.slots().size()}}});
    else
        session.print("generation " + std::to_string(newest) + ", " +
                      counted(opened.keys.slots().size(), "slot") + "\n");
    return ExitCode::kOk;
}

}  // namespace

void add_key_commands(CLI::App& app, Session& session) {
    CLI::App* keys = app.add_subcommand("keys", "Who can open an encrypted library");
    keys->require_subcommand(1);

    CLI::App* command = keys->add_subcommand(
        "list", "List the key slots and what lies under which keys; needs no secret");
    command->callback([&session] { session.action = [&session] { return list_slots(session); }; });

    auto file = std::make_shared<std::string>();
    const auto add_file_option = [&file](CLI::App* to) {
        to->add_option("--new-passphrase-file", *file,
                       "File whose first line is the new passphrase; else "
                       "$CATALOG_NEW_PASSPHRASE, else it is asked for")
            ->type_name("FILE");
    };
    command = keys->add_subcommand("add", "Add a passphrase");
    add_file_option(command);
    command->callback([&session, file] {
        session.action = [&session, file] { return add_passphrase(session, *file); };
    });

    command = keys->add_subcommand("change", "Exchange the passphrase that opens the library");
    add_file_option(command);
    command->callback([&session, file] {
        session.action = [&session, file] { return change_passphrase(session, *file); };
    });

    command = keys->add_subcommand("recovery", "Add a recovery key and print it, once");
    command->callback(
        [&session] { session.action = [&session] { return add_recovery_key(session); }; });

    auto slot = std::make_shared<std::uint32_t>(0);
    command = keys->add_subcommand("remove", "Remove a slot");
    command->add_option("slot", *slot, "Its number")->required()->type_name("SLOT");
    command->callback([&session, slot] {
        session.action = [&session, slot] { return remove_slot(session, *slot); };
    });

    auto only_this = std::make_shared<bool>(false);
    command = keys->add_subcommand("rotate", "Make new keys, for all that is written from now on");
    command->add_flag("--only-this-key", *only_this,
                      "Wrap all keys anew and leave only the slot that is used now");
    command->callback([&session, only_this] {
        session.action = [&session, only_this] { return rotate(session, *only_this); };
    });
}

}  // namespace catalog::cli
