#pragma once
// What answers requests: one function a method, by theme in *_requests.cpp.

#include <string>

#include "requests/requests.hpp"

namespace catalog::extension {

/// One request under way.
struct RequestCall {
    library::AssetLibrary& library;
    const Method& method;
    const Arguments& arguments;
    const CallContext& context;
    bool dry_run = false;
};

// look_requests.cpp
[[nodiscard]] Result<json::Object> answer_list(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_get(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_search(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_versions(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_deps(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_dependents(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_complete(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_suggest(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_info(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_stats(const RequestCall& call);

// publish_requests.cpp
[[nodiscard]] Result<json::Object> answer_publish(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_import_npm(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_import_metadata(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_change_state(const RequestCall& call);

// resolve_requests.cpp
[[nodiscard]] Result<json::Object> answer_resolve(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_explain(const RequestCall& call);

// install_requests.cpp
[[nodiscard]] Result<json::Object> answer_install(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_uninstall(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_update(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_rollback(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_history(const RequestCall& call);

// care_requests.cpp
[[nodiscard]] Result<json::Object> answer_verify_package(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_verify_prefix(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_verify_library(const RequestCall& call);
[[nodiscard]] Result<json::Object> answer_repair(const RequestCall& call);

// methods.cpp
[[nodiscard]] Result<json::Object> answer_methods(const RequestCall& call);

}  // namespace catalog::extension
