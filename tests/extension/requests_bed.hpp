#pragma once
// Requests over a library in memory.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "catalog/abi/extension.h"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "requests/requests.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/library/library_bed.hpp"

namespace catalog::extension::testing {

using io::testing::code_of;
using io::testing::must;

class RequestsBed {
public:
    /// Paths below /data need no capability; `granted` says what the host granted.
    explicit RequestsBed(std::uint64_t granted = std::uint64_t{1} << HMX_CAP_FILESYSTEM_ACCESS)
        : requests_(*library, settings_with(granted)) {}

    /// Calls a method with the text of its parameters.
    Result<json::Object> call(std::string_view name, std::string_view params = "{}",
                              bool dry_run = false) const {
        return call_in(CallContext(), name, params, dry_run);
    }

    Result<json::Object> call_in(const CallContext& context, std::string_view name,
                                 std::string_view params, bool dry_run = false) const {
        const Method* method = Requests::find(name);
        if (method == nullptr) return fail(Requests::unknown_method(name));
        return requests_.call(*method, *must(json::read(params)).as_object(), context, dry_run);
    }

    void publish(std::string_view name, std::string_view version,
                 const std::vector<std::string>& needs = {}) const {
        must(library->publish(library::testing::small_draft(
            name, version, {{"readme.txt", std::string(name) + " " + std::string(version)}},
            needs)));
    }

    void write(const std::string& path, std::string_view text) const {
        must(fs->make_directories(path.substr(0, path.rfind('/'))));
        must(io::write_file_durably(*fs, path, as_bytes(text)));
    }

    std::shared_ptr<io::testing::SimulatedFileSystem> fs = io::testing::SimulatedFileSystem::make();
    std::unique_ptr<library::AssetLibrary> library =
        library::testing::open_library(library::testing::environment_on(fs), "/data/library");

private:
    static RequestSettings settings_with(std::uint64_t granted) {
        RequestSettings settings;
        settings.data_dir = "/data";
        settings.granted = granted;
        return settings;
    }

    Requests requests_;
};

/// Returns canonical text, which prints well when it differs.
inline std::string text_of(const json::Value& value) { return json::write_canonical(value); }

/// Returns the text of one member of an answer, "absent" when it is not there.
inline std::string member(const json::Object& object, std::string_view name) {
    const auto found = object.find(name);
    return found == object.end() ? "absent" : text_of(found->second);
}

/// Returns the member `name` of each element of a list, joined with spaces.
inline std::string each(const json::Object& object, std::string_view list, std::string_view name) {
    std::string text;
    for (const json::Value& element : *object.at(std::string(list)).as_array())
        text += (text.empty() ? "" : " ") + *element.find(name)->as_string();
    return text;
}

}  // namespace catalog::extension::testing
