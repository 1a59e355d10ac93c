#pragma once
// Extension: one shared object on its way from a file to a running instance and back.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "abi_values.hpp"
#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"
#include "completions.hpp"
#include "extension_check.hpp"
#include "host.hpp"
#include "services/service.hpp"

namespace catalog::host {

/// A call's status and what it gave.
struct Outcome {
    CallStatus status;
    json::Value value;
};

/// What was found when an extension was closed.
struct CloseReport {
    bool unmapped = false;       ///< No mapping of its file is left.
    bool may_stay = false;       ///< The extension said that it does not unload.
    std::size_t mappings = 0;    ///< Of its file.
    std::optional<bool> leaks;   ///< Memory was left before it was closed; absent: not looked for.
    std::size_t still_open = 0;  ///< Other loads of the same file in this process.
    [[nodiscard]] json::Object to_json() const;
};

/// Control calls (create to close) are made one at a time by one thread, on threads of their own,
/// so that an extension that does not come back costs a deadline and not the host: it is then
/// abandoned, which means that it stays loaded and nothing of it is called any more. Other calls
/// may be made from any thread.
class Extension {
public:
    /// Checks the files, loads the shared object, asks for its table. Nothing is created.
    /// Errors: kSecurityRejected (a rule of the check is broken; the message begins with its name),
    /// kUnsupported (dlopen failed, the query refused, the table is unusable), those of reading.
    [[nodiscard]] static Result<std::unique_ptr<Extension>> open(Host& host,
                                                                 const ExtensionFiles& files);
    ~Extension();
    Extension(const Extension&) = delete;
    Extension& operator=(const Extension&) = delete;

    [[nodiscard]] CallStatus create(const std::string& data_dir);
    [[nodiscard]] CallStatus start();
    [[nodiscard]] CallStatus pause();
    [[nodiscard]] CallStatus resume();
    [[nodiscard]] CallStatus shutdown();
    [[nodiscard]] CallStatus destroy();
    /// Closes the shared object. HMX_E_INVALID_STATE while there is an instance.
    [[nodiscard]] CallStatus close(CloseReport& report);

    [[nodiscard]] Outcome status();
    [[nodiscard]] Outcome validate();
    /// The value is the envelope.
    [[nodiscard]] Outcome request(std::string_view method, std::string_view params);
    /// Begins a request; the value of an accepted one is its number for wait and cancel.
    [[nodiscard]] Outcome request_async(std::string_view method, std::string_view params,
                                        ProgressReport progress);
    /// Waits for request `number` (0: the latest) and gives its envelope.
    [[nodiscard]] Outcome wait(std::uint64_t number);
    [[nodiscard]] CallStatus cancel(std::uint64_t number);

    /// Makes a late service available from now on; false when there is no such service.
    bool offer(std::string_view service);

    /// Runs a typed call: `body` gets the table and the instance. HMX_E_INVALID_STATE without an
    /// instance, HMX_E_NOT_FOUND when it has no such interface.
    [[nodiscard]] CallStatus with_interface(
        std::string_view id, std::uint32_t version,
        const std::function<CallStatus(const hmx_iface&, hmx_instance*)>& body);

    /// A call for typed functions. Borrows `request_id`.
    [[nodiscard]] hmx_call make_call(std::string_view request_id) const;

    [[nodiscard]] const CheckReport& report() const noexcept { return report_; }
    [[nodiscard]] const std::string& id() const noexcept { return report_.note.id; }
    [[nodiscard]] const std::string& data_dir() const noexcept { return data_dir_; }
    [[nodiscard]] bool has_instance() const noexcept { return instance_ != nullptr; }
    [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }
    [[nodiscard]] Violations& violations() noexcept { return *violations_; }
    [[nodiscard]] Host& host() noexcept { return host_; }
    /// What the extension says of itself, which services it asked for, and its state.
    [[nodiscard]] json::Object info();
    [[nodiscard]] json::Object config() const;

    /// Gives an abandoned extension a place to stay for the rest of the process.
    static void bury(std::unique_ptr<Extension> extension);

private:
    Extension(Host& host, CheckReport report);

    [[nodiscard]] Result<void> load();
    [[nodiscard]] Result<void> query();
    [[nodiscard]] Result<void> check_table();
    void make_services();
    [[nodiscard]] hmx_status get_service(std::string_view id, std::uint32_t min_version,
                                         const hmx_iface** out);
    /// Runs `call` on a thread of its own; false when it did not return in time.
    [[nodiscard]] bool control(const std::function<void()>& call);
    /// Runs a control call that completes later.
    [[nodiscard]] CallStatus control_async(
        const char* name, const std::function<hmx_status(const hmx_completion*, hmx_op*)>& call);
    [[nodiscard]] CallStatus abandon(const std::string& why);
    [[nodiscard]] std::string take_buffer(hmx_buf& buffer);
    [[nodiscard]] Outcome envelope(CallStatus status, const std::string& text,
                                   const std::string& request_id);
    [[nodiscard]] std::string next_request_id();

    Host& host_;
    CheckReport report_;
    /// Outlive the extension's code: its threads may still report.
    std::shared_ptr<Violations> violations_;
    std::unique_ptr<Completions> completions_;
    void* library_ = nullptr;
    const hmx_extension_api* api_ = nullptr;
    hmx_instance* instance_ = nullptr;
    std::unique_ptr<Shaped<hmx_host>> abi_host_;
    std::vector<std::unique_ptr<Service>> services_;
    std::mutex services_mutex_;
    std::set<std::string, std::less<>> offered_;
    std::map<std::string, std::string, std::less<>> asked_;
    std::string data_dir_;
    std::string settings_;
    std::uint64_t granted_ = 0;
    bool abandoned_ = false;
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> in_flight_{0};

    struct Waiting {
        Completions::Place* place = nullptr;
        std::string request_id;
    };
    std::map<std::uint64_t, Waiting> waiting_;
    std::uint64_t last_wait_ = 0;
};

}  // namespace catalog::host
