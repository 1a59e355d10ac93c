#pragma once
// The real shared object, loaded as a host loads it, and an instance that is easy to make.

#include <string>
#include <string_view>

#include "catalog/abi/extension.h"
#include "support/extension/waiter.hpp"

namespace catalog::extension::testing {

[[nodiscard]] inline hmx_str text(std::string_view value) { return {value.data(), value.size()}; }

/// A folder that goes away with the object.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// dlopen(file, RTLD_NOW | RTLD_LOCAL) and the query; closes at the end.
class LoadedExtension {
public:
    explicit LoadedExtension(const std::string& file);
    ~LoadedExtension();
    LoadedExtension(const LoadedExtension&) = delete;
    LoadedExtension& operator=(const LoadedExtension&) = delete;

    /// Why there is no table; empty when there is one.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
    [[nodiscard]] hmx_query_fn query() const noexcept { return query_; }
    [[nodiscard]] const hmx_extension_api& api() const noexcept { return *api_; }

private:
    void* handle_ = nullptr;
    hmx_query_fn query_ = nullptr;
    const hmx_extension_api* api_ = nullptr;
    std::string problem_;
};

/// A configuration whose texts belong to the caller: every capability granted, no rate limit.
[[nodiscard]] hmx_config make_config(std::string_view data_dir, std::string_view settings = {});

/// An instance over a table. The destructor shuts it down and destroys it.
class TestInstance {
public:
    TestInstance(const hmx_extension_api& api, const hmx_host* host, const hmx_config& config);
    ~TestInstance();
    TestInstance(const TestInstance&) = delete;
    TestInstance& operator=(const TestInstance&) = delete;

    [[nodiscard]] hmx_instance* get() const noexcept { return instance_; }
    [[nodiscard]] hmx_status created() const noexcept { return created_; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    /// Starts and waits; the completion's status.
    hmx_status start();
    /// Shuts down and waits.
    hmx_status shutdown();
    hmx_status destroy();
    [[nodiscard]] hmx_status_report status() const;
    /// Makes a request, releases the answer and returns its text.
    struct Answer {
        hmx_status status = HMX_OK;
        std::string text;
        std::string message;
        uint32_t flags = 0;
        uint64_t retry_after_ns = 0;
    };
    Answer request(std::string_view method, std::string_view params = {},
                   const hmx_call* call = nullptr);

private:
    const hmx_extension_api& api_;
    hmx_instance* instance_ = nullptr;
    hmx_status created_ = HMX_E_UNKNOWN;
    std::string message_;
    Waiter waiter_;
};

}  // namespace catalog::extension::testing
