#pragma once
// Session: runs commands one after the other on the extensions that they load.

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"
#include "extension.hpp"
#include "host.hpp"
#include "process_census.hpp"
#include "script.hpp"

namespace catalog::host {

class SessionOptions {
public:
    SessionOptions() = default;

    bool json = false;        ///< One JSON document a command, also for failures.
    bool keep_going = false;  ///< Go on after a command that failed.
    bool quiet = false;       ///< No answers of commands that succeed, in text form.
    std::string data_dir;     ///< For `load` without one; empty: a temporary folder.
    std::int64_t growth_bytes_max = 256 * 1024;  ///< Of cycle.
};

/// What a command came to.
struct Answer {
    std::optional<Error> error;  ///< Why it failed.
    hmx_status status = HMX_OK;  ///< As the C interface would say it.
    json::Value value;           ///< What was answered, also with a failure.
    std::string text;            ///< For people; empty: the value.

    [[nodiscard]] bool ok() const noexcept { return !error.has_value(); }
    /// Returns why it failed; of an answer that did not, that it did not.
    [[nodiscard]] Error failure() const {
        return error ? *error : Error(Errc::kInternal, "nothing failed");
    }
};

/// Makes the failing answer of an error of the host's own.
[[nodiscard]] Answer to_answer(const Error& error);
/// Makes the answer of a call to the extension.
[[nodiscard]] Answer to_answer(const CallStatus& status, json::Value value = {});

/// Returns the exit code that an error gives: those of docs/cli.md.
[[nodiscard]] int exit_code_of(const Error& error) noexcept;

class Session;

/// One command of the language.
struct Command {
    std::string_view name;
    std::string_view arguments;
    std::string_view help;
    std::function<Answer(Session&, WordReader&)> run;
};

/// Every command, in the order in which help shows them.
[[nodiscard]] const std::vector<Command>& commands();
/// The part of them that is about packages.
[[nodiscard]] std::vector<Command> library_commands();

/// Thread safety: one thread.
class Session {
public:
    /// The streams must outlive the session.
    Session(Host& host, SessionOptions options, std::ostream& out, std::ostream& error,
            std::stop_token stop = {});
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Runs the lines until the first that fails, and returns the exit code. Extensions that are
    /// still loaded at the end are unloaded; what they did against the rules is reported.
    [[nodiscard]] int run(const LineSource& lines);

    /// Runs one line.
    [[nodiscard]] Answer run_line(std::string_view line);

    // For the commands.
    [[nodiscard]] Host& host() noexcept { return host_; }
    [[nodiscard]] SessionOptions& options() noexcept { return options_; }
    [[nodiscard]] Variables& variables() noexcept { return variables_; }
    [[nodiscard]] const Answer& last() const noexcept { return last_; }
    [[nodiscard]] std::ostream& error_stream() noexcept { return error_; }
    [[nodiscard]] std::ostream& out_stream() noexcept { return out_; }

    /// The extension that commands are about. Errors: kFailedPrecondition (none is loaded).
    [[nodiscard]] Result<Extension*> current();
    [[nodiscard]] Answer open(const std::string& path_or_id, const std::string& name);
    /// Opens, creates and starts; what fails is taken back.
    [[nodiscard]] Answer load(const std::string& path_or_id, const std::string& data_dir,
                              const std::string& name);
    /// Shuts down, destroys, closes.
    [[nodiscard]] Answer unload(const std::string& name);
    [[nodiscard]] Answer use(const std::string& name);
    [[nodiscard]] Answer close();
    [[nodiscard]] Answer list_loaded();
    /// Memory counts only with a limit: what the host and shared libraries take at the first load
    /// stays.
    [[nodiscard]] Answer leak_check(std::optional<std::int64_t> growth_bytes_max);
    /// The folder of an instance that was given none.
    [[nodiscard]] Result<std::string> default_data_dir();
    /// Takes violations of a rule away; false when there is none.
    [[nodiscard]] bool take_violation(std::string_view rule);
    [[nodiscard]] json::Array violations() const;

private:
    struct Loaded {
        std::string name;
        std::unique_ptr<Extension> extension;
    };

    [[nodiscard]] Loaded* find(std::string_view name);
    [[nodiscard]] Answer unload(Loaded& loaded);
    void keep_violations(Extension& extension);
    void take_back(const std::string& name);
    void print(const Answer& answer, std::string_view where, bool failed_for_good);
    /// Reports violations that no command expected; returns whether there are any.
    [[nodiscard]] bool report_violations();

    Host& host_;
    SessionOptions options_;
    std::ostream& out_;
    std::ostream& error_;
    std::stop_token stop_;
    Variables variables_;
    Answer last_;
    std::vector<Loaded> loaded_;
    std::string current_;
    std::vector<Violation> violations_;
    std::optional<Census> before_;  ///< Before the first extension was opened.
    std::string temporary_;
    std::uint64_t data_dirs_ = 0;
};

}  // namespace catalog::host
