#pragma once
// Settings: what a host writes into hmx_config.settings_json.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/core/log_sink.hpp"
#include "catalog/core/result.hpp"

namespace catalog::extension {

/// Which publications and installations ask the host's consensus.
enum class ConsensusMode : std::uint8_t {
    kHostOffers,  ///< Declared when the host offers consensus, else none: the default.
    kNone,
    kDeclared,  ///< Those whose package declares requirements.
    kEvery,
};

class Settings {
public:
    Settings() = default;

    std::string library;     ///< Absolute path. Default: `library` in the data folder.
    bool read_only = false;  ///< Open as one of many readers.
    bool create = true;      ///< Make the library when there is none.
    std::chrono::milliseconds lock_wait{10'000};  ///< 0 to 600 000, for another writer.
    std::size_t threads = 0;  ///< 0 to 256, of an own pool; 0: as many as the machine has.
    std::uint64_t memory_bytes = 32u << 20;  ///< 1 MiB to 64 GiB: the database's cache and buffers.
    ConsensusMode consensus = ConsensusMode::kHostOffers;
    LogLevel log_level = LogLevel::kInfo;
};

/// Reads settings. Empty text: the defaults. Unknown members, wrong types and values out of range
/// are refused, so that a misspelt setting is not silently without effect. `data_dir` must be
/// absolute; a relative `library` is below it. Errors: those of json::read, kInvalidArgument,
/// kJsonType.
[[nodiscard]] Result<Settings> read_settings(std::string_view json, std::string_view data_dir);

/// JSON Schema of the settings.
inline constexpr std::string_view kSettingsSchema =
    R"({"$schema":"https://json-schema.org/draft/2020-12/schema",)"
    R"("type":"object","additionalProperties":false,"properties":{)"
    R"("library":{"type":"string","maxLength":4096,"description":"path of the library; relative to the data folder; default: library"},)"
    R"("read_only":{"type":"boolean","default":false,"description":"open as one of many readers"},)"
    R"("create":{"type":"boolean","default":true,"description":"make the library when there is none"},)"
    R"("lock_wait_ms":{"type":"integer","minimum":0,"maximum":600000,"default":10000,"description":"how long to wait for another writer"},)"
    R"("threads":{"type":"integer","minimum":0,"maximum":256,"default":0,"description":"threads of an own pool; 0: as many as the machine has"},)"
    R"("memory_bytes":{"type":"integer","minimum":1048576,"maximum":68719476736,"default":33554432,"description":"cache and buffers of the database"},)"
    R"("consensus":{"enum":["none","declared","every"],"description":"which publications and installations ask the host's consensus; default: declared when the host offers it, else none"},)"
    R"("log_level":{"enum":["trace","debug","info","warn","error"],"default":"info","description":"records below it are dropped"}}})";

}  // namespace catalog::extension
