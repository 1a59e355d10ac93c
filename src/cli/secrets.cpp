#include "secrets.hpp"

#include <fcntl.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not ISO C
#include <termios.h>
#include <unistd.h>

#include <utility>

#include "catalog/internal/try.hpp"
#include "environment.hpp"
#include "session.hpp"

namespace catalog::cli {

namespace {

void wipe(std::string& text) noexcept {
    if (!text.empty()) ::explicit_bzero(text.data(), text.size());
}

// The first line of a file: editors end it with a line feed that is no part of the secret.
Result<std::string> secret_in_file(const Session& session, const std::string& path) {
    constexpr std::uint64_t kBytesMax = content::kPassphraseBytesMax + 2;
    auto text = io::read_file(*session.file_system(), path, kBytesMax);
    if (!text) return fail(Error(text.error()).with_input(path));
    std::string line = text->substr(0, text->find('\n'));
    wipe(*text);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty())
        return fail(
            Error(Errc::kInvalidArgument, "the file's first line is empty").with_input(path));
    return line;
}

tl::unexpected<Error> nothing_given() {
    return fail(
        Error(Errc::kKeyNotFound, "the library is encrypted, and no passphrase is given")
            .with_hint("use --passphrase-file FILE, $CATALOG_PASSPHRASE_FILE or a terminal"));
}

// The terminal as it was, whatever happens in between.
class QuietTerminal {
public:
    explicit QuietTerminal(int terminal)
        : terminal_(terminal), changed_(::tcgetattr(terminal_, &before_) == 0) {
        if (!changed_) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        changed_ = ::tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
    }
    ~QuietTerminal() {
        if (changed_) (void)::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;
    [[nodiscard]] bool is_quiet() const noexcept { return changed_; }

private:
    int terminal_;
    termios before_{};
    bool changed_ = false;
};

Result<std::string> read_line(int terminal) {
    std::string line;
    for (char next = 0; line.size() <= content::kPassphraseBytesMax;) {
        const ssize_t got = ::read(terminal, &next, 1);
        if (got <= 0) {
            wipe(line);
            return fail(Errc::kCancelled, "nothing was typed");
        }
        if (next == '\n') break;
        line.push_back(next);
    }
    return line;
}

}  // namespace

Result<std::string> ask_at_terminal(std::string_view prompt) {
    const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (terminal < 0) return nothing_given();
    Result<std::string> line = nothing_given();
    {
        const QuietTerminal quiet(terminal);
        if (quiet.is_quiet() && ::write(terminal, prompt.data(), prompt.size()) >= 0)
            line = read_line(terminal);
        (void)!::write(terminal, "\n", 1);
    }
    ::close(terminal);
    return line;
}

UserSecret UserSecret::passphrase(std::string text) { return UserSecret(std::move(text)); }

Result<UserSecret> UserSecret::recovery_key(std::string text) {
    CATALOG_TRY_VOID(content::RecoveryKey::parse(text));
    UserSecret secret(std::move(text));
    secret.is_recovery_key_ = true;
    return secret;
}

UserSecret::~UserSecret() { wipe(text_); }

UserSecret::UserSecret(UserSecret&& other) noexcept
    // NOLINTNEXTLINE(performance-move-constructor-init): see below
    : text_(other.text_), is_recovery_key_(other.is_recovery_key_) {
    // A copy and a wipe: a short text is in the object itself, which moving does not clear.
    wipe(other.text_);
}

UserSecret& UserSecret::operator=(UserSecret&& other) noexcept {
    if (this == &other) return *this;
    wipe(text_);
    text_ = other.text_;
    is_recovery_key_ = other.is_recovery_key_;
    wipe(other.text_);
    return *this;
}

content::SlotSecret UserSecret::slot_secret() const {
    if (is_recovery_key_)
        if (const auto key = content::RecoveryKey::parse(text_)) return *key;
    content::Passphrase passphrase;
    passphrase.text = text_;
    return passphrase;
}

Result<UserSecret> secret_to_open(Session& session) {
    const GlobalOptions& options = session.options;
    if (!options.recovery_key_file.empty()) {
        CATALOG_TRY(std::string text, secret_in_file(session, options.recovery_key_file));
        return UserSecret::recovery_key(std::move(text));
    }
    std::string file = options.passphrase_file;
    if (file.empty()) file = environment_value("CATALOG_PASSPHRASE_FILE");
    if (!file.empty()) {
        CATALOG_TRY(std::string text, secret_in_file(session, file));
        return UserSecret::passphrase(std::move(text));
    }
    if (std::string text = environment_value("CATALOG_PASSPHRASE"); !text.empty())
        return UserSecret::passphrase(std::move(text));
    if (!session.streams().ask_secret) return nothing_given();
    CATALOG_TRY(std::string text, session.streams().ask_secret("Passphrase of the library: "));
    return UserSecret::passphrase(std::move(text));
}

Result<UserSecret> new_passphrase(Session& session, const std::string& file, const char* variable) {
    if (!file.empty()) {
        CATALOG_TRY(std::string text, secret_in_file(session, file));
        return UserSecret::passphrase(std::move(text));
    }
    if (std::string text = environment_value(variable); !text.empty())
        return UserSecret::passphrase(std::move(text));
    if (!session.streams().ask_secret)
        return fail(Error(Errc::kKeyNotFound, "no new passphrase is given")
                        .with_hint(std::string("use a file, $") + variable + " or a terminal"));
    CATALOG_TRY(std::string first, session.streams().ask_secret("New passphrase: "));
    CATALOG_TRY(std::string again, session.streams().ask_secret("The same again: "));
    const bool same = first == again;
    wipe(again);
    UserSecret secret = UserSecret::passphrase(std::move(first));
    if (!same) return fail(Errc::kInvalidArgument, "the two passphrases are not the same");
    return secret;
}

Result<UserSecret> first_passphrase(Session& session) {
    std::string file = session.options.passphrase_file;
    if (file.empty()) file = environment_value("CATALOG_PASSPHRASE_FILE");
    return new_passphrase(session, file, "CATALOG_PASSPHRASE");
}

}  // namespace catalog::cli
