#pragma once
// What opens an encrypted library, as the user gives it: a file, the environment, the terminal;
// never the command line itself, which everybody on the machine can read.

#include <string>
#include <string_view>

#include "catalog/content/key_slots.hpp"
#include "catalog/core/result.hpp"

namespace catalog::cli {

class Session;

/// A secret with the text that it borrows. Wiped when it goes.
class UserSecret final {
public:
    /// A passphrase.
    [[nodiscard]] static UserSecret passphrase(std::string text);
    /// A recovery key as it was printed. Errors: kInvalidArgument (mistyped).
    [[nodiscard]] static Result<UserSecret> recovery_key(std::string text);

    ~UserSecret();
    UserSecret(UserSecret&& other) noexcept;
    UserSecret& operator=(UserSecret&& other) noexcept;

    /// Returns what opens a slot; it borrows from this.
    [[nodiscard]] content::SlotSecret slot_secret() const;

private:
    explicit UserSecret(std::string text) : text_(std::move(text)) {}
    std::string text_;
    bool is_recovery_key_ = false;
};

/// Returns what the user opens the library with: the first there is of --recovery-key-file,
/// --passphrase-file, $CATALOG_PASSPHRASE_FILE, $CATALOG_PASSPHRASE and, at a terminal, an answer.
/// Errors: kKeyNotFound (nothing of it), kInvalidArgument (empty, mistyped), as io::read_file.
[[nodiscard]] Result<UserSecret> secret_to_open(Session& session);

/// Returns a new passphrase: of `file`, else of `variable` in the environment, else what is typed
/// twice at a terminal. Errors: as `secret_to_open`; kInvalidArgument (typed differently).
[[nodiscard]] Result<UserSecret> new_passphrase(Session& session, const std::string& file,
                                                const char* variable);

/// Returns the passphrase of a library that is made: as new_passphrase, from where `secret_to_open`
/// finds one later.
[[nodiscard]] Result<UserSecret> first_passphrase(Session& session);

/// Asks at the process's terminal without showing what is typed. Errors: kKeyNotFound (there is no
/// terminal), kCancelled (end of input).
[[nodiscard]] Result<std::string> ask_at_terminal(std::string_view prompt);

}  // namespace catalog::cli
