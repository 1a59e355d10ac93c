#include "extension_manifest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace catalog::host {
namespace {

constexpr std::string_view kComplete = R"(manifest_version = 1
[metadata]
id = "a.b"
name = "A"
version = "1.2.3"
hypermesh_version = "^0.1"
aliases = ["b"]
provided_assets = ["package"]
dependencies = [{ extension_id = "c", version_requirement = "^1", optional = true }]
[library]
name = "a"
lib_type = "native"
file = "liba.so"
entry_point = "f"
sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
build_id = "00ff"
[abi]
major = 0
minor = 1
[capabilities]
required = ["AssetManagement"]
optional = ["consensus_access"]
[services]
required = ["x"]
optional = ["y"]
[security]
anything = 1
)";

std::string with(std::string_view from, std::string_view to) {
    std::string text(kComplete);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text) {
    const Result<ExtensionManifest> manifest = read_extension_manifest(text, "extension.toml");
    EXPECT_FALSE(manifest) << text;
    return manifest ? "" : manifest.error().to_string();
}

TEST(ExtensionManifest, GivesEveryMember) {
    const auto manifest = read_extension_manifest(kComplete, "extension.toml");
    ASSERT_TRUE(manifest) << manifest.error().to_string();
    EXPECT_EQ(manifest->id, "a.b");
    EXPECT_EQ(manifest->version, "1.2.3");
    EXPECT_EQ(manifest->file, "liba.so");
    EXPECT_EQ(manifest->entry_point, "f");
    EXPECT_EQ(manifest->sha256, std::string(64, 'a'));
    EXPECT_EQ(manifest->abi_minor, 1u);
    EXPECT_EQ(manifest->required_capabilities, 1u);
    EXPECT_EQ(manifest->optional_capabilities, 1u << 5);
    EXPECT_EQ(manifest->required_services, std::vector<std::string>{"x"});
    EXPECT_EQ(manifest->optional_services, std::vector<std::string>{"y"});
    ASSERT_EQ(manifest->dependencies.size(), 1u);
    EXPECT_TRUE(manifest->dependencies[0].optional);
    EXPECT_TRUE(manifest->warnings.empty()) << manifest->warnings[0];
}

TEST(ExtensionManifest, WarnsOfKeysThatItDoesNotKnow) {
    const auto manifest =
        read_extension_manifest(with("[abi]", "colour = \"red\"\n[abi]\nshape = 1"), "m.toml");
    ASSERT_TRUE(manifest);
    ASSERT_EQ(manifest->warnings.size(), 2u);
    EXPECT_EQ(manifest->warnings[0], "line 17: unknown key library.colour");
    EXPECT_EQ(manifest->warnings[1], "line 19: unknown key abi.shape");
}

TEST(ExtensionManifest, SaysWhatIsMissingAndWhere) {
    EXPECT_NE(refusal("").find("[metadata] is missing"), std::string::npos);
    EXPECT_NE(refusal(with("id = \"a.b\"", "")).find("metadata.id is missing"), std::string::npos);
    EXPECT_NE(refusal(with("file = \"liba.so\"\n", "")).find("library.file"), std::string::npos);
    EXPECT_NE(refusal(with("[abi]\nmajor = 0", "[abi]")).find("abi.major"), std::string::npos);
    EXPECT_NE(refusal(with("version = \"1.2.3\"", "version = \"1.2\"")).find("extension.toml:5:1"),
              std::string::npos);
}

TEST(ExtensionManifest, RefusesWrongForms) {
    EXPECT_NE(refusal(with("\"liba.so\"", "\"../liba.so\"")).find("name of a file"),
              std::string::npos);
    EXPECT_NE(refusal(with("sha256 = \"a", "sha256 = \"A")).find("64 lower-case"),
              std::string::npos);
    EXPECT_NE(refusal(with("\"AssetManagement\"", "\"Everything\"")).find("'Everything'"),
              std::string::npos);
    EXPECT_NE(refusal(with("[\"consensus_access\"]", "[\"asset_management\"]")).find("repeats"),
              std::string::npos);
    EXPECT_NE(refusal(with("lib_type = \"native\"", "lib_type = \"wasm\"")).find("wasm"),
              std::string::npos);
    EXPECT_NE(refusal(with("manifest_version = 1", "manifest_version = 2")).find("newer"),
              std::string::npos);
    EXPECT_NE(refusal(with("major = 0", "major = \"0\"")).find("integer"), std::string::npos);
    EXPECT_NE(refusal("[metadata").find("extension.toml:1"), std::string::npos);
}

}  // namespace
}  // namespace catalog::host
