#include "support/io/fault_plan.hpp"

#include <array>

namespace catalog::io::testing {

namespace {

constexpr std::array<std::string_view, 29> kOperationNames = {
    "any",       "open_read",  "open_write",     "open_directory",   "read",
    "map",       "info",       "list",           "read_symlink",     "free_space",
    "lock",      "close",      "create",         "append",           "write_at",
    "truncate",  "allocate",   "set_mode",       "set_modified",     "sync",
    "mkdir",     "rename",     "remove_file",    "remove_directory", "symlink",
    "hard_link", "clone_file", "sync_directory", "sync_file_system"};
static_assert(kOperationNames.size() ==
              static_cast<std::size_t>(FileOperation::kSyncFileSystem) + 1);

}  // namespace

std::string_view operation_name(FileOperation operation) noexcept {
    return kOperationNames[static_cast<std::size_t>(operation)];
}

std::string to_text(const FileCall& call) {
    std::string number = call.number == 0 ? "-" : std::to_string(call.number);
    std::string text(number.size() < 6 ? 6 - number.size() : 0, ' ');
    text.append(number).append(" ").append(operation_name(call.operation));
    text.append(" ").append(call.path);
    if (!call.detail.empty()) text.append(" (").append(call.detail).append(")");
    return text;
}

void FaultPlan::fail_next(FileOperation operation, std::string path_part, Fault fault) {
    rules_.push_back({operation, std::move(path_part), 0, true, fault});
}

void FaultPlan::fail_always(FileOperation operation, std::string path_part, Fault fault) {
    rules_.push_back({operation, std::move(path_part), 0, false, fault});
}

void FaultPlan::fail_nth(std::uint64_t number, Fault fault) {
    rules_.push_back({FileOperation::kAny, std::string(), number, true, fault});
}

std::optional<Fault> FaultPlan::take(FileOperation operation, std::string_view path,
                                     std::uint64_t number) {
    for (auto rule = rules_.begin(); rule != rules_.end(); ++rule) {
        if (rule->operation != FileOperation::kAny && rule->operation != operation) continue;
        if (rule->number != 0 && rule->number != number) continue;
        if (path.find(rule->path_part) == std::string_view::npos) continue;
        if (rule->fault.calls_spared != 0) {
            --rule->fault.calls_spared;
            continue;
        }
        const Fault fault = rule->fault;
        if (rule->once) rules_.erase(rule);
        return fault;
    }
    return std::nullopt;
}

tl::unexpected<Error> fail_file(Errc code, std::string message, FileOperation operation,
                                std::string_view path) {
    return fail(Error(code, std::move(message),
                      StorageDetail{std::string(path), std::string(operation_name(operation)), 0})
                    .with_input(std::string(path)));
}

}  // namespace catalog::io::testing
