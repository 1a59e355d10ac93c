#include "environment.hpp"

#include <cstdlib>

namespace catalog::cli {

std::string environment_value(const char* name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of this program sets variables
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace catalog::cli
