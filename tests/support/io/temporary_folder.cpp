#include "support/io/temporary_folder.hpp"

#include <stdlib.h>

#include <stdexcept>

#include "catalog/io/file_system.hpp"

namespace catalog::io::testing {

TemporaryFolder::TemporaryFolder() {
    const char* base = ::getenv("TMPDIR");
    path_ = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/catalog-test-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr)
        throw std::runtime_error("cannot make a temporary folder at " + path_);
}

TemporaryFolder::~TemporaryFolder() {
    static_cast<void>(make_posix_file_system()->remove_tree(path_));
}

}  // namespace catalog::io::testing
