#include <elf.h>
#include <gtest/gtest.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "catalog/json/read.hpp"
#include "catalog/json/value.hpp"
#include "support/extension/elf_file.hpp"
#include "support/extension/loaded_extension.hpp"

namespace catalog::extension::testing {
namespace {

std::string copy(hmx_str value) {
    return std::string(value.data == nullptr ? "" : value.data, value.size);
}

std::vector<std::string> copy(const hmx_list& list) {
    std::vector<std::string> result;
    for (uint32_t i = 0; i < list.count; ++i) {
        const auto* item = static_cast<const char*>(list.items) + std::size_t{list.stride} * i;
        result.push_back(copy(*reinterpret_cast<const hmx_str*>(item)));
    }
    return result;
}

std::vector<std::string> texts(const toml::node_view<const toml::node>& node) {
    std::vector<std::string> result;
    if (const toml::array* array = node.as_array())
        for (const toml::node& item : *array) result.push_back(item.value_or(std::string()));
    return result;
}

json::Value note_of(const ElfFile& file) {
    for (const ElfNote& note : file.notes) {
        if (note.name != HMX_NOTE_NAME || note.type != HMX_NOTE_TYPE) continue;
        const auto value = json::read(note.descriptor);
        EXPECT_TRUE(value) << note.descriptor;
        return value ? *value : json::Value();
    }
    return {};
}

TEST(SharedObject, ExportsOneSymbol) {
    const ElfFile file = read_elf_file(CATALOG_EXTENSION_FILE);
    ASSERT_EQ(file.problem, "");
    EXPECT_EQ(file.exported, std::vector<std::string>{HMX_ENTRY_SYMBOL});
    EXPECT_EQ(file.unique, std::vector<std::string>{}) << "these would keep it loaded for ever";
}

TEST(SharedObject, IsLinkedForUnloadingAndHardened) {
    const ElfFile file = read_elf_file(CATALOG_EXTENSION_FILE);
    EXPECT_FALSE(file.text_relocations);
    EXPECT_FALSE(file.has_executable_stack);
    EXPECT_TRUE(file.binds_now);
    EXPECT_TRUE(file.has_relro);
    EXPECT_TRUE(std::any_of(file.needed.begin(), file.needed.end(), [](const std::string& name) {
        return name.starts_with("libstdc++.so");
    })) << "a static libstdc++ leaks at each load";
}

TEST(Note, SurvivesStrip) {
    const TemporaryFolder folder;
    const std::string stripped = folder.path() + "/stripped.so";
    const std::string command = "strip -s -o '" + stripped + "' '" CATALOG_EXTENSION_FILE "'";
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no strip on this machine";
    EXPECT_FALSE(note_of(read_elf_file(stripped)).is_null());
    EXPECT_EQ(read_elf_file(stripped).exported, std::vector<std::string>{HMX_ENTRY_SYMBOL});
}

TEST(Identity, NoteManifestAndMetadataSayTheSame) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    ASSERT_EQ(extension.problem(), "");
    const hmx_metadata& metadata = *extension.api().metadata;
    EXPECT_EQ(metadata.struct_size, sizeof(hmx_metadata));

    const json::Value note = note_of(read_elf_file(CATALOG_EXTENSION_FILE));
    ASSERT_NE(note.as_object(), nullptr);
    EXPECT_EQ(*note.find("id")->as_string(), copy(metadata.id));
    EXPECT_EQ(*note.find("version")->as_string(), copy(metadata.version));
    EXPECT_EQ(*note.find("hypermesh")->as_string(), copy(metadata.hypermesh_version));
    EXPECT_EQ(*note.find("abi")->find("major")->as_int(), std::int64_t{extension.api().abi_major});
    EXPECT_EQ(*note.find("abi")->find("minor")->as_int(), std::int64_t{extension.api().abi_minor});
    EXPECT_EQ(note.find("required_services")->as_array()->size(), metadata.required_services.count);

    const toml::table manifest = toml::parse_file(CATALOG_EXTENSION_MANIFEST);
    const auto at = [&](const char* path) { return manifest.at_path(path); };
    EXPECT_EQ(at("metadata.id").value_or(""), copy(metadata.id));
    EXPECT_EQ(at("metadata.name").value_or(""), copy(metadata.name));
    EXPECT_EQ(at("metadata.version").value_or(""), copy(metadata.version));
    EXPECT_EQ(at("metadata.description").value_or(""), copy(metadata.description));
    EXPECT_EQ(at("metadata.author").value_or(""), copy(metadata.author));
    EXPECT_EQ(at("metadata.license").value_or(""), copy(metadata.license));
    EXPECT_EQ(at("metadata.category").value_or(""), copy(metadata.category));
    EXPECT_EQ(at("metadata.hypermesh_version").value_or(""), copy(metadata.hypermesh_version));
    EXPECT_EQ(texts(at("metadata.provided_assets")), copy(metadata.provided_assets));
    EXPECT_EQ(texts(at("services.required")), copy(metadata.required_services));
    EXPECT_EQ(texts(at("services.optional")), copy(metadata.optional_services));
    EXPECT_EQ(at("library.entry_point").value_or(""), std::string(HMX_ENTRY_SYMBOL));
    EXPECT_TRUE(std::string(CATALOG_EXTENSION_FILE)
                    .ends_with("/" + at("library.file").value_or(std::string("?"))));
    EXPECT_EQ(at("abi.major").value_or(-1), static_cast<int>(HMX_ABI_MAJOR));
    EXPECT_EQ(at("abi.minor").value_or(-1), static_cast<int>(HMX_ABI_MINOR));
}

// What `file`, debuggers and the check before loading read in the file is what the host is told.
TEST(Identity, TheBuildIdIsThatOfTheFile) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    ASSERT_EQ(extension.problem(), "");
    std::string expected;
    for (const ElfNote& note : read_elf_file(CATALOG_EXTENSION_FILE).notes)
        if (note.name == "GNU" && note.type == NT_GNU_BUILD_ID)
            for (const char byte : note.descriptor) {
                constexpr const char* kDigits = "0123456789abcdef";
                expected += kDigits[static_cast<unsigned char>(byte) >> 4];
                expected += kDigits[static_cast<unsigned char>(byte) & 15];
            }
    EXPECT_EQ(expected.size(), 40u) << "a SHA-1";
    EXPECT_EQ(copy(extension.api().metadata->build_id), expected);
}

TEST(Identity, CapabilitiesOfTheManifestAreThoseOfTheMetadata) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const toml::table manifest = toml::parse_file(CATALOG_EXTENSION_MANIFEST);
    const char* const names[] = {"AssetManagement",  "ContainerManagement", "VmExecution",
                                 "NetworkAccess",    "FileSystemAccess",    "ConsensusAccess",
                                 "TrustChainAccess", "TransportAccess",     "ProxyAccess",
                                 "MonitoringAccess", "UserDataAccess",      "ConfigurationAccess"};
    const auto bits = [&](const char* path) {
        uint64_t result = 0;
        for (const std::string& name : texts(manifest.at_path(path))) {
            const auto* found = std::find(std::begin(names), std::end(names), name);
            EXPECT_NE(found, std::end(names)) << name;
            result |= uint64_t{1} << (found - std::begin(names));
        }
        return result;
    };
    EXPECT_EQ(bits("metadata.required_capabilities"), extension.api().metadata->required_caps);
    EXPECT_EQ(bits("metadata.optional_capabilities"), extension.api().metadata->optional_caps);
    EXPECT_EQ(extension.api().metadata->required_caps, uint64_t{1} << HMX_CAP_ASSET_MANAGEMENT);
}

TEST(Identity, TheSchemaOfTheSettingsIsJson) {
    const LoadedExtension extension(CATALOG_EXTENSION_FILE);
    const auto schema = json::read(copy(extension.api().metadata->config_schema_json));
    ASSERT_TRUE(schema) << schema.error().to_string();
    EXPECT_NE(schema->find("properties"), nullptr);
}

}  // namespace
}  // namespace catalog::extension::testing
