#pragma once
// Where the extensions are that CMakeLists.txt builds for these tests.

#include <fstream>
#include <iterator>
#include <string>

namespace catalog::host {

inline std::string fixture_folder(const std::string& name) {
    return std::string(HOST_FIXTURES) + "/" + name;
}

inline std::string fixture_library(const std::string& name) {
    return fixture_folder(name) + "/libfixture.so";
}

inline std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace catalog::host
